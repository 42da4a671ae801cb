import { ownQuery } from '../own-query.js';
import { untilAborted } from '../until-aborted.js';
import type { Knex } from './knex.discovery.js';

/** Rejects if the database does not answer. A connection that does not answer is destroyed. */
export async function pingKnex(knex: Knex, signal: AbortSignal): Promise<void> {
  const { client } = knex;
  const acquiring = client.acquireConnection();
  const connection = await untilAborted(acquiring, signal).catch((error: unknown) => {
    acquiring.then(
      (late) => client.releaseConnection(late),
      () => undefined,
    );
    throw error;
  });
  const dual = client.config.client === 'oracledb' ? ' FROM DUAL' : '';
  const statement = knex.raw(ownQuery(`SELECT 1${dual}`)).connection(connection);
  try {
    await resultOf(statement, signal);
  } catch (error) {
    if (signal.aborted) {
      connection.__knex__disposed = error;
      // Knex alone would send a goodbye to the server and wait until it is answered.
      connection.destroy?.();
    }
    throw error;
  } finally {
    await client.releaseConnection(connection);
  }
}

/**
 * Returns the result of a statement, or rejects when the signal is aborted. Unlike `untilAborted()`, it does not count the
 * statement as abandoned work, since the client of a destroyed connection may never settle it.
 */
function resultOf(statement: PromiseLike<unknown>, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    Promise.resolve(statement)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
