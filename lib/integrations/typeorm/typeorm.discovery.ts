import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { ownQuery } from '../own-query.js';
import { hasMethods } from '../structure.js';
import { untilAborted } from '../until-aborted.js';

/** What is used of a `DataSource` of TypeORM 0.3 or 1. */
export interface TypeOrmDataSource {
  readonly name?: string;
  readonly isInitialized: boolean;
  readonly options: { readonly type: string; readonly database?: unknown };
  readonly driver: object;
  readonly subscribers: unknown[];
  readonly entityMetadatas: readonly { readonly name: string; readonly tableName: string }[];
  createQueryRunner(): TypeOrmQueryRunner;
}

export interface TypeOrmQueryRunner {
  query(sql: string): Promise<unknown>;
  release(): Promise<void>;
  /** With MongoDB. */
  readonly databaseConnection?: { db(name?: unknown): { command(command: object): Promise<unknown> } };
}

/** The data sources of the application, each under the name that it was given for `@InjectDataSource()`. */
export function findTypeOrmDataSources(objects: ApplicationObjects): Found<TypeOrmDataSource>[] {
  return objects.find({ is: isDataSource, nameOf: ({ name }, place) => name ?? dataSourceName(place) });
}

/** Whether the database answers; rejects if not. */
export async function pingTypeOrm(dataSource: TypeOrmDataSource, signal: AbortSignal): Promise<void> {
  if (!dataSource.isInitialized) throw new Error('the data source is not initialized');
  const runner = dataSource.createQueryRunner();
  await untilAborted(
    sendPing(runner, dataSource.options).finally(() => runner.release()),
    signal,
  );
}

function isDataSource(candidate: object): candidate is TypeOrmDataSource {
  return (
    hasMethods(candidate, 'createQueryRunner', 'initialize', 'destroy', 'getMetadata') &&
    'driver' in candidate &&
    'subscribers' in candidate &&
    Array.isArray(candidate.subscribers)
  );
}

/** `@nestjs/typeorm` provides the default one by its class, and others by their name and `DataSource`. */
export function dataSourceName(place: string): string {
  if (place === 'DataSource') return 'default';
  return place.endsWith('DataSource') ? place.slice(0, -'DataSource'.length) : place;
}

async function sendPing(runner: TypeOrmQueryRunner, options: TypeOrmDataSource['options']): Promise<void> {
  const { type, database } = options;
  if (type === 'mongodb') await runner.databaseConnection?.db(database).command({ ping: 1 });
  else if (type === 'oracle') await runner.query(ownQuery('SELECT 1 FROM DUAL'));
  else if (type === 'sap') await runner.query(ownQuery('SELECT 1 FROM DUMMY'));
  else await runner.query(ownQuery('SELECT 1'));
}

/** The pools of `pg` or `mysql2` that a data source has: one for writing, and one for each replica. */
export function typeOrmPools({ driver }: Pick<TypeOrmDataSource, 'driver'>): unknown[] {
  const { master, slaves, pool } = driver as { master?: unknown; slaves?: unknown; pool?: unknown };
  return [master, pool, ...(Array.isArray(slaves) ? (slaves as unknown[]) : [])];
}

export function hasDriver(candidate: object): candidate is { readonly driver: object } {
  return 'driver' in candidate && typeof candidate.driver === 'object' && candidate.driver !== null;
}
