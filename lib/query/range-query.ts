import { ExponentialSum } from '../history/exponential-history.js';
import type { FamilyHistory } from '../history/family-history.js';
import type { SampleWindow } from '../history/samples.js';
import type { StoredSeries } from '../history/stored-series.js';
import { bucketQuantileOf } from './bucket-quantile.js';
import { LabelGroups } from './label-sets.js';
import { MovingWindow } from './moving-window.js';
import { average, increase, type RangeFunction, rate } from './range-functions.js';

/** The number that a range query computes at each time. */
export type RangeStatistic =
  | 'value'
  | 'rate'
  | 'rate of the sum'
  | 'increase'
  | 'average'
  /** Quantiles of a histogram, each as a series of its own. */
  | { readonly quantiles: readonly number[] };

/** One number over time, of one group of series. */
export interface RangeSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** The number at each time; NaN where it is unknown. */
  readonly values: Float64Array;
  /** The quantile, if quantiles were asked for. */
  readonly quantile?: number;
}

/** The approximate number of samples in one step of the work, which takes some tens of microseconds. */
const STEP_SAMPLES = 500;

/** A computation in small steps, which yields after each. */
type Steps<T> = Generator<void, T, void>;

/**
 * Computes a number at several times in one pass over each series. Yields after each small step of the work.
 *
 * @param moments milliseconds since the Unix epoch, in ascending order
 */
export function* rangeQuery(
  family: FamilyHistory,
  matching: readonly StoredSeries[],
  groupBy: readonly string[],
  statistic: RangeStatistic,
  windowMs: number,
  moments: readonly number[],
): Steps<RangeSeries[]> {
  const found: RangeSeries[] = [];
  const groups = new LabelGroups<StoredSeries>(groupBy);
  for (const series of matching) {
    groups.add(series);
    yield;
  }
  for (const { labels, items } of groups.all()) {
    const query = new GroupQuery(family, items, windowMs, moments);
    if (typeof statistic !== 'object') {
      const values = yield* query.values(statistic);
      if (isKnown(values)) found.push({ labels, values });
      continue;
    }
    for (const quantile of yield* query.quantiles(statistic.quantiles)) {
      if (isKnown(quantile.values)) found.push({ labels, ...quantile });
    }
  }
  return found;
}

/** The values of one quantile at each time. */
interface QuantileValues {
  readonly quantile: number;
  readonly values: Float64Array;
}

/** The range query of one group of series. */
class GroupQuery {
  constructor(
    private readonly family: FamilyHistory,
    private readonly group: readonly StoredSeries[],
    private readonly windowMs: number,
    private readonly moments: readonly number[],
  ) {}

  *values(statistic: Extract<RangeStatistic, string>): Steps<Float64Array> {
    const { countColumn, sumColumn } = this.family;
    switch (statistic) {
      case 'value':
        return yield* this.lastValues();
      case 'rate':
        return (yield* this.totals(countColumn, rate)).totals;
      case 'rate of the sum':
        return (yield* this.totals(sumColumn, rate)).totals;
      case 'increase':
        return (yield* this.totals(countColumn, increase)).totals;
      default:
        return yield* this.averages();
    }
  }

  quantiles(quantiles: readonly number[]): Steps<readonly QuantileValues[]> {
    const found = quantiles.map((quantile) => ({ quantile, values: new Float64Array(this.moments.length) }));
    return this.family.percentiles ? this.exponentialQuantiles(found) : this.bucketQuantiles(found);
  }

  private *lastValues(): Steps<Float64Array> {
    const totals = new Float64Array(this.moments.length).fill(NaN);
    for (const series of this.group) {
      const values = this.family.reader.valuesAt(series, this.family.countColumn, this.moments);
      values.forEach((value, i) => addTo(totals, i, value));
      yield;
    }
    return totals;
  }

  private *averages(): Steps<Float64Array> {
    const { family } = this;
    const isHistogram = family.type === 'histogram';
    const { totals, counts } = yield* this.totals(family.sumColumn, isHistogram ? rate : average);
    const divisors = isHistogram ? (yield* this.totals(family.countColumn, rate)).totals : counts;
    return totals.map((total, i) => total / (divisors[i] ?? NaN));
  }

