import type { MetricType } from '../metrics/naming.js';
import { bucketQuantileOf } from './bucket-quantile.js';
import { clampTo, type Course, type CourseNumber, coursesOf } from './courses.js';
import type { FamilyHistory, KeptSeries } from './family-history.js';
import { FineSum } from './fine-history.js';
import { type LabelMatchers, labelTest, matchersOf } from './label-matchers.js';
import {
  average,
  COUNTER_FUNCTIONS,
  delta,
  increase,
  maximum,
  minimum,
  type RangeFunction,
  rate,
  sum,
} from './range-functions.js';
import {
  groupLabels,
  keyOf,
  least,
  mean,
  type Merge,
  merged,
  most,
  type Part,
  type Points,
  type Reading,
  type ReadOptions,
  total,
} from './readings.js';

/**
 * Reads what the metrics were lately. Its numbers are those that Prometheus 2 would give for the same samples, but
 * that a counter or a histogram counts from zero at its creation, which Prometheus does not know.
 */
export abstract class HistoryReader {
  protected readonly families = new Map<string, FamilyHistory>();
  protected lastSampleAt: number | undefined;

  /** When the last sample was taken, in milliseconds since the Unix epoch. */
  get lastSample(): number | undefined {
    return this.lastSampleAt;
  }

  /** The metrics of which there are samples. */
  metrics(): { readonly name: string; readonly type: MetricType }[] {
    return [...this.families].map(([name, { type }]) => ({ name, type }));
  }

  /** What the metric is; undefined if there is no sample of it. */
  typeOf(metric: string): MetricType | undefined {
    return this.families.get(metric)?.type;
  }

  /** The finite upper bounds of a histogram. */
  upperBounds(metric: string): readonly number[] {
    return this.families.get(metric)?.upperBounds ?? [];
  }

  /** The labels of the series that are kept of a metric. */
  series(metric: string, labels: LabelMatchers = {}): Readonly<Record<string, string>>[] {
    return this.matching(metric, labels).map((series) => series.labels);
  }

  /** When the samples of a metric were taken, oldest first. */
  timestamps(metric: string): number[] {
    return this.families.get(metric)?.timestamps() ?? [];
  }

  /**
   * Returns how much of a window the samples of a metric cover, in milliseconds: all of it, or less right after the
   * start. 0 without samples.
   */
  coveredMs(metric: string, windowMs: number, { at }: Pick<ReadOptions, 'at'> = {}): number {
    const family = this.families.get(metric);
    if (family === undefined) return 0;
    const moment = this.momentOf(at === undefined ? {} : { at });
    return Math.min(windowMs, Math.max(0, moment - family.coveredSince));
  }

  /** The samples of a metric: its values, or the counts of a histogram. */
  points(
    metric: string,
    { labels = {}, sinceMs = -Infinity }: { labels?: LabelMatchers; sinceMs?: number } = {},
  ): Points[] {
    const family = this.families.get(metric);
    if (family === undefined) return [];
    const column = columnOf(family, 'count');
    return this.matching(metric, labels).map((series) => {
      const { times, values } = family.samples(series, column, sinceMs, Infinity, false);
      return { labels: series.labels, points: times.map((time, i) => [time, values[i]] as const) };
    });
  }

  /** What a metric is now: the value, or the count of a histogram; sums, where series are brought together. */
  last(metric: string, options: ReadOptions & { readonly part?: Part } = {}): Reading[] {
    const at = this.momentOf(options);
    const { part = 'count' } = options;
    return this.read(metric, options, total, (family, series) =>
      family.valueAt(series, columnOf(family, part), at),
    );
  }

  /** How fast a counter, or the count of a histogram, went up in a second, resets handled. */
  rate(metric: string, windowMs: number, options: ReadOptions & { readonly part?: Part } = {}): Reading[] {
    return this.over(rate, total, metric, windowMs, options);
  }

  /** By how much a counter, or the count of a histogram, went up, resets handled, from zero at its creation. */
  increase(
    metric: string,
    windowMs: number,
    options: ReadOptions & { readonly part?: Part } = {},
  ): Reading[] {
    return this.over(increase, total, metric, windowMs, options);
  }

  /** By how much a gauge changed. */
  delta(metric: string, windowMs: number, options: ReadOptions = {}): Reading[] {
    return this.over(delta, total, metric, windowMs, options);
  }

  /** What a gauge was on average; of a histogram the average of the values that were observed. */
  average(metric: string, windowMs: number, options: ReadOptions = {}): Reading[] {
    if (this.typeOf(metric) !== 'histogram') return this.over(average, mean, metric, windowMs, options);
    const counts = this.rate(metric, windowMs, options);
    const sums = new Map(
      this.rate(metric, windowMs, { ...options, part: 'sum' }).map(({ labels, value }) => [
        keyOf(labels),
        value,
      ]),
    );
    return counts.map(({ labels, value }) => ({ labels, value: (sums.get(keyOf(labels)) ?? NaN) / value }));
  }

  /** The least that a gauge was. */
  min(metric: string, windowMs: number, options: ReadOptions = {}): Reading[] {
    return this.over(minimum, least, metric, windowMs, options);
  }

