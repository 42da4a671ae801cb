import { patchMethod } from '../method-patch.js';
import { isOwnQuery } from '../own-query.js';
import type { QueryRecorder, SystemRecorder } from '../queries/query-recorder.js';
import type { PgClient, PgPool } from './pg.discovery.js';

const SYSTEM = 'postgresql';

type Callback = (error: unknown, result?: unknown) => void;

/** What `pg` takes for a statement that brings its own protocol, such as a cursor. */
interface Submittable {
  readonly text?: unknown;
  submit: unknown;
  handleError(error: unknown, connection: unknown): unknown;
  handleReadyForQuery(connection: unknown): unknown;
}

/** Where a pool keeps the clients that it has already. */
interface PoolInside extends PgPool {
  readonly _clients?: readonly PgClient[];
  on(event: 'connect', listener: (client: PgClient) => void): unknown;
  off(event: 'connect', listener: (client: PgClient) => void): unknown;
}

/**
 * Counts the statements that go through a pool, by patching each client in it and not their class, which other
 * applications of the process may use too. @returns how to end that
 */
export function watchPgPool(pool: PgPool, queries: QueryRecorder): () => void {
  const inside = pool as PoolInside;
  const recorder = queries.forSystem(SYSTEM);
  const endings = new Map<WeakRef<PgClient>, () => void>();
  const watch = (client: PgClient): void => {
    for (const reference of endings.keys()) if (reference.deref() === undefined) endings.delete(reference);
    endings.set(new WeakRef(client), patchQuery(client, recorder));
  };
  for (const client of inside._clients ?? []) watch(client);
  inside.on('connect', watch);
  return () => {
    inside.off('connect', watch);
    for (const end of endings.values()) end();
  };
}

/** Counts the statements of one client. @returns how to end that */
export function watchPgClient(client: PgClient, queries: QueryRecorder): () => void {
  return patchQuery(client, queries.forSystem(SYSTEM));
}

function patchQuery(client: PgClient, recorder: SystemRecorder): () => void {
  return patchMethod(
    client,
    'query',
    (original) =>
      function (this: unknown, ...args) {
        const [config, values, callback] = args as unknown[];
        const sql = textOf(config);
        if (sql === undefined || isOwnQuery(sql)) return original.apply(this, args);
        const startedAt = recorder.now();
        const end = (error?: unknown): void => recorder.end(sql, startedAt, error ?? undefined);
        if (isSubmittable(config)) {
          watchSubmittable(config, end);
          return original.apply(this, args);
        }
        if (typeof values === 'function') {
          return original.call(this, ...([config, ended(values as Callback, end)] as never[]));
        }
        if (typeof callback === 'function') {
          return original.call(this, ...([config, values, ended(callback as Callback, end)] as never[]));
        }
        const result = original.apply(this, args);
        return isPromise(result) ? settled(result, end) : result;
      },
  );
}

function textOf(config: unknown): string | undefined {
  if (typeof config === 'string') return config;
  if (typeof config !== 'object' || config === null || !('text' in config)) return undefined;
  return typeof config.text === 'string' ? config.text : undefined;
}

function isSubmittable(config: unknown): config is Submittable {
  return typeof config === 'object' && config !== null && 'submit' in config;
}

/** It is told either of an error or that the connection is ready for the next; some are told of both. */
function watchSubmittable(query: Submittable, end: (error?: unknown) => void): void {
  const restores: (() => void)[] = [];
  const once = (failure?: unknown): void => {
    for (const restore of restores.splice(0)) restore();
    end(failure);
  };
  for (const [method, fails] of Object.entries({ handleError: true, handleReadyForQuery: false })) {
    const restore = patchMethod(
      query,
      method,
      (original) =>
        function (this: unknown, ...args) {
          once(fails ? (args[0] ?? new Error('unknown')) : undefined);
          return original.apply(this, args);
        },
    );
    restores.push(restore);
  }
}

function ended(callback: Callback, end: (error?: unknown) => void): Callback {
  return function (this: unknown, error, result) {
    end(error);
    callback.call(this, error, result);
  };
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function settled(result: Promise<unknown>, end: (error?: unknown) => void): Promise<unknown> {
  return result.then(
    (value) => {
      end();
      return value;
    },
    (error: unknown) => {
      end(error ?? new Error('unknown'));
      throw error;
    },
  );
}
