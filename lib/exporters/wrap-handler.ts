import { resultWithin } from '../primitives/deadline.js';
import { ExportersLifecycle } from './exporters.lifecycle.js';

/** The part of an application, or an application context, that is used. */
export interface MonitoredApplication {
  /** Returns a provider, wherever it is. */
  get(token: never, options: { readonly strict: false }): unknown;
}

/** Options of a flush. */
export interface FlushMetricsOptions {
  /** Longest wait for the exporters, in milliseconds; a push that takes longer goes on. @default 1000 */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 1_000;

/**
 * Pushes with every exporter of the application what has happened since its last push, and resolves when the remotes have
 * accepted it, or after `timeoutMs`. Never rejects on account of an exporter: what could not be sent is part of the next
 * push.
 *
 * @throws {Error} if the application does not import `MonitoringModule`
 */
export async function flushMetrics(
  app: MonitoredApplication,
  options: FlushMetricsOptions = {},
): Promise<void> {
  await flushWithin(exportersOf(app), options);
}

/**
 * Returns a handler of AWS Lambda that pushes the metrics at the end of each invocation, before the environment may be
 * suspended: when the promise of the handler has settled, or when it calls its callback. The outcome stays the same.
 *
 * @throws {Error} if the application does not import `MonitoringModule`
 */
export function wrapHandler<A extends unknown[], R>(
  app: MonitoredApplication,
  handler: (...args: A) => R,
  options: FlushMetricsOptions = {},
): (...args: A) => R {
  const exporters = exportersOf(app);
  return (...args) => {
    let flushing: Promise<void> | undefined;
    // A handler may do both, return a promise and call its callback.
    const flush = (): Promise<void> => (flushing ??= flushWithin(exporters, options));
    let result: unknown;
    try {
      result = handler(...withFlushingCallback(args, flush));
    } catch (error) {
      result = Promise.reject(error);
    }
    if (isThenable(result)) return flushedAfter(result, flush) as R;
    if (typeof args[CALLBACK] !== 'function') void flush();
    return result as R;
  };
}

/** Index of the callback among the arguments of a handler: after the event and the context. */
const CALLBACK = 2;

function withFlushingCallback<A extends unknown[]>(args: A, flush: () => Promise<void>): A {
  const callback = args[CALLBACK];
  if (typeof callback !== 'function') return args;
  const flushAndCall = async (...outcome: unknown[]): Promise<void> => {
    await flush();
    callback(...outcome);
  };
  const flushing = (...outcome: unknown[]): void => void flushAndCall(...outcome);
  return args.toSpliced(CALLBACK, 1, flushing) as A;
}

async function flushedAfter(result: PromiseLike<unknown>, flush: () => Promise<void>): Promise<unknown> {
  try {
    return await result;
  } finally {
    await flush();
  }
}

async function flushWithin(
  exporters: ExportersLifecycle,
  { timeoutMs = TIMEOUT_MS }: FlushMetricsOptions,
): Promise<void> {
  await resultWithin(exporters.flush(), timeoutMs).catch(() => undefined);
}

function exportersOf(app: MonitoredApplication): ExportersLifecycle {
  try {
    return app.get(ExportersLifecycle as never, { strict: false }) as ExportersLifecycle;
  } catch (cause) {
    throw new Error(
      'The metrics of the application cannot be flushed, since it does not import MonitoringModule. Add `MonitoringModule.forRoot()` to the imports of its root module.',
      { cause },
    );
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
