import type { ApplicationObjects } from '../application-objects.integration.js';
import type { ObjectMatch, ObjectQuery } from '../object-search.js';
import { hasMethods } from '../object-shape.js';

/** The used part of the function that `knex()` returns. */
export interface Knex {
  raw(sql: string): KnexStatement;
  readonly client: {
    acquireConnection(): Promise<KnexConnection>;
    releaseConnection(connection: KnexConnection): Promise<void>;
    /** Such as `pg`, `mysql2` or `better-sqlite3`. */
    readonly config: { readonly client?: unknown };
    /** The driver package of the database. */
    readonly driver?: unknown;
    readonly pool?: {
      readonly max: number;
      numUsed(): number;
      numFree(): number;
      numPendingAcquires(): number;
    };
  };
}

/** A statement, which is sent when it is awaited. */
interface KnexStatement extends PromiseLike<unknown> {
  /** Sends the statement through this connection instead of one of the pool. */
  connection(connection: KnexConnection): PromiseLike<unknown>;
}

interface KnexConnection {
  /** The reason why the pool must not use the connection again. */
  __knex__disposed?: unknown;
  /** Closes the connection without a message to the server. Only with `mysql2`. */
  destroy?(): void;
}

/** The query of {@link findKnex}. */
export const KNEX_INSTANCES: ObjectQuery<Knex> = {
  marks: ['queryBuilder'],
  is: isKnex,
  identityOf: ({ client }) => client.pool ?? client,
};

/** Returns the instances of the application. Instances that share a pool, such as by `withUserParams()`, count once. */
export function findKnex(objects: ApplicationObjects): ObjectMatch<Knex>[] {
  return objects.find(KNEX_INSTANCES);
}

function isKnex(candidate: object): candidate is Knex {
  return (
    typeof candidate === 'function' &&
    hasMethods(candidate, 'raw', 'transaction', 'queryBuilder') &&
    'client' in candidate
  );
}
