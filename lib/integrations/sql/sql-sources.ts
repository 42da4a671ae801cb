import type { ApplicationObjects } from '../application-objects.integration.js';
import { findKnex, type Knex } from '../knex/knex.discovery.js';
import { findMysql2Pools, queryMysql2 } from '../mysql2/mysql2.discovery.js';
import { ownQuery } from '../own-query.js';
import { connectPgPool, findPgPools, type PgPool, useOnce } from '../pg/pg.discovery.js';
import {
  findTypeOrmDataSources,
  typeOrmPools,
  type TypeOrmDataSource,
} from '../typeorm/typeorm.discovery.js';
import { typeOrmSystem } from '../typeorm/typeorm.watch.js';
import { untilAborted } from '../until-aborted.js';

export type SqlRow = Readonly<Record<string, unknown>>;

/** Where statistics of a database can be asked for, in a way that the application has already. */
export interface SqlSource {
  readonly name: string;
  /** Such as `postgresql`, `mysql`, `mariadb` or `sqlite`. */
  readonly system: string;
  query(sql: string, signal: AbortSignal): Promise<readonly SqlRow[]>;
}

/** Each database that the application reaches, once for each way that it does so. */
export function findSqlSources(objects: ApplicationObjects): SqlSource[] {
  const dataSources = findTypeOrmDataSources(objects);
  const ofTypeOrm = new Set<unknown>(dataSources.flatMap(({ instance }) => typeOrmPools(instance)));
  return [
    ...dataSources.map(({ name, instance }) => ({
      name,
      system: typeOrmSystem(instance),
      query: (sql: string) => queryTypeOrm(instance, sql),
    })),
    ...findPgPools(objects)
      .filter(({ instance }) => !ofTypeOrm.has(instance))
      .map(({ name, instance }) => ({
        name,
        system: 'postgresql',
        query: (sql: string, signal: AbortSignal) => queryPgPool(instance, sql, signal),
      })),
    ...findMysql2Pools(objects)
      .filter(({ instance }) => !ofTypeOrm.has(instance))
      .map(({ name, instance }) => ({
        name,
        system: 'mysql',
        query: async (sql: string) => (await queryMysql2(instance, sql)) as SqlRow[],
      })),
    ...findKnex(objects).flatMap(({ name, instance }) => {
      const system = knexSystem(instance);
      return system === undefined ? [] : [{ name, system, query: (sql: string) => queryKnex(instance, sql) }];
    }),
  ];
}

async function queryTypeOrm(dataSource: TypeOrmDataSource, sql: string): Promise<SqlRow[]> {
  if (!dataSource.isInitialized) throw new Error('the data source is not initialized');
  const runner = dataSource.createQueryRunner();
  try {
    return (await runner.query(ownQuery(sql))) as SqlRow[];
  } finally {
    await runner.release();
  }
}

/** A connection that has not answered in time is not used again. */
async function queryPgPool(pool: PgPool, sql: string, signal: AbortSignal): Promise<readonly SqlRow[]> {
  const client = await connectPgPool(pool, signal);
  return useOnce(client, async () => (await untilAborted(client.query(ownQuery(sql)), signal)).rows);
}

function knexSystem({ client }: Knex): string | undefined {
  const { client: dialect } = client.config;
  if (dialect === 'pg') return 'postgresql';
  return dialect === 'mysql2' ? 'mysql' : undefined;
}

async function queryKnex(knex: Knex, sql: string): Promise<readonly SqlRow[]> {
  const answer = (await knex.raw(ownQuery(sql))) as { rows?: SqlRow[] } | [SqlRow[]];
  return Array.isArray(answer) ? answer[0] : (answer.rows ?? []);
}
