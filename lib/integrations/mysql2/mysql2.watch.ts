import { patchMethod } from '../method-patch.js';
import { isOwnQuery } from '../own-query.js';
import type { QueryRecorder, SystemRecorder } from '../queries/query-recorder.js';
import type { Mysql2Pool } from './mysql2.discovery.js';

/** A statement under way. */
interface Command {
  readonly sql?: unknown;
  onResult?: (error: unknown, ...values: unknown[]) => void;
}

interface PoolInside {
  readonly _allConnections: { readonly length: number; get(index: number): object };
  on(event: 'connection', listener: (connection: object) => void): unknown;
  off(event: 'connection', listener: (connection: object) => void): unknown;
}

/** Counts the statements that go through a pool, by patching each connection in it. @returns how to end that */
export function watchMysql2Pool(pool: Mysql2Pool, queries: QueryRecorder): () => void {
  const inside = pool as unknown as PoolInside;
  const recorder = queries.forSystem('mysql');
  const endings = new Map<WeakRef<object>, () => void>();
  const watch = (connection: object): void => {
    for (const reference of endings.keys()) if (reference.deref() === undefined) endings.delete(reference);
    const restore = ['query', 'execute'].map((method) => patchStatement(connection, method, recorder));
    endings.set(new WeakRef(connection), () => restore.forEach((each) => each()));
  };
  for (let i = 0; i < inside._allConnections.length; i++) watch(inside._allConnections.get(i));
  inside.on('connection', watch);
  return () => {
    inside.off('connection', watch);
    for (const end of endings.values()) end();
  };
}

function patchStatement(connection: object, method: string, recorder: SystemRecorder): () => void {
  return patchMethod(
    connection,
    method,
    (original) =>
      function (this: unknown, ...args) {
        const startedAt = recorder.now();
        const command = original.apply(this, args) as Command;
        const { sql, onResult } = command;
        if (typeof onResult !== 'function' || typeof sql !== 'string' || isOwnQuery(sql)) return command;
        command.onResult = function (this: unknown, error, ...values) {
          recorder.end(sql, startedAt, error ?? undefined);
          onResult.call(this, error, ...values);
        };
        return command;
      },
  );
}
