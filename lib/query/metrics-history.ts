import type { MetricType } from '../metrics/naming-rules.js';
import { type BucketCounts, bucketCounts } from './bucket-counts.js';
import { bucketQuantileOf } from './bucket-quantile.js';
import type { FamilyHistory } from '../history/family-history.js';
import type { HistoryStore } from '../history/history-store.js';
import type { RetentionRequest } from '../history/retention.js';
import { ExponentialSum } from '../history/exponential-history.js';
import type { StoredSeries } from '../history/stored-series.js';
import { type LabelMatchers, labelTest, matchersOf } from './label-matchers.js';
import { groupByLabels, keyOf } from './label-sets.js';
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
import { clampTo, rangeQuery, type RangeSeries, type RangeStatistic } from './range-query.js';
import {
  aggregateReadings,
  type Aggregator,
  type HistogramPart,
  type HistoryPoints,
  type HistoryReading,
  type HistoryReadOptions,
  least,
  mean,
  most,
  total,
} from './readings.js';

/**
 * The recent samples of the metrics, with queries that return what Prometheus 2 would, except that a counter or a
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

  /** @internal The memory limit of all samples, in bytes. */
  get maxBytes(): number {
    return this.store.maxBytes;
  }

  /** @internal The retention of a request without a window of its own, in milliseconds. */
  get retentionMs(): number {
    return this.store.retentionMs;
  }

  /** @internal Returns the memory that the samples of a metric take, estimated, in bytes. */
  bytesOf(metric: string): number {
    return this.store.bytesOf(metric);
  }

  /** The number of stored series. */
  get seriesCount(): number {
    return this.store.seriesCount;
  }

  /** Returns the number of samples of a metric, or of all metrics, that were dropped at the memory limit. */
  droppedSamples(metric?: string): number {
    return this.store.droppedSamples(metric);
  }

  /** Stores samples of a metric, which need not exist yet. @returns a function that withdraws the request */
  retain(request: RetentionRequest): () => void {
    return this.store.retain(request);
  }

  /**
   * Calls a listener with the time of each new sample. Errors that it throws or rejects with are counted in
   * `monitoring_callback_errors_total`.
   *
   * @returns a function that removes the listener
   */
  onSample(listener: (timestamp: number) => unknown): () => void {
    return this.store.onSample(listener);
  }

  /** Returns the metrics that have samples. */
  metrics(): { readonly name: string; readonly type: MetricType }[] {
    return [...this.store.all()].map(([name, { type }]) => ({ name, type }));
  }

  /** Returns the type of a metric; undefined if it has no samples. */
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
    return this.store.family(metric)?.reader.timestamps() ?? [];
  }

  /**
   * Returns the part of a window that the samples of a metric cover, in milliseconds: less than the window right after
   * the start, and 0 without samples.
   */
  coveredMs(metric: string, windowMs: number, { at }: Pick<HistoryReadOptions, 'at'> = {}): number {
    const family = this.store.family(metric);
    if (family === undefined) return 0;
    const moment = this.momentOf(at === undefined ? {} : { at });
    return Math.min(windowMs, Math.max(0, moment - family.reader.coveredSince));
  }

  /** @internal Returns true if samples of a metric in a window lack series, which did not fit into the memory limit. */
  lacksSeries(metric: string, windowMs: number, options: Pick<HistoryReadOptions, 'at'> = {}): boolean {
    return this.store.family(metric)?.lacksSeriesSince(this.momentOf(options) - windowMs) ?? false;
  }

  /** Returns the samples of a metric: its values, or the counts of a histogram. */
  points(
    metric: string,
    { labels = {}, from = -Infinity }: { labels?: LabelMatchers; from?: number } = {},
  ): HistoryPoints[] {
    const family = this.store.family(metric);
    if (family === undefined) return [];
    const column = columnOf(family, 'count');
    return this.matching(metric, labels).map((series) => {
      const { times, values } = family.reader.samples(series, column, from, Infinity, false);
      return { labels: series.labels, points: times.map((time, i) => [time, values[i] ?? NaN] as const) };
    });
  }

  /** Returns the last value of a metric, or the last count of a histogram; their sum for each group of series. */
  last(
    metric: string,
    options: HistoryReadOptions & { readonly part?: HistogramPart } = {},
  ): HistoryReading[] {
    const at = this.momentOf(options);
    const { part = 'count' } = options;
    return this.read(metric, options, total, (family, series) =>
      family.reader.valueAt(series, columnOf(family, part), at),
    );
  }

  /** Returns the increase per second of a counter, or of the count of a histogram, with resets handled. */
  rate(
    metric: string,
    windowMs: number,
    options: HistoryReadOptions & { readonly part?: HistogramPart } = {},
  ): HistoryReading[] {
    return this.over(rate, total, metric, windowMs, options);
  }

  /** Returns the increase of a counter, or of the count of a histogram, from zero at its creation, with resets handled. */
  increase(
    metric: string,
    windowMs: number,
    options: HistoryReadOptions & { readonly part?: HistogramPart } = {},
  ): HistoryReading[] {
    return this.over(increase, total, metric, windowMs, options);
  }

  /** Returns the change of a gauge. */
  delta(metric: string, windowMs: number, options: HistoryReadOptions = {}): HistoryReading[] {
    return this.over(delta, total, metric, windowMs, options);
  }

  /** Returns the average of a gauge; of a histogram, the average of the observed values. */
  average(metric: string, windowMs: number, options: HistoryReadOptions = {}): HistoryReading[] {
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
  min(metric: string, windowMs: number, options: HistoryReadOptions = {}): HistoryReading[] {
    return this.over(minimum, least, metric, windowMs, options);
  }

  /** Returns the maximum of a gauge. */
  max(metric: string, windowMs: number, options: HistoryReadOptions = {}): HistoryReading[] {
    return this.over(maximum, most, metric, windowMs, options);
  }

  /** Returns the sum of the samples of a gauge. */
  sum(metric: string, windowMs: number, options: HistoryReadOptions = {}): HistoryReading[] {
    return this.over(sum, total, metric, windowMs, options);
  }

  /** Returns the quantile of the observed values of a histogram, estimated from its buckets as in Prometheus. */
  bucketQuantile(
    metric: string,
    q: number,
    windowMs: number,
    options: HistoryReadOptions = {},
  ): HistoryReading[] {
    const family = this.store.family(metric);
    if (family === undefined || family.type !== 'histogram') return [];
    const at = this.momentOf(options);
    return groupByLabels(this.matching(metric, options.labels), options.groupBy).flatMap(
      ({ labels, items }) => {
        const rates = bucketRates(family, items, at - windowMs, at);
        if (rates.every(Number.isNaN)) return [];
        return [{ labels, value: bucketQuantileOf(q, family.upperBounds, rates) }];
      },
    );
  }

  /**
   * Returns the percentile of the observed values of a histogram, with an error of at most 1 % and within the range of
   * the observed values. Needs a retention request with `percentiles`.
   *
   * @param q between 0 and 1
   */
  percentile(
    metric: string,
    q: number,
    windowMs: number,
    options: HistoryReadOptions = {},
  ): HistoryReading[] {
    const family = this.store.family(metric);
    if (family === undefined) return [];
    const at = this.momentOf(options);
    // The increment of a sample at the very start of the window belongs to the time before it.
    const slots = family.reader.slots(at - windowMs + 1, at);
    return groupByLabels(this.matching(metric, options.labels), options.groupBy)
      .map(({ labels, items }) => {
        const observed = new ExponentialSum();
        for (const { exponential } of items) for (const slot of slots) exponential?.addTo(observed, slot);
        return { labels, value: clampTo(items)(observed.quantile(q)) };
      })
      .filter(({ value }) => !Number.isNaN(value));
  }

  /**
   * Computes a number at several times, for charts, in one pass over each series. Yields after each small step.
   *
   * @param moments milliseconds since the Unix epoch, in ascending order
   */
  *queryRange(
    metric: string,
    statistic: RangeStatistic,
    windowMs: number,
    moments: readonly number[],
    { labels, groupBy = [] }: Pick<HistoryReadOptions, 'labels' | 'groupBy'> = {},
  ): Generator<void, RangeSeries[], void> {
    const family = this.store.family(metric);
    if (family === undefined) return [];
    return yield* rangeQuery(family, this.matching(metric, labels), groupBy, statistic, windowMs, moments);
  }

  /**
   * Counts the observations of a histogram in each bucket between each two of several times, for heatmaps. Yields after
   * each small step.
   *
   * @param moments milliseconds since the Unix epoch, in ascending order
   * @internal
   */
  *bucketCounts(
    metric: string,
    moments: readonly number[],
    labels?: LabelMatchers,
  ): Generator<void, BucketCounts | undefined, void> {
    const family = this.store.family(metric);
    if (family?.type !== 'histogram') return undefined;
    return yield* bucketCounts(family, this.matching(metric, labels), moments);
  }

  private over(
    summarize: RangeFunction,
    aggregate: Aggregator,
    metric: string,
    windowMs: number,
    options: HistoryReadOptions & { readonly part?: HistogramPart },
  ): HistoryReading[] {
    const at = this.momentOf(options);
    const { part = 'count' } = options;
    const withZeros = COUNTER_FUNCTIONS.has(summarize);
    return this.read(metric, options, aggregate, (family, series) =>
      summarize(family.reader.window(series, columnOf(family, part), at - windowMs, at, withZeros)),
    );
  }

  private read(
    metric: string,
    { labels, groupBy }: HistoryReadOptions,
    aggregate: Aggregator,
    valueOf: (family: FamilyHistory, series: StoredSeries) => number | undefined,
  ): HistoryReading[] {
    const family = this.store.family(metric);
    if (family === undefined) return [];
    const readings = this.matching(metric, labels).flatMap((series) => {
      const value = valueOf(family, series);
      return value === undefined ? [] : [{ labels: series.labels, value }];
    });
    return groupBy === undefined ? readings : aggregateReadings(readings, groupBy, aggregate);
  }

  private momentOf({ at = this.store.lastSample ?? 0 }: HistoryReadOptions): number {
    return at;
  }

  private matching(metric: string, labels: LabelMatchers = {}): StoredSeries[] {
    const matches = labelTest(matchersOf(labels));
    return [...(this.store.family(metric)?.series.values() ?? [])].filter((series) => matches(series.labels));
  }
}

/** Returns the rate of each cumulative bucket of several histograms together; NaN if it is unknown. */
function bucketRates(
  family: FamilyHistory,
  group: readonly StoredSeries[],
  startMs: number,
  endMs: number,
): Float64Array {
  return Float64Array.from({ length: family.upperBounds.length + 1 }, (_, bucket) => {
    const rates = group
      .map((series) => rate(family.reader.window(series, bucket, startMs, endMs, true)))
      .filter((value) => value !== undefined);
    return rates.length === 0 ? NaN : total(rates);
  });
}

/** Returns the column of a number of a series. */
function columnOf(family: FamilyHistory, part: HistogramPart): number {
  if (part === 'count' || family.type !== 'histogram') return family.countColumn;
  return part === 'sum' ? family.sumColumn : part.bucket;
}