  /** Sums a function over windows, and counts the series that have a value, at each time. */
  private *totals(
    column: number,
    summarize: RangeFunction,
  ): Steps<{ totals: Float64Array; counts: Float64Array }> {
    const totals = new Float64Array(this.moments.length).fill(NaN);
    const counts = new Float64Array(this.moments.length);
    for (const series of this.group) {
      this.eachWindow(series, column, (window, i) => {
        const value = summarize(window);
        if (value === undefined) return;
        addTo(totals, i, value);
        counts[i] = (counts[i] ?? 0) + 1;
      });
      yield;
    }
    return { totals, counts };
  }

  /** Estimates quantiles from classic buckets, within the range of the observed values. */
  private *bucketQuantiles(found: readonly QuantileValues[]): Steps<readonly QuantileValues[]> {
    const { upperBounds } = this.family;
    const width = upperBounds.length + 1;
    const rates = new Float64Array(this.moments.length * width).fill(NaN);
    for (const series of this.group) {
      for (let bucket = 0; bucket < width; bucket++) {
        this.eachWindow(series, bucket, (window, i) => {
          const value = rate(window);
          if (value !== undefined) addTo(rates, i * width + bucket, value);
        });
        yield;
      }
    }
    const clamp = clampTo(this.group);
    this.moments.forEach((_, i) => {
      const own = rates.subarray(i * width, (i + 1) * width);
      for (const { quantile, values } of found) {
        values[i] = clamp(bucketQuantileOf(quantile, upperBounds, own));
      }
    });
    return found;
  }

  /** Reads quantiles with an error of at most 1 %, within the range of the observed values. */
  private *exponentialQuantiles(found: readonly QuantileValues[]): Steps<readonly QuantileValues[]> {
    const { family, group, windowMs } = this;
    const [first = 0] = this.moments;
    const slots = family.reader.slots(first - windowMs, this.moments.at(-1) ?? 0);
    // The increment of a sample at the very start of the window belongs to the time before it.
    const window = new MovingWindow(
      { times: slots.map((slot) => family.reader.timeOf(slot)), values: slots },
      false,
    );
    const samplesPerStep = Math.ceil(STEP_SAMPLES / group.length);
    const sum = new ExponentialSum();
    const clamp = clampTo(group);
    for (const [i, moment] of this.moments.entries()) {
      const { first: oldFirst, end: oldEnd } = window;
      window.moveTo(moment - windowMs, moment);
      for (const [k, slot] of slots.slice(oldEnd, window.end).entries()) {
        for (const { exponential } of group) exponential?.addTo(sum, slot);
        if ((oldEnd + k) % samplesPerStep === 0) yield;
      }
      for (const [k, slot] of slots.slice(oldFirst, window.first).entries()) {
        for (const { exponential } of group) exponential?.subtractFrom(sum, slot);
        if ((oldFirst + k) % samplesPerStep === 0) yield;
      }
      for (const { quantile, values } of found) values[i] = clamp(sum.quantile(quantile));
    }
    return found;
  }

  /** Calls back with the window of a series that ends at each time. */
  private eachWindow(
    series: StoredSeries,
    column: number,
    visit: (window: SampleWindow, index: number) => void,
  ): void {
    const { family, windowMs, moments } = this;
    const [first = 0] = moments;
    const samples = family.reader.samples(series, column, first - windowMs, moments.at(-1) ?? 0, true);
    const window = new MovingWindow(samples, true);
    moments.forEach((moment, i) => {
      // Right after the start, a rate is over the time that is covered, which is less than the window.
      window.moveTo(Math.max(moment - windowMs, Math.min(family.reader.coveredSince, moment)), moment);
      visit(window, i);
    });
  }
}

/** Returns true if any of the values is known. */
export function isKnown(values: Float64Array): boolean {
  return values.some((value) => !Number.isNaN(value));
}

/** Returns a function that limits an estimate to the range of the values that some histograms observed. */
export function clampTo(group: readonly StoredSeries[]): (estimate: number) => number {
  let min = Infinity;
  let max = -Infinity;
  for (const series of group) {
    if (series.min < min) ({ min } = series);
    if (series.max > max) ({ max } = series);
  }
  return min > max ? (estimate) => estimate : (estimate) => Math.min(Math.max(estimate, min), max);
}

function addTo(totals: Float64Array, index: number, value: number): void {
  if (Number.isNaN(value)) return;
  const total = totals[index] ?? NaN;
  totals[index] = Number.isNaN(total) ? value : total + value;
}
