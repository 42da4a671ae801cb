import { quantileOf } from '../metrics/exponential-histogram.js';
import type { MetricType } from '../metrics/naming.js';
import {
  CREATED,
  FIRST_BUCKET,
  liveRows,
  type MetricFamily,
  type MetricsSnapshot,
  SUM,
  VALUE,
} from '../metrics/snapshot.js';
import { bucketQuantile } from './bucket-quantile.js';
import { type Budget, FamilyHistory, type KeptSeries, LOOKBACK_MS } from './family-history.js';
import { FineSum } from './fine-history.js';
import type { ResolvedHistory } from './history.options.js';
import { type LabelMatchers, labelTest, matchersOf } from './label-matchers.js';
import {
  average,
  delta,
  increase,
  maximum,
  minimum,
  type RangeFunction,
  rate,
  sum,
} from './range-functions.js';

/** What somebody needs to be remembered. */
export interface HistoryWish {
  readonly metric: string;
  /** How far back, in milliseconds. @default history.durationMs */
  readonly windowMs?: number;
  /** Whether percentiles of at most 1 % error are wanted, which cost more. @default false */
  readonly percentiles?: boolean;
}

/** Which series of a metric, and how to bring them together. */
export interface ReadOptions {
  /** Only series with such labels. @default all */
  readonly labels?: LabelMatchers;
  /** Brings together the series that are equal in these labels. @default each series stands for itself */
  readonly groupBy?: readonly string[];
  /** When, in milliseconds since the Unix epoch. @default the last sample */
  readonly at?: number;
}

/** One number of one series, or of several brought together. */
export interface Reading {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Which number of a histogram: that of its values, their sum, or those up to the bound with this index. */
export type Part = 'count' | 'sum' | { readonly bucket: number };

/** One series over time, for charts. */
export interface Points {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [timestamp: number, value: number])[];
}

/** What brings numbers together; the functions over a window that fit it. */
type Merge = (values: readonly number[]) => number;

const total: Merge = (values) => values.reduce((all, value) => all + value, 0);
const mean: Merge = (values) => total(values) / values.length;
const least: Merge = (values) => Math.min(...values);
const most: Merge = (values) => Math.max(...values);

/**
 * What the metrics were lately: a bounded number of samples of those that somebody asked for. Its numbers are those
 * that Prometheus 2 would give for the same samples.
 *
 * A series takes `8 B × samples` and some 600 B more; a histogram takes that for each of its buckets.
 */
export class MetricsHistory {
  private readonly wishes = new Set<HistoryWish>();
  private readonly families = new Map<string, FamilyHistory>();
  private readonly dropped = new Map<string, number>();
  private readonly listeners = new Set<(timestamp: number) => void>();
  private lastSampleAt: number | undefined;
  private takenBytes = 0;
  private readonly budget: Budget = {
    take: (bytes) => {
      if (this.takenBytes + bytes > this.options.maxBytes) return false;
      this.takenBytes += bytes;
      return true;
    },
    release: (bytes) => {
      this.takenBytes -= bytes;
    },
  };

  constructor(private readonly options: ResolvedHistory) {}

  /** How often samples are taken, in milliseconds. */
  get intervalMs(): number {
    return this.options.intervalMs;
  }

  /** How much memory the samples take, about, in bytes. */
  get bytes(): number {
    return this.takenBytes;
  }

  /** How many series are kept. */
  get seriesCount(): number {
    return [...this.families.values()].reduce((count, { series }) => count + series.size, 0);
  }

  /** When the last sample was taken, in milliseconds since the Unix epoch. */
  get lastSample(): number | undefined {
    return this.lastSampleAt;
  }

  /** Whether anybody needs anything, so that samples have to be taken. */
  get isWanted(): boolean {
    return this.wishes.size > 0;
  }

  /** The metrics whose exponential histograms are needed with each sample. */
  get withPercentiles(): ReadonlySet<string> {
    return new Set([...this.wishes].filter(({ percentiles }) => percentiles).map(({ metric }) => metric));
  }

  /** How many samples of a metric, or of all, were not kept because the memory was used up. */
  droppedSamples(metric?: string): number {
    if (metric !== undefined) return this.dropped.get(metric) ?? 0;
    return total([...this.dropped.values()]);
  }

  /**
   * Remembers a metric from the next sample on. It need not exist yet.
   *
   * @returns how to take the wish back
   */
  keep(wish: HistoryWish): () => void {
    const own = { ...wish };
    this.wishes.add(own);
    return () => {
      this.wishes.delete(own);
    };
  }

  /** Calls back after every sample, with its time. @returns how to end that */
  onSample(listener: (timestamp: number) => void): () => void {
    const own = (timestamp: number): void => listener(timestamp);
    this.listeners.add(own);
    return () => {
      this.listeners.delete(own);
    };
  }

