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
  const connecting = pool.connect();
  const [client, pending] = [internals._clients?.at(-1), internals._pendingQueue?.at(-1)];
  try {
    return await abandonOnAbort(connecting, signal);
  } catch (error) {
    connecting.then((late) => late.release(), ignore);
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
 * Runs work with a client and returns the client to the pool, or destroys it if the work fails. Meanwhile a listener
 * ignores errors of the client, since a lost connection without a listener would end the process.
 */
export async function useOnce<T>(client: PgPoolClient, work: () => Promise<T>): Promise<T> {
  client.on('error', ignore);
  let hasFailed = true;
  try {
    const result = await work();
    hasFailed = false;
    return result;
  } finally {
    // A destroyed client may still emit an error.
    if (!hasFailed) client.off('error', ignore);
    client.release(hasFailed);
  }
}
