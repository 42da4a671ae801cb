import { expectOption } from '../options/option-checks.js';
import { duration, type OptionTable, readOptions } from '../options/option-table.js';
import { resultWithin } from '../primitives/deadline.js';
import { ExportersLifecycle } from './exporters.lifecycle.js';
import { isThenable } from '../primitives/guard.js';

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

const FLUSH: OptionTable<FlushMetricsOptions> = { timeoutMs: duration(1_000) };

/**
 * Pushes with every exporter of the application what has happened since its last push, and resolves when the remotes have
 * accepted it, or after `timeoutMs`. Never rejects on account of an exporter: what could not be sent is part of the next
 * push.
 *
 * @throws {Error} if the application does not import `MonitoringModule`
 * @throws {MonitoringOptionsError} if an option is invalid
 */
export async function flushMetrics(
  app: MonitoredApplication,
  options: FlushMetricsOptions = {},
): Promise<void> {
  const { timeoutMs } = readOptions('the options of flushMetrics', options, FLUSH);
  await flushWithin(exportersOf(app), timeoutMs);
}

/**
 * Returns a handler of AWS Lambda that pushes the metrics at the end of each invocation, before the environment may be
 * suspended: when the promise of the handler has settled, or when it calls its callback. The outcome stays the same.
 *
 * @throws {Error} if the application does not import `MonitoringModule`
 * @throws {MonitoringOptionsError} if the handler is no function, or an option is invalid
 */
export function wrapHandler<A extends unknown[], R>(
  app: MonitoredApplication,
  handler: (...args: A) => R,
  options: FlushMetricsOptions = {},
): (...args: A) => R {
  expectOption('the handler of wrapHandler()', handler, 'a function', typeof handler === 'function');
  const { timeoutMs } = readOptions('the options of wrapHandler', options, FLUSH);
  const exporters = exportersOf(app);
  return (...args) => {
    let flushing: Promise<void> | undefined;
    // A handler may do both, return a promise and call its callback.
    const flush = (): Promise<void> => (flushing ??= flushWithin(exporters, timeoutMs));
    let result: unknown;
    try {
      result = handler(...withFlushingCallback(args, flush));
    } catch (error) {
      result = Promise.reject(error);
    }
    if (isThenable(result)) return flushedAfter(result, flush) as R;
    // The runtime passes a callback to every handler, and few take it. One that does may call it much later.
    if (typeof args[CALLBACK] !== 'function' || handler.length <= CALLBACK)
      void flushWithin(exporters, timeoutMs);
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

async function flushWithin(exporters: ExportersLifecycle, timeoutMs: number): Promise<void> {
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