  /** The most that a gauge was. */
  max(metric: string, windowMs: number, options: ReadOptions = {}): Reading[] {
    return this.over(maximum, most, metric, windowMs, options);
  }

  /** The samples of a gauge added up. */
  sum(metric: string, windowMs: number, options: ReadOptions = {}): Reading[] {
    return this.over(sum, total, metric, windowMs, options);
  }

  /** The quantile of what a histogram observed, estimated from its buckets as Prometheus does. */
  bucketQuantile(metric: string, q: number, windowMs: number, options: ReadOptions = {}): Reading[] {
    const family = this.families.get(metric);
    if (family === undefined || family.type !== 'histogram') return [];
    const at = this.momentOf(options);
    const width = family.upperBounds.length + 1;
    const groups = new Map<string, { labels: Readonly<Record<string, string>>; rates: Float64Array }>();
    for (const series of this.matching(metric, options.labels)) {
      const labels = groupLabels(series.labels, options.groupBy);
      const key = keyOf(labels);
      const group = groups.get(key) ?? { labels, rates: new Float64Array(width).fill(NaN) };
      let isThere = false;
      for (let bucket = 0; bucket < width; bucket++) {
        const counted = rate(family.window(series, bucket, at - windowMs, at, true));
        if (counted === undefined) continue;
        const before = group.rates[bucket];
        group.rates[bucket] = (Number.isNaN(before) ? 0 : before) + counted;
        isThere = true;
      }
      if (isThere) groups.set(key, group);
    }
    return [...groups.values()].map(({ labels, rates }) => ({
      labels,
      value: bucketQuantileOf(q, family.upperBounds, rates),
    }));
  }

  /**
   * The percentile of what a histogram observed, at most 1 % off and within what it observed at all. Needs a wish for
   * percentiles.
   *
   * @param q between 0 and 1
   */
  percentile(metric: string, q: number, windowMs: number, options: ReadOptions = {}): Reading[] {
    const family = this.families.get(metric);
    if (family === undefined) return [];
    const at = this.momentOf(options);
    // What the sample at the very beginning of the window shows happened before it.
    const slots = family.slots(at - windowMs + 1, at);
    const groups = new Map<string, { labels: Readonly<Record<string, string>>; all: KeptSeries[] }>();
    for (const series of this.matching(metric, options.labels)) {
      const labels = groupLabels(series.labels, options.groupBy);
      const key = keyOf(labels);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { labels, all: [series] });
      else group.all.push(series);
    }
    return [...groups.values()]
      .map(({ labels, all }) => {
        const observed = new FineSum();
        for (const { fine } of all) for (const slot of slots) fine?.addTo(observed, slot);
        return { labels, value: clampTo(all)(observed.quantile(q)) };
      })
      .filter(({ value }) => !Number.isNaN(value));
  }

  /**
   * Computes a number at several moments, for charts, in one pass over each series; yields after each small step.
   *
   * @param moments milliseconds since the Unix epoch, in ascending order
   */
  *courses(
    metric: string,
    number: CourseNumber,
    windowMs: number,
    moments: readonly number[],
    { labels, groupBy = [] }: Pick<ReadOptions, 'labels' | 'groupBy'> = {},
  ): Generator<void, Course[], void> {
    const family = this.families.get(metric);
    if (family === undefined) return [];
    return yield* coursesOf(family, this.matching(metric, labels), groupBy, number, windowMs, moments);
  }

  private over(
    summarise: RangeFunction,
    merge: Merge,
    metric: string,
    windowMs: number,
    options: ReadOptions & { readonly part?: Part },
  ): Reading[] {
    const at = this.momentOf(options);
    const { part = 'count' } = options;
    const withBirths = COUNTER_FUNCTIONS.has(summarise);
    return this.read(metric, options, merge, (family, series) =>
      summarise(family.window(series, columnOf(family, part), at - windowMs, at, withBirths)),
    );
  }

  private read(
    metric: string,
    { labels, groupBy }: ReadOptions,
    merge: Merge,
    valueOf: (family: FamilyHistory, series: KeptSeries) => number | undefined,
  ): Reading[] {
    const family = this.families.get(metric);
    if (family === undefined) return [];
    const readings = this.matching(metric, labels).flatMap((series) => {
      const value = valueOf(family, series);
      return value === undefined ? [] : [{ labels: series.labels, value }];
    });
    return groupBy === undefined ? readings : merged(readings, groupBy, merge);
  }

  private momentOf({ at = this.lastSampleAt ?? 0 }: ReadOptions): number {
    return at;
  }

  private matching(metric: string, labels: LabelMatchers = {}): KeptSeries[] {
    const isWanted = labelTest(matchersOf(labels));
    return [...(this.families.get(metric)?.series.values() ?? [])].filter((series) =>
      isWanted(series.labels),
    );
  }
}

/** Returns the column that a number of a series stands in. */
function columnOf(family: FamilyHistory, part: Part): number {
  if (part === 'count' || family.type !== 'histogram') return family.countColumn;
  return part === 'sum' ? family.sumColumn : part.bucket;
}
