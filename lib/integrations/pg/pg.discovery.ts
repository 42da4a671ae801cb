import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { ownQuery } from '../own-query.js';
import { hasMethods } from '../structure.js';
import { dataSourceName, hasDriver, typeOrmPools } from '../typeorm/typeorm.discovery.js';
import { untilAborted } from '../until-aborted.js';

/** What is used of a `Client` of `pg`. */
export interface PgClient {
  query(sql: string): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
}

export interface PgPoolClient extends PgClient {
  release(destroy?: boolean): void;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  off(event: 'error', listener: (error: unknown) => void): unknown;
}

/** What is used of a `Pool` of `pg`. */
export interface PgPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly options: { readonly max?: number };
  /** The class whose instances are in the pool. */
  readonly Client: { readonly prototype: object };
  connect(): Promise<PgPoolClient>;
}

/** The pools of the application, also those behind Drizzle and TypeORM. */
export function findPgPools(objects: ApplicationObjects): Found<PgPool>[] {
  return objects.find({
    is: isPgPool,
    within: heldPools,
    nameOf: (_, place) => dataSourceName(place),
    identityOf: ({ options }) => options,
  });
}

/** The clients that the application uses without a pool, also behind Drizzle. */
export function findPgClients(objects: ApplicationObjects): Found<PgClient>[] {
  return objects.find({
    is: isClient,
    within: drizzleClient,
    identityOf: ({ connection }) => connection,
  });
}

/** Whether the database answers; rejects if not. A connection that does not answer is not used again. */
export async function pingPgPool(pool: PgPool, signal: AbortSignal): Promise<void> {
  const client = await connectPgPool(pool, signal);
  await useOnce(client, () => pingPgClient(client, signal));
}

/** What is used of the inside of a pool: the clients that it has made, and who waits for one. */
interface PoolInside {
  readonly _clients?: readonly ClientInside[];
  readonly _pendingQueue?: Waiting[];
}

interface ClientInside {
  readonly connection?: { readonly stream?: { destroy(): unknown } };
}

interface Waiting {
  readonly callback: (error: Error) => void;
}

/**
 * Takes a client of a pool. When the signal is aborted before, nothing in the pool is kept waiting for it: a server that
 * has fallen silent may never answer, and each client that is being connected is one less for the application.
 */
export async function connectPgPool(pool: PgPool, signal: AbortSignal): Promise<PgPoolClient> {
  const inside = pool as PoolInside;
  const [clientBefore, waitingBefore] = [inside._clients?.at(-1), inside._pendingQueue?.at(-1)];
  const connecting = pool.connect();
  const [client, waiting] = [inside._clients?.at(-1), inside._pendingQueue?.at(-1)];
  try {
    return await untilAborted(connecting, signal);
  } catch (error) {
    connecting.then((late) => late.release(), ignore);
    if (signal.aborted) {
      if (client !== clientBefore) client?.connection?.stream?.destroy();
      if (waiting !== waitingBefore) giveUp(waiting, inside._pendingQueue);
    }
    throw error;
  }
}

function giveUp(waiting: Waiting | undefined, queue: Waiting[] = []): void {
  const at = waiting === undefined ? -1 : queue.indexOf(waiting);
  if (at < 0) return;
  queue.splice(at, 1);
  waiting?.callback(new Error('given up'));
}

function ignore(): void {}

/**
 * Does some work with a client and gives it back, or destroys it if the work fails. A connection that is lost while
 * nobody listens to the client would end the process.
 */
export async function useOnce<T>(client: PgPoolClient, work: () => Promise<T>): Promise<T> {
  client.on('error', ignore);
  let failed = true;
  try {
    const result = await work();
    failed = false;
    return result;
  } finally {
    // A destroyed client may still tell of its end.
    if (!failed) client.off('error', ignore);
    client.release(failed);
  }
}

/** Whether the database answers on this connection; rejects if not. */
export async function pingPgClient(client: PgClient, signal: AbortSignal): Promise<void> {
  await untilAborted(client.query(ownQuery('SELECT 1')), signal);
}

export function isPgPool(candidate: object): candidate is PgPool {
  return (
    hasMethods(candidate, 'connect', 'query', 'end', 'Client') &&
    'waitingCount' in candidate &&
    'idleCount' in candidate &&
    'options' in candidate
  );
}

function isClient(candidate: object): candidate is PgClient & { readonly connection: unknown } {
  return hasMethods(candidate, 'connect', 'query', 'end', 'escapeIdentifier') && 'connection' in candidate;
}

function drizzleClient(candidate: object): unknown[] {
  return '$client' in candidate ? [candidate.$client] : [];
}

/** Drizzle has its pool in `$client`; TypeORM in the driver. */
function heldPools(candidate: object): unknown[] {
  return hasDriver(candidate) ? typeOrmPools(candidate) : drizzleClient(candidate);
}
