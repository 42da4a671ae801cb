import { quantileOf } from '../metrics/exponential-histogram.js';
import type { MetricType } from '../metrics/naming.js';
import { bucketQuantile } from './bucket-quantile.js';
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
    const bounds = [...family.upperBounds.keys(), family.upperBounds.length];
    const groups = new Map<
      string,
      { labels: Readonly<Record<string, string>>; counts: (number | undefined)[] }
    >();
    for (const series of this.matching(metric, options.labels)) {
      const labels = groupLabels(series.labels, options.groupBy);
      const key = keyOf(labels);
      const group = groups.get(key) ?? { labels, counts: bounds.map(() => undefined) };
      let isThere = false;
      for (const bucket of bounds) {
        const counted = rate(family.window(series, bucket, at - windowMs, at, true));
        if (counted === undefined) continue;
        group.counts[bucket] = (group.counts[bucket] ?? 0) + counted;
        isThere = true;
      }
      if (isThere) groups.set(key, group);
    }
    return [...groups.values()].map(({ labels, counts }) => ({
      labels,
      value: quantileOfBuckets(q, family.upperBounds, counts),
    }));
  }

  /**
   * The percentile of what a histogram observed, at most 1 % off. Needs a wish for percentiles.
   *
   * @param q between 0 and 1
   */
  percentile(metric: string, q: number, windowMs: number, options: ReadOptions = {}): Reading[] {
    const family = this.families.get(metric);
    if (family === undefined) return [];
    const at = this.momentOf(options);
    // What the sample at the very beginning of the window shows happened before it.
    const slots = family.slots(at - windowMs + 1, at);
    const groups = new Map<string, { labels: Readonly<Record<string, string>>; sum: FineSum }>();
    for (const { labels: own, fine } of this.matching(metric, options.labels)) {
      const labels = groupLabels(own, options.groupBy);
      const key = keyOf(labels);
      const group = groups.get(key) ?? { labels, sum: new FineSum() };
      groups.set(key, group);
      fine?.addTo(group.sum, slots);
    }
    return [...groups.values()]
      .map(({ labels, sum: observed }) => ({ labels, value: quantileOf(observed.histogram(), q) }))
      .filter(({ value }) => !Number.isNaN(value));
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

/** In which column a number of a series stands. */
function columnOf(family: FamilyHistory, part: Part): number {
  if (family.type !== 'histogram') return 0;
  if (part === 'count') return family.upperBounds.length;
  return part === 'sum' ? family.upperBounds.length + 1 : part.bucket;
}

/** As Prometheus does with the buckets that have a rate at all. */
function quantileOfBuckets(
  q: number,
  bounds: readonly number[],
  counts: readonly (number | undefined)[],
): number {
  const all = counts.at(-1);
  if (all === undefined) return NaN;
  const there = [...bounds.keys()].filter((bucket) => counts[bucket] !== undefined);
  return bucketQuantile(
    q,
    there.map((bucket) => bounds[bucket]),
    [...there.map((bucket) => counts[bucket]!), all],
  );
}
