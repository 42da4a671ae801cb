import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { ownQuery } from '../own-query.js';
import { hasMethods } from '../structure.js';
import { untilAborted } from '../until-aborted.js';

/** What is used of the function that `knex()` gives back. */
export interface Knex {
  raw(sql: string): KnexStatement;
  readonly client: {
    acquireConnection(): Promise<KnexConnection>;
    releaseConnection(connection: KnexConnection): Promise<void>;
    /** Such as `pg`, `mysql2` or `better-sqlite3`. */
    readonly config: { readonly client?: unknown };
    /** The package of the database, which is the application's own. */
    readonly driver?: unknown;
    readonly pool?: {
      readonly max: number;
      numUsed(): number;
      numFree(): number;
      numPendingAcquires(): number;
    };
  };
}

/** A statement that is sent when it is waited for. */
interface KnexStatement extends PromiseLike<unknown> {
  /** Sends it by this connection instead of one of the pool. */
  connection(connection: KnexConnection): PromiseLike<unknown>;
}

interface KnexConnection {
  /** Why the pool must not use it again. */
  __knex__disposed?: unknown;
  /** Only of `mysql2`; ends it without a word to the server. */
  destroy?(): void;
}

/** Returns the instances of the application, each once: one with parameters of a user shares the pool of another. */
export function findKnex(objects: ApplicationObjects): Found<Knex>[] {
  return objects.find({ is: isKnex, identityOf: ({ client }) => client.pool ?? client });
}

/** Whether the database answers; rejects if not. A connection that does not answer is not used again. */
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
    await answerOf(statement, signal);
  } catch (error) {
    if (signal.aborted) {
      connection.__knex__disposed = error;
      // Knex itself says goodbye to a server, and waits until that is heard.
      connection.destroy?.();
    }
    throw error;
  } finally {
    await client.releaseConnection(connection);
  }
}

/** Nothing goes on when the signal is aborted, since the connection ends: its client may never tell of that. */
function answerOf(statement: PromiseLike<unknown>, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    Promise.resolve(statement)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}

function isKnex(candidate: object): candidate is Knex {
  return (
    typeof candidate === 'function' &&
    hasMethods(candidate, 'raw', 'transaction', 'queryBuilder') &&
    'client' in candidate
  );
}