  /**
   * Adds a sample of every metric that is wanted, and tells the listeners.
   *
   * @param isMissed whether a series that is not in the snapshot was only not looked at, by how its lines begin;
   *   otherwise it is taken to be gone
   */
  add({ timestamp, defaultLabels, families }: MetricsSnapshot, isMissed?: (key: string) => boolean): void {
    // A clock that was set back would make samples that are older than those before.
    if (this.lastSampleAt !== undefined && timestamp <= this.lastSampleAt) this.forget();
    const wanted = this.wantedByMetric();
    for (const name of this.families.keys()) if (!wanted.has(name)) this.forget(name);
    const present = new Map(families.map((family) => [family.name, family]));
    for (const [name, wish] of wanted) {
      const family = present.get(name);
      const history = this.historyFor(name, wish, family);
      history?.begin(timestamp, isMissed);
      if (family !== undefined && history !== undefined) this.write(history, family, defaultLabels);
    }
    this.lastSampleAt = timestamp;
    for (const listener of this.listeners) listener(timestamp);
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
    return [...(this.families.get(metric)?.timestamps() ?? [])];
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
      const { times, values } = family.window(series, column, sinceMs, Infinity);
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

  /** By how much a counter, or the count of a histogram, went up, resets handled. */
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
        const counted = rate(family.window(series, bucket, at - windowMs, at));
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
    const slots = [...family.slots(at - windowMs + 1, at)];
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

  /** Forgets the samples of a metric, or all of them. */
  forget(metric?: string): void {
    for (const [name, family] of this.families) {
      if (metric !== undefined && name !== metric) continue;
      family.end();
      this.families.delete(name);
    }
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
    return this.read(metric, options, merge, (family, series) =>
      summarise(family.window(series, columnOf(family, part), at - windowMs, at)),
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

  /** What is wanted of each metric by all who want it together. */
  private wantedByMetric(): Map<string, Required<HistoryWish>> {
    const wanted = new Map<string, Required<HistoryWish>>();
    for (const { metric, windowMs = this.options.durationMs, percentiles = false } of this.wishes) {
      const others = wanted.get(metric);
      wanted.set(metric, {
        metric,
        windowMs: Math.max(windowMs, others?.windowMs ?? LOOKBACK_MS),
        percentiles: percentiles || (others?.percentiles ?? false),
      });
    }
    return wanted;
  }

  /** The history of a metric, made if it is there at last, and made anew if more of it is wanted. */
  private historyFor(
    name: string,
    { windowMs, percentiles }: Required<HistoryWish>,
    family: MetricFamily | undefined,
  ): FamilyHistory | undefined {
    const known = this.families.get(name);
    if (family === undefined) return known;
    const upperBounds = family.type === 'histogram' ? family.upperBounds : [];
    // Both ends of the window, and one more, since a timer may be a little early.
    const capacity = Math.ceil(windowMs / this.options.intervalMs) + 2;
    const isSame = known?.type === family.type && known.upperBounds.join() === upperBounds.join();
    if (known !== undefined && isSame && known.capacity === capacity && known.fine === percentiles)
      return known;
    const history = new FamilyHistory(family.type, upperBounds, capacity, percentiles, this.budget);
    known?.end();
    if (known !== undefined && isSame) history.copyFrom(known);
    this.families.set(name, history);
    return history;
  }

  private write(
    history: FamilyHistory,
    family: MetricFamily,
    defaultLabels: Readonly<Record<string, string>>,
  ): void {
    const { numbers, stride, identities } = family;
    // Only then are the exponential histograms there, which the columns do not hold.
    const fine = history.fine && family.type === 'histogram' ? [...family.series] : [];
    let index = 0;
    const { lastSampleAt = Infinity } = this;
    for (const row of liveRows(family)) {
      const at = row * stride;
      const createdAt = numbers[at + CREATED];
      const key = identities.lineStartOf(row);
      const isNew = !history.series.has(key);
      const series = history.find(key, () => ({ ...defaultLabels, ...identities.labelsOf(row) }), createdAt);
      const exponential = fine[index++]?.exponential;
      if (series === undefined) {
        this.countDrop(family.name);
        continue;
      }
      if (family.type !== 'histogram') history.write(series, 0, numbers[at + VALUE]);
      else {
        let count = 0;
        for (let bucket = 0; bucket <= family.upperBounds.length; bucket++) {
          history.write(series, bucket, (count += numbers[at + FIRST_BUCKET + bucket]));
        }
        history.write(series, family.upperBounds.length + 1, numbers[at + SUM]);
        const began = createdAt !== series.createdAt || (isNew && createdAt >= lastSampleAt);
        if (exponential && !history.writeFine(series, exponential, began)) this.countDrop(family.name);
      }
      series.createdAt = createdAt;
    }
  }

  private countDrop(metric: string): void {
    this.dropped.set(metric, (this.dropped.get(metric) ?? 0) + 1);
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

function merged(readings: readonly Reading[], groupBy: readonly string[], merge: Merge): Reading[] {
  const groups = new Map<string, { labels: Readonly<Record<string, string>>; values: number[] }>();
  for (const { labels: own, value } of readings) {
    const labels = groupLabels(own, groupBy);
    const key = keyOf(labels);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels, values: [value] });
    else group.values.push(value);
  }
  return [...groups.values()].map(({ labels, values }) => ({ labels, value: merge(values) }));
}

function groupLabels(
  labels: Readonly<Record<string, string>>,
  groupBy: readonly string[] | undefined,
): Readonly<Record<string, string>> {
  if (groupBy === undefined) return labels;
  return Object.fromEntries(groupBy.flatMap((name) => (labels[name] ? [[name, labels[name]]] : [])));
}

/** Labels as one text that no other labels have. */
function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
