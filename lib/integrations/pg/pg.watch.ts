import { listenTo } from '../../primitives/emitter-listener.js';
import type { Guard } from '../../primitives/guard.js';
import {
  type CallObserver,
  observeCallback,
  patchMethod,
  withObservedCallback,
} from '../../primitives/method-patch.js';
import { isOwnQuery } from '../own-query.js';
import { commandTagsOf } from '../queries/command-tags.js';
import type { QueryRecorder } from '../queries/query.recorder.js';
import type { SystemRecorder } from '../queries/system.recorder.js';
import { ConnectionWatches } from '../shared-watches.js';
import type { PgPool } from './pg.discovery.js';
import type { PgClientInternals, PgPoolInternals } from './pg.internals.js';

const SYSTEM = 'postgresql';

/** The used part of the first argument of `query()`: a configuration, or a query object with a protocol of its own. */
interface QueryConfig {
  readonly text?: unknown;
  readonly name?: unknown;
  readonly callback?: unknown;
  /** Sends a query object, such as a `Query` or a `Cursor`. */
  readonly submit?: unknown;
  /** The cursor of a `QueryStream`. */
  readonly cursor?: { readonly text?: unknown } | null;
  /** The result of a `Query`. */
  readonly _results?: unknown;
}

/** A callback for the end of a statement, with its result or error. Only the first call counts. */
type End = (outcome: { readonly result?: unknown } | { readonly error: unknown }) => void;

/**
 * Records the statements of a pool, by patching each of its clients. Their class is not patched, because other
 * applications of the process may use it.
 *
 * @returns a function that stops the watch
 */
export function watchPgPool(pool: PgPool, queries: QueryRecorder): () => void {
  const recorder = queries.forSystem(SYSTEM);
  const clients = new ConnectionWatches((client) =>
    queries.watches.acquire(client, () => patchQuery(client, queries, recorder)),
  );
  const stop = listenTo(pool, 'connect', queries.guard, (client: object) => clients.add(client));
  for (const client of (pool as PgPoolInternals)._clients ?? []) clients.add(client);
  const restore = askByPool(pool, queries, recorder);
  return () => {
    stop();
    restore();
    clients.stop();
  };
}

/** Keeps the place that sends a statement by the pool, which a client sends later. @returns a function that stops it */
function askByPool(pool: PgPool, { guard, operations }: QueryRecorder, recorder: SystemRecorder): () => void {
  if (operations === undefined) return () => undefined;
  return patchMethod(pool, 'query', guard, (args): CallObserver | undefined => {
    if (operations.current === undefined) return undefined;
    const text = textOf(configOf(args[0]));
    const scope = text === undefined || isOwnQuery(text) ? undefined : recorder.askFor(text);
    return scope && { scope, ...(scope.answered && { fulfilled: scope.answered, rejected: scope.answered }) };
  });
}

/** Records the statements of one client. @returns a function that stops the watch */
export function watchPgClient(client: object, queries: QueryRecorder): () => void {
  return queries.watches.acquire(client, () => patchQuery(client, queries, queries.forSystem(SYSTEM)));
}

function patchQuery(client: object, queries: QueryRecorder, recorder: SystemRecorder): () => void {
  const { guard } = queries;
  return patchMethod(client, 'query', guard, (args): CallObserver | undefined => {
    const config = configOf(args[0]);
    const given = textOf(config);
    // Neither an own statement, nor an argument that pg rejects.
    if (given === undefined ? typeof config.name !== 'string' && !isSubmittable(config) : isOwnQuery(given)) {
      return undefined;
    }
    const text = given ?? preparedText(client, config.name);
    const started = recorder.begin(text);
    let hasEnded = false;
    const end: End = (outcome) => {
      if (hasEnded) return;
      hasEnded = true;
      const sql = text ?? preparedText(client, config.name) ?? '';
      if ('error' in outcome) recorder.end(sql, started, outcome.error ?? new Error('unknown'));
      else recorder.end(sql, started, undefined, commandTagsOf(outcome.result));
    };
    return isSubmittable(config)
      ? observeSubmittable(config, guard, end)
      : observeQuery(args, config, queries, end);
  });
}

/**
 * Observes a statement by its callback, as an argument or in the configuration, or else by its promise. A callback would be
 * called in the context of whoever opened the connection.
 */
function observeQuery(
  args: readonly unknown[],
  config: QueryConfig,
  { guard, operations }: QueryRecorder,
  end: End,
): CallObserver {
  const called = ([error, result]: readonly unknown[]): void => end(error ? { error } : { result });
  const threw = (error: unknown): void => end({ error });
  const position = [2, 1].find((each) => typeof args[each] === 'function');
  if (position !== undefined) {
    return { args: withObservedCallback(args, position, guard, called, operations?.capture()), threw };
  }
  if (typeof config.callback === 'function') {
    const callback = observeCallback(config.callback, guard, called, operations?.capture());
    return { args: [withCallback(config, callback), ...args.slice(1)], threw };
  }
  return { threw, fulfilled: (result) => end({ result }), rejected: (error) => end({ error }) };
}

/** Returns a copy of a configuration with another callback, copied like `pg` does. */
function withCallback(config: QueryConfig, callback: unknown): object {
  return Object.create(Object.getPrototypeOf(config) as object | null, {
    ...Object.getOwnPropertyDescriptors(config),
    callback: { value: callback, writable: true, enumerable: true, configurable: true },
  }) as object;
}

/** Observes a query object by its methods for an error and for the ready connection. Both may be called. */
function observeSubmittable(query: QueryConfig, guard: Guard, end: End): CallObserver {
  const restores = [
    patchMethod(query, 'handleError', guard, ([error]) => {
      ended({ error });
      return undefined;
    }),
    patchMethod(query, 'handleReadyForQuery', guard, () => {
      ended({ result: query._results });
      return undefined;
    }),
  ];
  function ended(outcome: Parameters<End>[0]): void {
    for (const restore of restores.splice(0)) restore();
    end(outcome);
  }
  return { threw: (error) => ended({ error }) };
}

function configOf(config: unknown): QueryConfig {
  if (typeof config === 'string') return { text: config };
  return typeof config === 'object' && config !== null ? config : {};
}

function textOf({ text, cursor }: QueryConfig): string | undefined {
  const found = text ?? cursor?.text;
  return typeof found === 'string' ? found : undefined;
}

function isSubmittable({ submit }: QueryConfig): boolean {
  return typeof submit === 'function';
}

/** Returns the text of a prepared statement that is executed by its name only; undefined if it is not prepared yet. */
function preparedText(client: PgClientInternals, name: unknown): string | undefined {
  const text = typeof name === 'string' ? client.connection?.parsedStatements?.[name] : undefined;
  return typeof text === 'string' ? text : undefined;
}
