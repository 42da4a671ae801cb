import { patchMethod } from '../method-patch.js';
import type { PgClient } from '../pg/pg.discovery.js';
import { watchPgClient } from '../pg/pg.watch.js';
import type { QueryRecorder } from '../queries/query-recorder.js';
import { hasMethods } from '../structure.js';
import type { Knex } from './knex.discovery.js';

/** Counts the statements that Knex sends by `pg`, on the connections that it makes. @returns how to end that */
export function watchKnex({ client }: Knex, queries: QueryRecorder): () => void {
  const endings = new Map<WeakRef<object>, () => void>();
  const watch = (connection: object): void => {
    for (const reference of endings.keys()) if (reference.deref() === undefined) endings.delete(reference);
    if (!hasMethods(connection, 'query', 'escapeIdentifier')) return;
    endings.set(new WeakRef(connection), watchPgClient(connection as PgClient, queries));
  };
  for (const connection of existing(client.pool)) watch(connection);
  const restore = patchMethod(
    client,
    'acquireRawConnection',
    (original) =>
      async function (this: unknown, ...args) {
        const connection = (await original.apply(this, args)) as object;
        watch(connection);
        return connection;
      },
  );
  return () => {
    restore();
    for (const end of endings.values()) end();
  };
}

/** The connections that are in the pool already. */
function existing(pool: unknown): object[] {
  const { free = [], used = [] } = (pool ?? {}) as Record<
    string,
    readonly { resource?: object }[] | undefined
  >;
  return [...free, ...used].flatMap(({ resource }) => (resource === undefined ? [] : [resource]));
}
