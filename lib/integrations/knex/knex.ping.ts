import { unlessAborted } from '../../primitives/deadline.js';
import { abandonOnAbort } from '../abandoned-work.js';
import { ownQuery } from '../own-query.js';
import type { Knex } from './knex.discovery.js';

/** Rejects if the database does not answer. A connection that does not answer is destroyed. */
export async function pingKnex(knex: Knex, signal: AbortSignal): Promise<void> {
  const { client } = knex;
  const acquiring = client.acquireConnection();
  const connection = await abandonOnAbort(acquiring, signal).catch((error: unknown) => {
    acquiring.then(
      (late) => client.releaseConnection(late),
      () => undefined,
    );
    throw error;
  });
  const dual = client.config.client === 'oracledb' ? ' FROM DUAL' : '';
  const statement = knex.raw(ownQuery(`SELECT 1${dual}`)).connection(connection);
  try {
    // Not as abandoned work, since the client of a destroyed connection may never settle the statement.
    await unlessAborted(statement, signal);
  } catch (error) {
    if (signal.aborted) {
      connection.__knex__disposed = error;
      // Knex alone would ask the server to end the connection, and wait for its answer.
      connection.destroy?.();
    }
    throw error;
  } finally {
    await client.releaseConnection(connection);
  }
}
