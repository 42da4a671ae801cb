import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { ownQuery } from '../own-query.js';
import { hasMethods } from '../structure.js';
import { untilAborted } from '../until-aborted.js';

/** What is used of the function that `knex()` gives back. */
export interface Knex {
  raw(sql: string): Promise<unknown>;
  readonly client: {
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

/** Returns the instances of the application, each once: one with parameters of a user shares the pool of another. */
export function findKnex(objects: ApplicationObjects): Found<Knex>[] {
  return objects.find({ is: isKnex, identityOf: ({ client }) => client.pool ?? client });
}

/** Whether the database answers; rejects if not. */
export async function pingKnex(knex: Knex, signal: AbortSignal): Promise<void> {
  const dual = knex.client.config.client === 'oracledb' ? ' FROM DUAL' : '';
  // Knex only sends a statement when it is waited for.
  await untilAborted(Promise.resolve(knex.raw(ownQuery(`SELECT 1${dual}`))), signal);
}

function isKnex(candidate: object): candidate is Knex {
  return (
    typeof candidate === 'function' &&
    hasMethods(candidate, 'raw', 'transaction', 'queryBuilder') &&
    'client' in candidate
  );
}
