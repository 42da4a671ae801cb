import type { CallScope } from './method-patch.js';
import { errorMonitor } from 'node:events';
import { listenTo } from './emitter-listener.js';
import { type Guard, isThenable } from './guard.js';
import { type AnyIterator, followIterator } from './follow-iterator.js';
import { followObservable, isObservable, type ObservableLike } from './follow-observable.js';
import type { CallOutcome } from './call-outcome.js';
import { followThenable, type SettlementObserver } from './follow-thenable.js';

/** A measurement of calls. An error that it throws does not affect a call. */
export interface Measurement {
  /** Guard for the errors of the measurement. */
  readonly guard: Guard;
  /** Async context in which an Observable runs. @default that of its subscriber */
  readonly scope?: CallScope | undefined;
  /** Starts one measurement. Its result is passed to {@link end}. */
  start(): number;
  /**
   * Ends one measurement. Called once for each start.
   *
   * @param detail the error, or for a success the value, or the last value of a stream
   */
  end(startedAt: number, outcome: CallOutcome, detail: unknown): void;
}

/**
 * Tracks the completion of the result of a call, and returns the result to pass on in its place.
 *
 * - For a promise, a derived promise; any other thenable itself: see {@link followThenable}.
 * - For an Observable, one that measures each subscription; unsubscribing cancels. A Subject counts as a value, since
 *   it can be written to.
 * - For a generator or an async iterator, one that is measured from the first `next()`; stopping early cancels. Both
 *   have the class of the original.
 * - A Node.js stream that is still readable itself; destroying it before its end cancels.
 * - Any other or frozen value counts as completed.
 *
 * @param swallows true to complete with no value instead of passing an error on
 */
export function trackCompletion(
  result: unknown,
  measurement: Measurement,
  startedAt: number,
  swallows = false,
): unknown {
  if ((typeof result === 'object' && result !== null) || typeof result === 'function') {
    const tracked = trackPending(result, measurement, startedAt, swallows);
    if (tracked !== undefined) return tracked;
  }
  end(measurement, startedAt, 'success', result);
  return result;
}

/** Calls a function and tracks its completion. */
export function trackCall(
  work: (this: unknown, ...args: unknown[]) => unknown,
  receiver: unknown,
  args: readonly unknown[],
  measurement: Measurement,
  swallows = false,
): unknown {
  const startedAt = beginCall(measurement);
  let result: unknown;
  try {
    result = Reflect.apply(work, receiver, args);
  } catch (error) {
    return failCall(error, measurement, startedAt, swallows);
  }
  return trackCompletion(result, measurement, startedAt, swallows);
}

/** Starts the measurement of a call. @returns NaN if that throws */
export function beginCall(measurement: Measurement): number {
  try {
    return measurement.start();
  } catch (error) {
    measurement.guard.report(error);
    return NaN;
  }
}

/**
 * Ends the measurement of a call that threw.
 *
 * @throws the error, unless it is swallowed
 */
export function failCall(
  error: unknown,
  measurement: Measurement,
  startedAt: number,
  swallows: boolean,
): undefined {
  end(measurement, startedAt, 'error', error);
  if (!swallows) throw error;
}

interface ReadableLike {
  readonly readable?: unknown;
  pipe?: unknown;
  on?: unknown;
}

/** Returns the value to pass on in place of a pending result; undefined if the result is complete or cannot be tracked. */
function trackPending(
  result: object,
  measurement: Measurement,
  startedAt: number,
  swallows: boolean,
): unknown {
  try {
    if (isThenable(result)) {
      const Settlement = swallows ? SwallowingSettlement : CallSettlement;
      return followThenable(result, new Settlement(measurement, startedAt), measurement.guard);
    }
    if (isObservable(result)) {
      return isSubject(result) ? undefined : trackObservable(result, measurement, swallows);
    }
    const { next } = result as Partial<AnyIterator>;
    const { on } = result as ReadableLike;
    if (typeof on === 'function') return trackStream(result, measurement, startedAt);
    if (typeof next !== 'function') return undefined;
    const isAsync = typeof (result as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function';
    if (!isAsync && Object.prototype.toString.call(result) !== '[object Generator]') return undefined;
    return trackIterator(result as AnyIterator, isAsync, measurement, swallows);
  } catch {
    // A getter that throws. Its error belongs to the code that uses the result.
    return undefined;
  }
}

/** The observer of a call that returned a promise. A class, since one is created for each call. */
class CallSettlement implements SettlementObserver {
  constructor(
    private readonly measurement: Measurement,
    private readonly startedAt: number,
  ) {}

  fulfilled(value: unknown): void {
    this.measurement.end(this.startedAt, 'success', value);
  }

  rejected(error: unknown): void {
    this.measurement.end(this.startedAt, 'error', error);
  }
}

/** The observer of a call whose error is not passed on. */
class SwallowingSettlement extends CallSettlement implements SettlementObserver {
  replaceError(): void {}
}

/** Returns true for a Subject itself; an Observable piped from one has an operator. */
function isSubject(observable: ObservableLike): boolean {
  const { next, operator } = observable as Partial<Record<'next' | 'operator', unknown>>;
  return typeof next === 'function' && operator === undefined;
}

function trackObservable(
  source: ObservableLike,
  measurement: Measurement,
  swallows: boolean,
): ObservableLike | undefined {
  return followObservable(
    source,
    () => {
      const startedAt = measurement.start();
      return (outcome, detail) => measurement.end(startedAt, outcome, detail);
    },
    measurement.guard,
    { swallows, scope: measurement.scope },
  );
}

function trackStream(stream: object & ReadableLike, measurement: Measurement, startedAt: number): unknown {
  if (typeof stream.pipe !== 'function' || stream.readable !== true) return undefined;
  const unsubscribe: (() => void)[] = [];
  const complete = (outcome: CallOutcome, detail?: unknown): void => {
    for (const stop of unsubscribe.splice(0)) stop();
    end(measurement, startedAt, outcome, detail);
  };
  unsubscribe.push(
    listenTo(stream, 'end', measurement.guard, () => complete('success')),
    listenTo(stream, errorMonitor, measurement.guard, (error: unknown) => complete('error', error)),
    listenTo(stream, 'close', measurement.guard, () => complete('cancelled')),
  );
  return stream;
}

function trackIterator(
  iterator: AnyIterator,
  isAsync: boolean,
  measurement: Measurement,
  swallows: boolean,
): unknown {
  let startedAt = NaN;
  return followIterator(
    iterator,
    isAsync,
    {
      began: () => (startedAt = measurement.start()),
      ended: (outcome, detail) => measurement.end(startedAt, outcome, detail),
    },
    measurement.guard,
    swallows,
  );
}

function end(measurement: Measurement, startedAt: number, outcome: CallOutcome, detail: unknown): void {
  try {
    measurement.end(startedAt, outcome, detail);
  } catch (error) {
    measurement.guard.report(error);
  }
}
