import type { ApplicationObjects } from '../application-objects.integration.js';
import { findKnex, type Knex } from '../knex/knex.discovery.js';
import { findMysql2Pools, type Mysql2Pool } from '../mysql2/mysql2.discovery.js';
import { ownQuery } from '../own-query.js';
import { findPgPools, type PgPool, pgPoolOf } from '../pg/pg.discovery.js';
import { connectPgPool, useOnce } from '../pg/pg.pool-client.js';
import {
  findTypeOrmDataSources,
  type TypeOrmDataSource,
  typeOrmPools,
  typeOrmSystem,
} from '../typeorm/typeorm.discovery.js';
import { abandonOnAbort } from '../abandoned-work.js';

/** A row of a result, by column. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** A database whose statistics are queried through a client of the application. */
export interface SqlSource {
  readonly name: string;
  /** Name of the database system in OpenTelemetry, such as `postgresql`, `mysql` or `sqlite`. */
  readonly system: string;
  query(sql: string, signal: AbortSignal): Promise<readonly SqlRow[]>;
}

/** Returns one source for each SQL client of the application. */
export function findSqlSources(objects: ApplicationObjects): SqlSource[] {
  const dataSources = findTypeOrmDataSources(objects);
  const typeOrmOwned = new Set<unknown>(dataSources.flatMap(({ instance }) => typeOrmPools(instance)));
  return [
    ...dataSources.map(({ name, instance }) => ({
      name,
      system: typeOrmSystem(instance),
      query: (sql: string, signal: AbortSignal) => queryTypeOrm(instance, sql, signal),
    })),
    ...findPgPools(objects)
      .filter(({ instance }) => !typeOrmOwned.has(instance))
      .map(({ name, instance }) => ({
        name,
        system: 'postgresql',
        query: (sql: string, signal: AbortSignal) => queryPgPool(instance, sql, signal),
      })),
    ...findMysql2Pools(objects)
      .filter(({ instance }) => !typeOrmOwned.has(instance))
      .map(({ name, instance }) => ({
        name,
        system: 'mysql',
        query: (sql: string) => queryMysql2(instance, sql),
      })),
    ...findKnex(objects).flatMap(({ name, instance }) => {
      const system = knexSystem(instance);
      return system === undefined ? [] : [{ name, system, query: (sql: string) => queryKnex(instance, sql) }];
    }),
  ];
}

async function queryTypeOrm(
  dataSource: TypeOrmDataSource,
  sql: string,
  signal: AbortSignal,
): Promise<readonly SqlRow[]> {
  if (!dataSource.isInitialized) throw new Error('the data source is not initialized');
  const pool = pgPoolOf(dataSource);
  if (pool !== undefined) return queryPgPool(pool, sql, signal);
  const runner = dataSource.createQueryRunner();
  try {
    return (await runner.query(ownQuery(sql))) as SqlRow[];
  } finally {
    await runner.release();
  }
}

/** Queries through a client of the pool. A client that does not answer in time is destroyed. */
async function queryPgPool(pool: PgPool, sql: string, signal: AbortSignal): Promise<readonly SqlRow[]> {
  const client = await connectPgPool(pool, signal);
  return useOnce(client, async () => (await abandonOnAbort(client.query(ownQuery(sql)), signal)).rows);
}

function queryMysql2(pool: Mysql2Pool, sql: string): Promise<readonly SqlRow[]> {
  return new Promise((resolve, reject) => {
    pool.query(ownQuery(sql), (error, rows) => {
      if (error) reject(error);
      else resolve(rows as readonly SqlRow[]);
    });
  });
}

function knexSystem({ client }: Knex): string | undefined {
  const { client: dialect } = client.config;
  if (dialect === 'pg') return 'postgresql';
  return dialect === 'mysql2' ? 'mysql' : undefined;
}

async function queryKnex(knex: Knex, sql: string): Promise<readonly SqlRow[]> {
  const result = (await knex.raw(ownQuery(sql))) as { rows?: SqlRow[] } | [SqlRow[]];
  return Array.isArray(result) ? result[0] : (result.rows ?? []);
}
