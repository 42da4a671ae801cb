import { listenTo } from '../../primitives/emitter-listener.js';
import type { Guard } from '../../primitives/guard.js';
import { patchMethod } from '../../primitives/method-patch.js';
import type { OperationScope, OperationWaits, WaitedCall } from '../operation-waits.js';
import { isOwnQuery } from '../own-query.js';
import type { QueryRecorder } from '../queries/query.recorder.js';
import type { SystemRecorder } from '../queries/system.recorder.js';
import { stopAll } from '../stop-all.js';
import { originalClient, type PrismaClient } from './prisma.discovery.js';

/** The event of a statement that has ended. */
interface PrismaQueryEvent {
  readonly query: string;
  /** Duration in milliseconds. */
  readonly duration: number;
}

/** The names of database systems in OpenTelemetry, by the Prisma providers that differ from them. */
const SYSTEMS: ReadonlyMap<string, string> = new Map([
  ['postgres', 'postgresql'],
  ['sqlserver', 'microsoft.sql_server'],
]);

/** The engine that sends statements itself, in the async context of the operation that they are for. */
const ENGINE_IN_CONTEXT = 'ClientEngine';

/** The used part of an operation, as `_createPrismaPromise()` and `_request()` get it. A raw statement has no model. */
interface PrismaOperation {
  readonly action?: unknown;
  readonly model?: unknown;
  /** The place in the application that made it; absent if `errorFormat` is `minimal`. */
  readonly callsite?: { readonly _error?: unknown };
}

/**
 * Records the statements of a client with `log: [{ emit: 'event', level: 'query' }]`, without which it emits no events.
 * The events do not show which statements failed.
 *
 * @returns a function that stops the watch
 */
export function watchPrisma(client: PrismaClient, queries: QueryRecorder): () => void {
  const { _activeProvider: provider = 'other_sql' } = client;
  const { guard, operations } = queries;
  const recorder = queries.forSystem(SYSTEMS.get(provider) ?? provider);
  // An extended client has no $on().
  const original = originalClient(client);
  const restore = operations && watchOperations(original, operations, recorder, guard);
  // Prisma has no method to remove a listener.
  let isActive = true;
  listenTo(
    { on: (_: string, listener: (event: PrismaQueryEvent) => void) => original.$on?.('query', listener) },
    'query',
    guard,
    ({ query, duration }: PrismaQueryEvent) => {
      if (!isActive || isOwnQuery(query)) return;
      recorder.endMeasured(query, duration, tellsStatements(original) ? operations : undefined);
    },
  );
  return () => {
    isActive = false;
    restore?.();
  };
}

/**
 * Records the waits for the operations of a client, and the places that ask for them: the promise of an operation is lazy,
 * and from where it is awaited no stack trace leads back. An operation is counted itself if the client does not report
 * its statements.
 */
function watchOperations(
  client: PrismaClient,
  operations: OperationWaits,
  recorder: SystemRecorder,
  guard: Guard,
): () => void {
  const isBatched = batches();
  return stopAll([
    patchMethod(client, '_createPrismaPromise', guard, ([send, spec, ...rest]) => {
      // A raw statement has no specification that distinguishes it from others.
      if (operations.current === undefined || spec === undefined) return undefined;
      const scope = operations.askFor(recorder.callNamed(nameOf(spec)));
      return scope && { args: [within(scope, send), spec, ...rest] };
    }),
    patchMethod(client, '_request', guard, ([request]) => {
      if (operations.current === undefined) return undefined;
      const call = recorder.callNamed(nameOf(request));
      const isCounted = !tellsStatements(client) && !isBatched(request, call);
      // The client within an interactive transaction makes promises of its own, which no patch sees.
      const made = placeOf(request);
      const scope = made === undefined ? undefined : operations.askFor(call, made);
      const begin = () => operations.begin('database', isCounted ? call : undefined);
      const wait = scope === undefined ? begin() : scope.run(begin);
      return {
        scope,
        fulfilled: () => wait?.end(undefined, false),
        rejected: () => wait?.end(undefined, true),
        threw: () => wait?.end(undefined, true),
      };
    }),
  ]);
}

/**
 * Returns a function that returns true for an operation that Prisma sends together with an equal one: those that find by a
 * unique key and begin before the next tick are one statement.
 */
function batches(): (operation: unknown, call: WaitedCall) => boolean {
  const current = new Set<WaitedCall>();
  return (operation, call) => {
    const { action } = (operation ?? {}) as PrismaOperation;
    if (typeof action !== 'string' || !action.startsWith('findUnique')) return false;
    if (current.has(call)) return true;
    if (current.size === 0) process.nextTick(() => current.clear());
    current.add(call);
    return false;
  };
}

/** Returns a function that runs another one in an async context. */
function within(scope: OperationScope, call: unknown): unknown {
  return typeof call === 'function'
    ? (...args: unknown[]) => scope.run(() => Reflect.apply(call, undefined, args) as unknown)
    : call;
}

function nameOf(operation: unknown): string {
  const { action, model } = (operation ?? {}) as PrismaOperation;
  if (typeof action !== 'string') return 'query';
  return typeof model === 'string' ? `${action} ${model}` : action;
}

/** Returns an error that was created where the application made an operation; undefined if there is none. */
function placeOf(operation: unknown): unknown {
  const { model, callsite } = (operation ?? {}) as PrismaOperation;
  // The one of a raw statement is created when its promise is awaited.
  return model === undefined ? undefined : callsite?._error;
}

/** Returns true if the events of a client are emitted in the async context of the operation that they are for. */
function tellsStatements({ _engine: engine, _engineConfig: config }: PrismaClient): boolean {
  return engine?.name === ENGINE_IN_CONTEXT && config?.logQueries === true;
}
