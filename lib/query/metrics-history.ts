import type { MetricType } from '../metrics/naming.js';
import { bucketQuantileOf } from './bucket-quantile.js';
import { clampTo, type Course, type CourseNumber, coursesOf } from './courses.js';
import type { FamilyHistory, KeptSeries } from '../history/family-history.js';
import type { HistoryStore } from '../history/history-store.js';
import type { RetentionRequest } from '../history/retention.js';
import { ExponentialSum } from '../history/exponential-history.js';
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
 * The recent samples of the metrics, and the numbers that Prometheus 2 would give for them, except that a counter or a
 * histogram counts from zero at its creation, which Prometheus does not know.
 */
export class MetricsHistory {
  constructor(private readonly store: HistoryStore) {}

  /** The time between two samples, in milliseconds. */
  get intervalMs(): number {
    return this.store.intervalMs;
  }

  /** The time of the last sample, in milliseconds since the Unix epoch; undefined before the first one. */
  get lastSample(): number | undefined {
    return this.store.lastSample;
  }

  /** The memory that the samples take, estimated, in bytes. */
  get bytes(): number {
    return this.store.bytes;
  }

  /** The number of series that are kept. */
  get seriesCount(): number {
    return this.store.seriesCount;
  }

  /** Returns the number of samples of a metric, or of all metrics, that were dropped because the memory was used up. */
  droppedSamples(metric?: string): number {
    return this.store.droppedSamples(metric);
  }

  /** Keeps a metric from the next sample on. It need not exist yet. @returns a function that withdraws the request */
  retain(request: RetentionRequest): () => void {
    return this.store.retain(request);
  }

  /**
   * Calls back after every sample, with its time. A listener that throws or rejects costs only itself; its errors are
   * counted in `monitoring_callback_errors_total`.
   *
   * @returns a function that removes the listener
   */
  onSample(listener: (timestamp: number) => unknown): () => void {
    return this.store.onSample(listener);
  }

  /** Returns the metrics of which there are samples. */
  metrics(): { readonly name: string; readonly type: MetricType }[] {
    return [...this.store.all()].map(([name, { type }]) => ({ name, type }));
  }

  /** Returns the type of a metric; undefined if there is no sample of it. */
  typeOf(metric: string): MetricType | undefined {
    return this.store.family(metric)?.type;
  }

  /** Returns the finite upper bounds of a histogram. */
  upperBounds(metric: string): readonly number[] {
    return this.store.family(metric)?.upperBounds ?? [];
  }

  /** Returns the label sets of the series of a metric. */
  series(metric: string, labels: LabelMatchers = {}): Readonly<Record<string, string>>[] {
    return this.matching(metric, labels).map((series) => series.labels);
  }

  /** Returns the times of the samples of a metric, oldest first. */
  timestamps(metric: string): number[] {
    return this.store.family(metric)?.timestamps() ?? [];
  }

  /**
   * Returns how much of a window the samples of a metric cover, in milliseconds: all of it, or less right after the
   * start. 0 without samples.
   */
  coveredMs(metric: string, windowMs: number, { at }: Pick<ReadOptions, 'at'> = {}): number {
    const family = this.store.family(metric);
    if (family === undefined) return 0;
    const moment = this.momentOf(at === undefined ? {} : { at });
    return Math.min(windowMs, Math.max(0, moment - family.coveredSince));
  }

  /** Returns the samples of a metric: its values, or the counts of a histogram. */
  points(
    metric: string,
    { labels = {}, sinceMs = -Infinity }: { labels?: LabelMatchers; sinceMs?: number } = {},
  ): Points[] {
    const family = this.store.family(metric);
    if (family === undefined) return [];
    const column = columnOf(family, 'count');
    return this.matching(metric, labels).map((series) => {
      const { times, values } = family.samples(series, column, sinceMs, Infinity, false);
      return { labels: series.labels, points: times.map((time, i) => [time, values[i]] as const) };
    });
  }

  /** Returns the last value of a metric, or the last count of a histogram; the sum where series are grouped. */
  last(metric: string, options: ReadOptions & { readonly part?: Part } = {}): Reading[] {
    const at = this.momentOf(options);
    const { part = 'count' } = options;
    return this.read(metric, options, total, (family, series) =>
      family.valueAt(series, columnOf(family, part), at),
    );
  }

  /** Returns the increase per second of a counter, or of the count of a histogram, resets handled. */
  rate(metric: string, windowMs: number, options: ReadOptions & { readonly part?: Part } = {}): Reading[] {
    return this.over(rate, total, metric, windowMs, options);
  }

  /** Returns the increase of a counter, or of the count of a histogram, resets handled, from zero at its creation. */
  increase(
    metric: string,
    windowMs: number,
    options: ReadOptions & { readonly part?: Part } = {},
  ): Reading[] {
    return this.over(increase, total, metric, windowMs, options);
  }

  /** Returns the change of a gauge. */
  delta(metric: string, windowMs: number, options: ReadOptions = {}): Reading[] {
    return this.over(delta, total, metric, windowMs, options);
  }

  /** Returns the average of a gauge; of a histogram, the average of the observed values. */
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

  /** Returns the minimum of a gauge. */
  min(metric: string, windowMs: number, options: ReadOptions = {}): Reading[] {
    return this.over(minimum, least, metric, windowMs, options);
  }

  /** Returns the maximum of a gauge. */
  max(metric: string, windowMs: number, options: ReadOptions = {}): Reading[] {
    return this.over(maximum, most, metric, windowMs, options);
  }

  /** Returns the sum of the samples of a gauge. */
  sum(metric: string, windowMs: number, options: ReadOptions = {}): Reading[] {
    return this.over(sum, total, metric, windowMs, options);
  }

  /** Returns the quantile of the observed values of a histogram, estimated from its buckets as Prometheus does. */
  bucketQuantile(metric: string, q: number, windowMs: number, options: ReadOptions = {}): Reading[] {
    const family = this.store.family(metric);
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
   * Returns the percentile of the observed values of a histogram, at most 1 % off and never beyond the smallest and
   * the largest value. Needs a retention request with `percentiles`.
   *
   * @param q between 0 and 1
   */
  percentile(metric: string, q: number, windowMs: number, options: ReadOptions = {}): Reading[] {
    const family = this.store.family(metric);
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
        const observed = new ExponentialSum();
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
    const family = this.store.family(metric);
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
    const family = this.store.family(metric);
    if (family === undefined) return [];
    const readings = this.matching(metric, labels).flatMap((series) => {
      const value = valueOf(family, series);
      return value === undefined ? [] : [{ labels: series.labels, value }];
    });
    return groupBy === undefined ? readings : merged(readings, groupBy, merge);
  }

  private momentOf({ at = this.store.lastSample ?? 0 }: ReadOptions): number {
    return at;
  }

  private matching(metric: string, labels: LabelMatchers = {}): KeptSeries[] {
    const matches = labelTest(matchersOf(labels));
    return [...(this.store.family(metric)?.series.values() ?? [])].filter((series) => matches(series.labels));
  }
}

/** Returns the column that a number of a series stands in. */
function columnOf(family: FamilyHistory, part: Part): number {
  if (part === 'count' || family.type !== 'histogram') return family.countColumn;
  return part === 'sum' ? family.sumColumn : part.bucket;
}
