import { patchMethod } from '../../primitives/method-patch.js';
import { watchMysql2Connection } from '../mysql2/mysql2.watch.js';
import { watchPgClient } from '../pg/pg.watch.js';
import type { QueryRecorder } from '../queries/query-recorder.js';
import { ConnectionWatches } from '../shared-watches.js';
import { hasMethods } from '../structure.js';
import type { Knex } from './knex.discovery.js';

/**
 * Counts the statements that Knex sends by `pg` or `mysql2`, on the connections that it makes.
 *
 * @returns a function that ends it
 */
export function watchKnex({ client }: Knex, queries: QueryRecorder): () => void {
  const connections = new ConnectionWatches((connection) => {
    if (hasMethods(connection, 'query', 'escapeIdentifier')) return watchPgClient(connection, queries);
    if (hasMethods(connection, 'query', 'execute')) return watchMysql2Connection(connection, queries);
    return () => undefined;
  });
  for (const connection of existing(client.pool)) connections.add(connection);
  const restore = patchMethod(client, 'acquireRawConnection', queries.guard, () => ({
    fulfilled: (connection) => connections.add(connection as object),
  }));
  return () => {
    restore();
    connections.end();
  };
}

/** Returns the connections that are in the pool already. */
function existing(pool: unknown): object[] {
  const { free = [], used = [] } = (pool ?? {}) as Record<
    string,
    readonly { resource?: object }[] | undefined
  >;
  return [...free, ...used].flatMap(({ resource }) => (resource === undefined ? [] : [resource]));
}
