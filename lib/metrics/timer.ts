import type { Labels } from './labels.js';
import { Histogram, HistogramSeries } from './histogram.js';
import type { SampleArguments } from './metric.js';

/** Ends a measurement; only the first call counts. With `using`, leaving the block calls it. */
export interface StopTimer extends Disposable {
  /** @returns the seconds since the start */
  (): number;
}

/** A histogram of durations in seconds that also takes the time. */
export class Timer<L extends string = never> extends Histogram<L> {
  /** Starts a measurement. */
  start(...args: SampleArguments<L, []>): StopTimer;
  start(labels: object = {}): StopTimer {
    return this.bind(labels).start();
  }

  /**
   * Runs `work` and records how long it took, also if it fails. What is awaited is timed until it settles, and
   * comes back as the promise of the same value or error.
   */
  time<T>(...args: SampleArguments<L, [work: () => T]>): T;
  time(...args: unknown[]): unknown {
    const work = args.at(-1) as () => unknown;
    return this.bind(args.length > 1 ? (args[0] as object) : {}).time(work);
  }

  /** A function that does what `work` does, with the same `this`, arguments, name and length, and is timed. */
  timeFunc<This, A extends unknown[], T>(
    ...args: SampleArguments<L, [work: (this: This, ...args: A) => T]>
  ): (this: This, ...args: A) => T;
  timeFunc(...args: unknown[]): unknown {
    const work = args.at(-1) as (this: unknown, ...args: unknown[]) => unknown;
    return this.bind(args.length > 1 ? (args[0] as object) : {}).timeFunc(work);
  }

  override labels(labels: Labels<L>): TimerSeries {
    return new TimerSeries(this, labels);
  }

  private bind(labels: object): TimerSeries {
    return new TimerSeries(this, labels);
  }
}

/** One series of a {@link Timer}. */
export class TimerSeries extends HistogramSeries {
  /** Starts a measurement. */
  start(): StopTimer {
    const clock = this.metric.host.clock;
    const startedAt = clock.monotonic();
    let seconds: number | undefined;
    const stop = (): number => {
      if (seconds === undefined) {
        seconds = (clock.monotonic() - startedAt) / 1000;
        this.observe(seconds);
      }
      return seconds;
    };
    return Object.assign(stop, { [Symbol.dispose]: () => void stop() });
  }

  /**
   * Runs `work` and records how long it took, also if it fails. What is awaited is timed until it settles, and
   * comes back as the promise of the same value or error.
   */
  time<T>(work: () => T): T {
    const stop = this.start();
    let result: T;
    try {
      result = work();
    } catch (error) {
      stop();
      throw error;
    }
    if (!isThenable(result)) {
      stop();
      return result;
    }
    // What comes out is handed on, and not what went in: a query that runs when it is awaited must run once, and
    // a rejection that nobody handles must be seen as such.
    return Promise.resolve(result).then(
      (value: unknown) => {
        stop();
        return value;
      },
      (error: unknown) => {
        stop();
        throw error;
      },
    ) as T;
  }

  /** A function that does what `work` does, with the same `this`, arguments, name and length, and is timed. */
  timeFunc<This, A extends unknown[], T>(work: (this: This, ...args: A) => T): (this: This, ...args: A) => T {
    const time = (call: () => T): T => this.time(call);
    const timed = function (this: This, ...args: A): T {
      return time(() => work.apply(this, args));
    };
    return Object.defineProperties(timed, {
      name: { value: work.name, configurable: true },
      length: { value: work.length, configurable: true },
    });
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  try {
    return typeof (value as Partial<PromiseLike<unknown>>).then === 'function';
  } catch {
    return false;
  }
}
