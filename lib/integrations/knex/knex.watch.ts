import { patchMethod } from '../../primitives/method-patch.js';
import { watchMysql2Connection } from '../mysql2/mysql2.watch.js';
import { watchPgClient } from '../pg/pg.watch.js';
import type { QueryRecorder } from '../queries/query.recorder.js';
import { ConnectionWatches } from '../shared-watches.js';
import { hasMethods } from '../object-shape.js';
import type { Knex } from './knex.discovery.js';

/**
 * Records the statements that Knex sends by `pg` or `mysql2`, on the connections of its pool.
 *
 * @returns a function that stops the watch
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
    connections.stop();
  };
}

/** Returns the connections that the pool has already. */
function existing(pool: unknown): object[] {
  const { free = [], used = [] } = (pool ?? {}) as Record<
    string,
    readonly { resource?: object }[] | undefined
  >;
  return [...free, ...used].flatMap(({ resource }) => (resource === undefined ? [] : [resource]));
}
