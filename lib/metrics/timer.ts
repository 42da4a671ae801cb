import { isThenable } from '../primitives/guard.js';
import type { Labels } from './labels.js';
import { Histogram, HistogramSeries } from './histogram.js';
import type { SampleArguments } from './metric.js';

/** A function that ends a measurement. Only the first call counts; with `using`, leaving the block calls it. */
export interface StopTimer extends Disposable {
  /** @returns the seconds since the start */
  (): number;
}

/** A histogram of durations in seconds that also measures them. */
export class Timer<L extends string = never> extends Histogram<L> {
  /** Starts a measurement. */
  start(...args: SampleArguments<L, []>): StopTimer;
  start(labels: object = {}): StopTimer {
    return this.bind(labels).start();
  }

  /**
   * Runs a function and records its duration, also if it fails. A promise or another thenable is timed until it settles,
   * and a promise of the same value or error is returned in its place.
   */
  time<T>(...args: SampleArguments<L, [work: () => T]>): T;
  time(...args: unknown[]): unknown {
    const work = args.at(-1) as () => unknown;
    return this.bind(args.length > 1 ? (args[0] as object) : {}).time(work);
  }

  /** Returns a timed version of a function, with the same `this`, arguments, name and length. */
  timeFunc<This, A extends unknown[], T>(
    ...args: SampleArguments<L, [work: (this: This, ...args: A) => T]>
  ): (this: This, ...args: A) => T;
  timeFunc(...args: unknown[]): unknown {
    const work = args.at(-1) as (this: unknown, ...args: unknown[]) => unknown;
    return this.bind(args.length > 1 ? (args[0] as object) : {}).timeFunc(work);
  }

  override labels(labels: Labels<L>): TimerSeries {
    return this.bind(labels);
  }

  private bind(labels: object): TimerSeries {
    return new TimerSeries(this.store, labels, this.upperBounds);
  }
}

/** One series of a {@link Timer}. */
export class TimerSeries extends HistogramSeries {
  /** Starts a measurement. */
  start(): StopTimer {
    const { clock } = this.store.host;
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
   * Runs a function and records its duration, also if it fails. A promise or another thenable is timed until it settles,
   * and a promise of the same value or error is returned in its place.
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
    // The derived promise is returned: a query that runs when it is awaited must run once, and an unhandled rejection
    // must be reported as such.
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

  /** Returns a timed version of a function, with the same `this`, arguments, name and length. */
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
