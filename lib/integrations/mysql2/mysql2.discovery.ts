import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { ownQuery } from '../own-query.js';
import { hasMethods } from '../structure.js';
import { dataSourceName, hasDriver, typeOrmPools } from '../typeorm/typeorm.discovery.js';
import { untilAborted } from '../until-aborted.js';

/** A queue of `mysql2`, of which only the length is read. */
interface Queue {
  readonly length: number;
}

type Callback = (error: unknown, rows?: unknown) => void;

/** What is used of a `Pool` of `mysql2`, the one with callbacks that is also within that with promises. */
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

/** The pools of the application, also those behind Drizzle and TypeORM. */
export function findMysql2Pools(objects: ApplicationObjects): Found<Mysql2Pool>[] {
  return objects.find({
    is: isMysql2Pool,
    within: heldPools,
    nameOf: (_, place) => dataSourceName(place),
    identityOf: ({ _allConnections }) => _allConnections,
  });
}

/** Returns the connections that the application uses without a pool, also within those with promises. */
export function findMysql2Connections(objects: ApplicationObjects): Found<object>[] {
  return objects.find({ is: isConnection, within: heldConnections, identityOf: commandsOf });
}

/** Rejects if the database does not answer. A connection that does not answer is not used again. */
export async function pingMysql2(pool: Mysql2Pool, signal: AbortSignal): Promise<void> {
  await untilAborted(sendPing(pool, signal), signal);
}

function sendPing(pool: Mysql2Pool, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => {
      if (error) {
        reject(error);
        return;
      }
      if (signal.aborted) {
        connection.release();
        resolve();
        return;
      }
      const abandon = (): void => {
        connection.destroy();
        resolve();
      };
      signal.addEventListener('abort', abandon, { once: true });
      connection.query(ownQuery('SELECT 1'), (failure) => {
        if (signal.aborted) return;
        signal.removeEventListener('abort', abandon);
        connection.release();
        if (failure) reject(failure);
        else resolve();
      });
    });
  });
}

/** Sends a statement of monitoring itself, and gives back the rows. */
export function queryMysql2(pool: Mysql2Pool, sql: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    pool.query(ownQuery(sql), (error, rows) => {
      if (error) reject(error);
      else resolve(rows);
    });
  });
}

export function isMysql2Pool(candidate: object): candidate is Mysql2Pool {
  return (
    hasMethods(candidate, 'getConnection', 'query', 'execute', 'end') &&
    ['_allConnections', '_freeConnections', '_connectionQueue', 'config'].every((name) => name in candidate)
  );
}

function isConnection(candidate: object): candidate is object {
  return hasMethods(candidate, 'query', 'execute', 'prepare', 'addCommand') && '_commands' in candidate;
}

/** A connection is what holds its queue of commands. */
function commandsOf(connection: object): unknown {
  return (connection as { readonly _commands?: unknown })._commands;
}

/** A connection with promises has one with callbacks within; Drizzle has either in `$client`. */
function heldConnections(candidate: object): unknown[] {
  const client = '$client' in candidate ? candidate.$client : candidate;
  if (typeof client !== 'object' || client === null) return [];
  return 'connection' in client ? [client.connection] : [client];
}

/** A pool with promises has one with callbacks within; Drizzle has either in `$client`, TypeORM in the driver. */
function heldPools(candidate: object): unknown[] {
  if (hasMethods(candidate, 'getConnection') && 'pool' in candidate) return [candidate.pool];
  if ('$client' in candidate) return withInner(candidate.$client);
  return hasDriver(candidate) ? typeOrmPools(candidate).flatMap(withInner) : [];
}

function withInner(pool: unknown): unknown[] {
  return typeof pool === 'object' && pool !== null && 'pool' in pool ? [pool.pool] : [pool];
}
