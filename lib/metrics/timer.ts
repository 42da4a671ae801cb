import { isThenable } from '../primitives/guard.js';
import type { Clock } from './clock.js';
import type { Labels } from './labels.js';
import { Histogram, HistogramSeries } from './histogram.js';
import type { SampleArguments } from './metric.js';

/**
 * A function that ends a measurement. Only the first call counts; with `using`, leaving the block calls it.
 *
 * @typeParam Open the label names that the start left open
 * @typeParam Given the label names that the start was given
 */
export interface StopTimer<Open extends string = never, Given extends string = never> extends Disposable {
  /**
   * Records the duration.
   *
   * @param labels the labels that are known only at the end; they replace those of the start
   * @returns the seconds since the start
   */
  (
    ...labels: [Open] extends [never]
      ? [Given] extends [never]
        ? []
        : [labels?: Partial<Labels<Given>>]
      : [labels: Labels<Open> & Partial<Labels<Given>>]
  ): number;
}

/** A histogram of durations in seconds that also measures them. */
export class Timer<L extends string = never> extends Histogram<L> {
  /** Starts a measurement. Labels that are not given here are given at its end, such as a status. */
  start(): StopTimer<L>;
  start<const Given extends L>(labels: Labels<Given>): StopTimer<Exclude<L, Given>, Given>;
  start(labels: object = {}): StopTimer {
    const { clock } = this.store.host;
    if (countKeys(labels) >= this.labelNames.length)
      return startTimer(clock, this.bind(labels), this, labels);
    return startTimer(clock, undefined, this, labels);
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

  /** @internal Returns the series of the labels of the start and the end; undefined if the end has other keys. */
  seriesAtEnd(labels: object, last: object): TimerSeries | undefined {
    try {
      const names: readonly string[] = this.labelNames;
      const given = Object.keys(last);
      const areLabels = given.length > 0 && given.every((name) => names.includes(name));
      return areLabels ? this.bind({ ...labels, ...last }) : undefined;
    } catch {
      return undefined;
    }
  }

  /** @internal */
  bind(labels: object): TimerSeries {
    return new TimerSeries(this.store, labels, this.upperBounds);
  }
}

/** One series of a {@link Timer}. */
export class TimerSeries extends HistogramSeries {
  /** Starts a measurement. */
  start(): StopTimer {
    return startTimer(this.store.host.clock, this);
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

/**
 * Starts a measurement.
 *
 * @param series the series of the labels of the start; undefined if some are missing
 * @param timer the timer whose labels may be given at the end; undefined for a bound series
 */
function startTimer(
  clock: Clock,
  series: TimerSeries | undefined,
  timer?: Timer<string>,
  labels: object = {},
): StopTimer {
  const startedAt = clock.monotonic();
  let seconds: number | undefined;
  const stop = (last?: unknown): number => {
    if (seconds === undefined) {
      seconds = (clock.monotonic() - startedAt) / 1000;
      // A callback may be called with a value that is not labels: the labels of the start are used then.
      const isObject = typeof last === 'object' && last !== null;
      const ended = (isObject ? timer?.seriesAtEnd(labels, last) : undefined) ?? series;
      (ended ?? timer?.bind(isObject ? last : labels))?.observe(seconds);
    }
    return seconds;
  };
  return Object.assign(stop, { [Symbol.dispose]: () => void stop() });
}

function countKeys(labels: object): number {
  let count = 0;
  try {
    for (const _ in labels) count++;
  } catch {
    // Unreadable labels are counted as such when the series is looked up.
  }
  return count;
}
