import { abandonOnAbort } from '../abandoned-work.js';
import type { PgPool, PgPoolClient } from './pg.discovery.js';
import type { PgPendingItem, PgPoolInternals } from './pg.internals.js';

/**
 * Takes a client from a pool. If the signal is aborted first, a connection that was being opened for it is destroyed and
 * its place in the queue is freed: a silent server may never answer, and either would cost the application a client.
 */
export async function connectPgPool(pool: PgPool, signal: AbortSignal): Promise<PgPoolClient> {
  const internals = pool as PgPoolInternals;
  const [clientBefore, pendingBefore] = [internals._clients?.at(-1), internals._pendingQueue?.at(-1)];
  const connecting = listeningClient(pool);
  const [client, pending] = [internals._clients?.at(-1), internals._pendingQueue?.at(-1)];
  try {
    return await abandonOnAbort(connecting, signal);
  } catch (error) {
    connecting.then((late) => giveBack(late, false), ignore);
    if (signal.aborted) {
      if (client !== clientBefore) client?.connection?.stream?.destroy();
      if (pending !== pendingBefore) cancel(pending, internals._pendingQueue);
    }
    throw error;
  }
}

function cancel(pending: PgPendingItem | undefined, queue: PgPendingItem[] = []): void {
  const at = pending === undefined ? -1 : queue.indexOf(pending);
  if (at < 0) return;
  queue.splice(at, 1);
  pending?.callback(new Error('the wait for a connection was cancelled'));
}

function ignore(): void {}

/**
 * Takes a client from a pool and ignores its errors from the same moment on, since a lost connection without a listener
 * would end the process. A connection may be lost before a promise that is already fulfilled is gone on with.
 */
function listeningClient(pool: PgPool): Promise<PgPoolClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) {
        reject(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      client.on('error', ignore);
      resolve(client);
    });
  });
}

/** Runs work with a client of {@link connectPgPool} and returns the client to the pool, or destroys it if the work fails. */
export async function useOnce<T>(client: PgPoolClient, work: () => Promise<T>): Promise<T> {
  let hasFailed = true;
  try {
    const result = await work();
    hasFailed = false;
    return result;
  } finally {
    giveBack(client, hasFailed);
  }
}

function giveBack(client: PgPoolClient, hasFailed: boolean): void {
  // A destroyed client may still emit an error.
  if (!hasFailed) client.off('error', ignore);
  client.release(hasFailed);
}
