import type { ApplicationObjects } from '../application-objects.integration.js';
import type { ObjectMatch, ObjectQuery } from '../object-search.js';
import { hasMethods } from '../object-shape.js';
import { dataSourceName, hasDriver, typeOrmPools } from '../typeorm/typeorm.discovery.js';

/** The used part of a queue of `mysql2`. */
interface Queue {
  readonly length: number;
}

type Callback = (error: unknown, rows?: unknown) => void;

/** The used part of a `Pool` of `mysql2` with callbacks. A pool with promises has one inside. */
export interface Mysql2Pool {
  readonly _allConnections: Queue;
  readonly _freeConnections: Queue;
  readonly _connectionQueue: Queue;
  readonly config: { readonly connectionLimit?: number };
  query(sql: string, callback: Callback): unknown;
  getConnection(callback: (error: unknown, connection: Mysql2Connection) => void): unknown;
}

interface Mysql2Connection {
  query(sql: string, callback: Callback): unknown;
  release(): void;
  destroy(): void;
}

/** The query of {@link findMysql2Pools}. */
export const MYSQL2_POOLS: ObjectQuery<Mysql2Pool> = {
  marks: ['getConnection', 'driver', '$client'],
  is: isMysql2Pool,
  within: poolsWithin,
  nameOf: (_, location) => dataSourceName(location),
  identityOf: ({ _allConnections }) => _allConnections,
};

/** Returns the pools of the application, including those behind Drizzle and TypeORM. */
export function findMysql2Pools(objects: ApplicationObjects): ObjectMatch<Mysql2Pool>[] {
  return objects.find(MYSQL2_POOLS);
}

/** The query of {@link findMysql2Connections}. */
export const MYSQL2_CONNECTIONS: ObjectQuery<object> = {
  marks: ['prepare', '$client'],
  is: isConnection,
  within: connectionsWithin,
  identityOf: commandsOf,
};

/** Returns the connections that the application uses without a pool. */
export function findMysql2Connections(objects: ApplicationObjects): ObjectMatch<object>[] {
  return objects.find(MYSQL2_CONNECTIONS);
}

/** Returns true for a pool with callbacks. */
export function isMysql2Pool(candidate: object): candidate is Mysql2Pool {
  return (
    hasMethods(candidate, 'getConnection', 'query', 'execute', 'end') &&
    ['_allConnections', '_freeConnections', '_connectionQueue', 'config'].every((name) => name in candidate)
  );
}

function isConnection(candidate: object): candidate is object {
  return hasMethods(candidate, 'query', 'execute', 'prepare', 'addCommand') && '_commands' in candidate;
}

/** Returns the command queue of a connection, which identifies it. */
function commandsOf(connection: object): unknown {
  return (connection as { readonly _commands?: unknown })._commands;
}

/** Returns the connection with callbacks inside one with promises, or inside Drizzle, which has either in `$client`. */
function connectionsWithin(candidate: object): unknown[] {
  const client = '$client' in candidate ? candidate.$client : candidate;
  if (typeof client !== 'object' || client === null) return [];
  return 'connection' in client ? [client.connection] : [client];
}

/** Returns the pools with callbacks inside one with promises, or inside Drizzle or TypeORM, which have either. */
function poolsWithin(candidate: object): unknown[] {
  if (hasMethods(candidate, 'getConnection') && 'pool' in candidate) return [candidate.pool];
  if ('$client' in candidate) return withInner(candidate.$client);
  return hasDriver(candidate) ? typeOrmPools(candidate).flatMap(withInner) : [];
}

function withInner(pool: unknown): unknown[] {
  return typeof pool === 'object' && pool !== null && 'pool' in pool ? [pool.pool] : [pool];
}
