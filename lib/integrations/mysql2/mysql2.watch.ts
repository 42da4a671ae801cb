import { listenTo } from '../../primitives/emitter-listener.js';
import type { Guard } from '../../primitives/guard.js';
import { type CallObserver, patchMethod, withObservedCallback } from '../../primitives/method-patch.js';
import type { OperationScope } from '../operation-waits.js';
import { isOwnQuery } from '../own-query.js';
import type { QueryRecorder } from '../queries/query.recorder.js';
import type { SystemRecorder } from '../queries/system.recorder.js';
import { ConnectionWatches } from '../shared-watches.js';
import type { Mysql2Pool } from './mysql2.discovery.js';

const SYSTEM = 'mysql';

/** The placeholder of an identifier, such as the name of a table. */
const NAME_PLACEHOLDER = '??';

/** A statement in flight, as a pool creates it and a connection returns it. */
interface Command {
  readonly sql?: unknown;
  readonly onResult?: unknown;
  readonly emit?: unknown;
}

/** The used part of the statement that the callback of `prepare()` receives. */
interface PreparedStatement {
  readonly query?: unknown;
}

/** The used part of the private state of a pool. */
interface PoolInternals {
  readonly _allConnections: { readonly length: number; get(index: number): object };
}

/** Records the statements of a pool, by patching each of its connections. @returns a function that stops the watch */
export function watchMysql2Pool(pool: Mysql2Pool, queries: QueryRecorder): () => void {
  const { _allConnections: all } = pool as Mysql2Pool & PoolInternals;
  const recorder = queries.forSystem(SYSTEM);
  const connections = new ConnectionWatches((connection) =>
    queries.watches.acquire(connection, () => patchConnection(connection, queries, recorder)),
  );
  const stop = listenTo(pool, 'connection', queries.guard, (connection: object) =>
    connections.add(connection),
  );
  for (let i = 0; i < all.length; i++) connections.add(all.get(i));
  const restores = ['query', 'execute'].map((method) => askByPool(pool, method, queries, recorder));
  return () => {
    stop();
    for (const restore of restores) restore();
    connections.stop();
  };
}

/** Keeps the place that sends a statement by the pool, which a connection sends later. @returns a function that stops it */
function askByPool(
  pool: Mysql2Pool,
  method: string,
  { guard, operations }: QueryRecorder,
  recorder: SystemRecorder,
): () => void {
  if (operations === undefined) return () => undefined;
  return patchMethod(pool, method, guard, (args): CallObserver | undefined => {
    if (operations.current === undefined) return undefined;
    const text = textOf(args[0]);
    const scope = text === undefined || isOwnQuery(text) ? undefined : recorder.askFor(text);
    return scope && { scope };
  });
}

/** Records the statements of one connection. @returns a function that stops the watch */
export function watchMysql2Connection(connection: object, queries: QueryRecorder): () => void {
  return queries.watches.acquire(connection, () =>
    patchConnection(connection, queries, queries.forSystem(SYSTEM)),
  );
}

function patchConnection(connection: object, queries: QueryRecorder, recorder: SystemRecorder): () => void {
  const { guard, operations } = queries;
  const statements = new ConnectionWatches((statement) => patchPrepared(statement, queries, recorder));
  const restores = [
    ...['query', 'execute'].map((method) =>
      patchMethod(connection, method, guard, (args) => {
        const text = textOf(args[0]);
        if (text === undefined || isOwnQuery(text)) return undefined;
        return observeCommand(args, [1, 2], text, queries, recorder);
      }),
    ),
    patchMethod(connection, 'prepare', guard, (args) => {
      const text = textOf(args[0]);
      if (text === undefined) return undefined;
      const started = recorder.begin(text);
      const prepared = ([error, statement]: readonly unknown[]): void => {
        if (error) recorder.end(text, started, error);
        else if (typeof statement === 'object' && statement !== null) statements.add(statement);
      };
      return { args: withObservedCallback(args, 1, guard, prepared, operations?.capture()) };
    }),
  ];
  return () => {
    for (const restore of restores) restore();
    statements.stop();
  };
}

/** Records the executions of a prepared statement. A connection returns the same one for the same text. */
function patchPrepared(
  statement: PreparedStatement,
  queries: QueryRecorder,
  recorder: SystemRecorder,
): () => void {
  return patchMethod(statement, 'execute', queries.guard, (args) =>
    typeof statement.query === 'string'
      ? observeCommand(args, [0, 1], statement.query, queries, recorder)
      : undefined,
  );
}

/**
 * Observes a statement by its callback, at one of these positions, which would be called in the context of whoever opened
 * the connection, or else by its `emit()`. A listener for `error`
 * instead would hide the error of a statement that has no other listener.
 */
function observeCommand(
  args: readonly unknown[],
  positions: readonly number[],
  text: string,
  { guard, operations }: QueryRecorder,
  recorder: SystemRecorder,
): CallObserver {
  const started = recorder.begin(text);
  const scope = operations?.capture();
  let command: unknown = args[0];
  let hasEnded = false;
  const end = (error?: unknown): void => {
    if (hasEnded) return;
    hasEnded = true;
    const isFormatted = text.includes(NAME_PLACEHOLDER);
    recorder.end((isFormatted ? textOf(command) : undefined) ?? text, started, error ?? undefined);
  };
  const called = ([error]: readonly unknown[]): void => end(error);
  const threw = (error: unknown): void => end(error ?? new Error('unknown'));

  const position = positions.find((each) => typeof args[each] === 'function');
  if (position !== undefined) {
    const returned = (result: unknown): void => void (command = result);
    const observed = withObservedCallback(args, position, guard, called, scope);
    return { args: observed, returned, threw };
  }
  if (isCommand(command)) {
    observeEvents(command, guard, end, scope);
    return { threw };
  }
  const returned = (result: unknown): void => {
    command = result;
    if (isCommand(result)) observeEvents(result, guard, end, scope);
  };
  return { returned, threw };
}

/** Observes a command by its callback if it has one, which is called in the given context, or else by its events. */
function observeEvents(
  command: Command,
  guard: Guard,
  end: (error?: unknown) => void,
  scope: OperationScope | undefined,
): void {
  const restores: (() => void)[] = [];
  const ended = (error?: unknown): void => {
    for (const restore of restores.splice(0)) restore();
    end(error);
  };
  if (typeof command.onResult === 'function') {
    restores.push(
      patchMethod(command, 'onResult', guard, ([error]) => {
        ended(error);
        return scope && { scope };
      }),
    );
    return;
  }
  restores.push(
    patchMethod(command, 'emit', guard, ([event, error]) => {
      if (event === 'error') ended(error ?? new Error('unknown'));
      else if (event === 'end') ended();
      return undefined;
    }),
  );
}

function isCommand(value: unknown): value is Command {
  return typeof value === 'object' && value !== null && 'emit' in value && 'onResult' in value;
}

function textOf(statement: unknown): string | undefined {
  if (typeof statement === 'string') return statement;
  const { sql } = (statement ?? {}) as { readonly sql?: unknown };
  return typeof sql === 'string' ? sql : undefined;
}
