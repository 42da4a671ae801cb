import type { ApplicationObjects } from '../application-objects.integration.js';
import type { ObjectMatch, ObjectQuery } from '../object-search.js';
import { hasMethods } from '../object-shape.js';
import {
  dataSourceName,
  hasDriver,
  type TypeOrmDataSource,
  typeOrmPools,
} from '../typeorm/typeorm.discovery.js';

/** The used part of a `Client` of `pg`. */
export interface PgClient {
  query(sql: string): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
}

/** The used part of a client that was taken from a pool. */
export interface PgPoolClient extends PgClient {
  release(destroy?: boolean): void;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  off(event: 'error', listener: (error: unknown) => void): unknown;
}

/** The used part of a `Pool` of `pg`. */
export interface PgPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly options: { readonly max?: number };
  /** The class of the clients in the pool. */
  readonly Client: { readonly prototype: object };
  connect(connected: (error: unknown, client: PgPoolClient | undefined) => void): void;
}

/** The query of {@link findPgPools}. */
export const PG_POOLS: ObjectQuery<PgPool> = {
  marks: ['waitingCount', 'driver', '$client'],
  is: isPgPool,
  within: poolsWithin,
  nameOf: (_, location) => dataSourceName(location),
  identityOf: ({ options }) => options,
};

/** Returns the pools of the application, including those behind Drizzle and TypeORM. */
export function findPgPools(objects: ApplicationObjects): ObjectMatch<PgPool>[] {
  return objects.find(PG_POOLS);
}

/** The query of {@link findPgClients}. */
export const PG_CLIENTS: ObjectQuery<PgClient & { readonly connection: unknown }> = {
  marks: ['escapeIdentifier', '$client'],
  is: isClient,
  within: drizzleClient,
  identityOf: ({ connection }) => connection,
};

/** Returns the clients that the application uses without a pool, including those behind Drizzle. */
export function findPgClients(objects: ApplicationObjects): ObjectMatch<PgClient>[] {
  return objects.find(PG_CLIENTS);
}

/** Returns true for a pool. */
export function isPgPool(candidate: object): candidate is PgPool {
  return (
    hasMethods(candidate, 'connect', 'query', 'end', 'Client') &&
    'waitingCount' in candidate &&
    'idleCount' in candidate &&
    'options' in candidate
  );
}

/**
 * Returns the pool for writes of a data source on `pg`. What asks by itself takes a connection from it and not from a
 * query runner, which listens to the errors of its connection one promise too late: a connection that is lost before
 * would end the process.
 */
export function pgPoolOf(dataSource: TypeOrmDataSource): PgPool | undefined {
  const [writes] = typeOrmPools(dataSource);
  return typeof writes === 'object' && writes !== null && isPgPool(writes) ? writes : undefined;
}

function isClient(candidate: object): candidate is PgClient & { readonly connection: unknown } {
  return hasMethods(candidate, 'connect', 'query', 'end', 'escapeIdentifier') && 'connection' in candidate;
}

function drizzleClient(candidate: object): unknown[] {
  return '$client' in candidate ? [candidate.$client] : [];
}

/** Returns the pools inside a data source of TypeORM or an instance of Drizzle. */
function poolsWithin(candidate: object): unknown[] {
  return hasDriver(candidate) ? typeOrmPools(candidate) : drizzleClient(candidate);
}
