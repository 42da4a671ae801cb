import { errorMonitor } from 'node:events';
import { listenTo } from './emitter-listener.js';
import { type Guard, isThenable } from './guard.js';
import { type AnyIterator, followIterator } from './iterator.js';
import { followObservable, isObservable, type ObservableLike } from './observable.js';
import type { Outcome } from './outcome.js';
import { followThenable, type SettlementObserver } from './thenable.js';

/** A measurement of calls. Nothing that it throws changes a call. */
export interface Measurement {
  /** Where what the measurement throws is reported. */
  readonly guard: Guard;
  /** Begins; what it returns is given back when the call has ended. */
  start(): number;
  /**
   * Ends; called once for each start.
   *
   * @param detail the error; of a success the value, which is the last one of a stream
   */
  end(startedAt: number, outcome: Outcome, detail: unknown): void;
}

/**
 * Tracks the completion of what a call returned, and returns what is to be handed on in its place.
 *
 * - A promise comes back as the promise that follows it, and any other thenable as it is: see {@link followThenable}.
 * - An Observable comes back as one that measures each subscription; to unsubscribe is to cancel. A Subject is a
 *   value, since it can be written to.
 * - A generator or an async iterator comes back as one that is measured from the first `next()`; to stop early is to
 *   cancel. Both are of the class of what they stand in for.
 * - A stream of Node that is still to be read comes back as it is; to destroy it before its end is to cancel.
 * - Anything else has ended, and so has what is frozen.
 *
 * @param swallows ends what fails as if it had nothing more to give, instead of handing the error on
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
  tell(measurement, startedAt, 'success', result);
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
  const startedAt = begin(measurement);
  let result: unknown;
  try {
    result = Reflect.apply(work, receiver, args);
  } catch (error) {
    tell(measurement, startedAt, 'error', error);
    if (swallows) return undefined;
    throw error;
  }
  return trackCompletion(result, measurement, startedAt, swallows);
}

interface ReadableLike {
  readonly readable?: unknown;
  pipe?: unknown;
  on?: unknown;
}

/** Returns what stands in for a result that has not ended; undefined if it has, or cannot be tracked. */
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
    // A getter that throws: whoever uses the result will see it, and not here.
    return undefined;
  }
}

/** The end of a call that returned a promise. A class, since one is made for each call. */
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

/** The end of a call whose error ends with it. */
class SwallowingSettlement extends CallSettlement implements SettlementObserver {
  replaceError(): void {}
}

/** Returns whether it is a Subject itself; what comes of piping one has an operator. */
function isSubject(observable: ObservableLike): boolean {
  const { next, operator } = observable as unknown as Record<string, unknown>;
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
    swallows,
  );
}

function trackStream(stream: object & ReadableLike, measurement: Measurement, startedAt: number): unknown {
  if (typeof stream.pipe !== 'function' || stream.readable !== true) return undefined;
  const leave: (() => void)[] = [];
  const end = (outcome: Outcome, detail?: unknown): void => {
    for (const stop of leave.splice(0)) stop();
    tell(measurement, startedAt, outcome, detail);
  };
  leave.push(
    listenTo(stream, 'end', measurement.guard, () => end('success')),
    listenTo(stream, errorMonitor, measurement.guard, (error: unknown) => end('error', error)),
    listenTo(stream, 'close', measurement.guard, () => end('cancelled')),
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

function begin(measurement: Measurement): number {
  try {
    return measurement.start();
  } catch (error) {
    measurement.guard.report(error);
    return NaN;
  }
}

function tell(measurement: Measurement, startedAt: number, outcome: Outcome, detail: unknown): void {
  try {
    measurement.end(startedAt, outcome, detail);
  } catch (error) {
    measurement.guard.report(error);
  }
}
