import type { SampleTimes } from './sample-times.js';
import type { Samples, SampleWindow } from './samples.js';
import { MISSING, STALE, type StoredSeries, zeroTimesOf } from './stored-series.js';

/** The age up to which a sample counts as the current value, in milliseconds, as in Prometheus. */
export const LOOKBACK_MS = 300_000;
/** A reader of the samples of one metric family. */
export class FamilyReader {
  /**
   * @param width the number of columns of a series
   * @param startsAtZero true for a counter or a histogram, whose series are zero at their creation
   */
  constructor(
    private readonly times: SampleTimes,
    private readonly width: number,
    private readonly startsAtZero: boolean,
  ) {}

  /** The start of the time without a gap, in milliseconds since the Unix epoch. */
  get coveredSince(): number {
    return this.times.coveredSince;
  }

  /** Returns the times of the samples that are kept, oldest first. */
  timestamps(): number[] {
    return this.times.all();
  }

  /** Returns the value of a series at a time; undefined if it did not exist. */
  valueAt(series: StoredSeries, column: number, at: number): number | undefined {
    const [value = NaN] = this.valuesAt(series, column, [at]);
    return Number.isNaN(value) ? undefined : value;
  }

  /** Returns the values of a series at several times in ascending order; NaN where it did not exist. */
  valuesAt({ values }: StoredSeries, column: number, moments: readonly number[]): Float64Array {
    const [first = 0] = moments;
    const slots = this.times.slots(first - LOOKBACK_MS, moments.at(-1) ?? -Infinity);
    const found = new Float64Array(moments.length);
    let next = 0;
    let value = NaN;
    let seenAt = -Infinity;
    moments.forEach((moment, i) => {
      for (
        let slot = slots[next];
        slot !== undefined && this.times.at(slot) <= moment;
        slot = slots[++next]
      ) {
        const sample = values[slot * this.width + column] ?? MISSING;
        if (Number.isNaN(sample)) continue;
        value = sample === STALE ? NaN : sample;
        seenAt = this.times.at(slot);
      }
      found[i] = seenAt >= moment - LOOKBACK_MS ? value : NaN;
    });
    return found;
  }

  /** Returns the samples of a series from one time to another, both included, as a window. */
  window(
    series: StoredSeries,
    column: number,
    startMs: number,
    endMs: number,
    withZeros: boolean,
  ): SampleWindow {
    const samples = this.samples(series, column, startMs, endMs, withZeros);
    return { ...samples, first: 0, end: samples.times.length, startMs, endMs };
  }

  /**
   * Returns the samples of a series from one time to another, both included.
   *
   * @param withZeros adds a zero at each creation of a counter or a histogram, as Prometheus does when it ingests
   *   created timestamps
   */
  samples(series: StoredSeries, column: number, startMs: number, endMs: number, withZeros: boolean): Samples {
    const times: number[] = [];
    const values: number[] = [];
    const zeroTimes =
      withZeros && this.startsAtZero ? zeroTimesOf(series).filter((time) => time >= startMs) : [];
    let [zeroAt = Infinity] = zeroTimes;
    for (const slot of this.times.slots(startMs, endMs)) {
      const value = series.values[slot * this.width + column] ?? MISSING;
      if (value === STALE || Number.isNaN(value)) continue;
      const time = this.times.at(slot);
      // A zero at the very time of a sample belongs after it: see `FamilyHistory.zeroTimeOf()`.
      while (zeroAt < time) {
        times.push(zeroAt);
        values.push(0);
        zeroTimes.shift();
        [zeroAt = Infinity] = zeroTimes;
      }
      times.push(time);
      values.push(value);
    }
    return { times, values };
  }

  /** Returns the slots of the samples from one time to another, both included, oldest first. */
  slots(startMs: number, endMs: number): number[] {
    return this.times.slots(startMs, endMs);
  }

  /** Returns the time of the sample in a slot. */
  timeOf(slot: number): number {
    return this.times.at(slot);
  }
}
