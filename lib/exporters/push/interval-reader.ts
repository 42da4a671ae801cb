import type { ExponentialBuckets } from '../../metrics/exponential-histogram.js';
import {
  CREATED,
  type HistogramFamily,
  type HistogramSeriesSnapshot,
  liveRows,
  type MetricFamily,
  type MetricsSnapshot,
  type ScalarFamily,
  VALUE,
} from '../../metrics/snapshot.js';
import { recentExemplars } from './recent-exemplars.js';
import {
  type CounterInterval,
  distributionOf,
  type GaugeInterval,
  type HistogramInterval,
  type IntervalDistribution,
  type IntervalFamily,
  type MetricsInterval,
} from './metrics-interval.js';

/** A reader of the changes between two snapshots of the metrics. Each exporter has one of its own. */
export class IntervalReader {
  private previous: Previous | undefined;

  /**
   * Returns what happened since the previous snapshot. A series that is new, or that was reset, counts from zero.
   *
   * @param snapshot a snapshot with exponential histograms
   */
  intervalUpTo(snapshot: MetricsSnapshot): MetricsInterval {
    const { previous } = this;
    const startedAt = previous?.timestamp ?? oldestCreation(snapshot);
    let families: IntervalFamily[] | undefined;
    return {
      // The system clock may have been set back.
      startedAt: Math.min(startedAt, snapshot.timestamp),
      endedAt: snapshot.timestamp,
      defaultLabels: snapshot.defaultLabels,
      // Lazy, since destinations that send totals read the snapshot only.
      get families() {
        families ??= snapshot.families
          .map((family) => intervalOf(family, previous?.families.get(family.name), startedAt))
          .filter(({ series }) => series.length > 0);
        return families;
      },
      snapshot,
    };
  }

  /** Moves the reader to the snapshot, where the next interval starts. */
  advance(snapshot: MetricsSnapshot): void {
    const families = new Map(snapshot.families.map((family) => [family.name, new PreviousFamily(family)]));
    this.previous = { timestamp: snapshot.timestamp, families };
  }
}

interface Previous {
  readonly timestamp: number;
  readonly families: ReadonlyMap<string, PreviousFamily>;
}

/** A metric in the previous snapshot. */
class PreviousFamily {
  private rowsByIdentity: ReadonlyMap<string, number> | undefined;
  private histograms: ReadonlyMap<number, HistogramSeriesSnapshot> | undefined;

  constructor(private readonly family: MetricFamily) {}

  /** Returns the row of a series in the previous snapshot; undefined if the series is new or was reset since. */
  rowOf(current: MetricFamily, row: number): number | undefined {
    const { epoch, identities, numbers, stride } = this.family;
    if (current.epoch !== epoch) return undefined;
    if (current.identities === identities) return row * stride < numbers.length ? row : undefined;
    // The rows were compacted since.
    const previousRow = this.rows().get(current.identities.expositionPrefixOf(row));
    const createdAt = current.numbers[row * stride + CREATED];
    const isSame = previousRow !== undefined && numbers[previousRow * stride + CREATED] === createdAt;
    return isSame ? previousRow : undefined;
  }

  valueAt(row: number): number {
    return this.family.numbers[row * this.family.stride + VALUE] ?? 0;
  }

  histogramAt(row: number): HistogramSeriesSnapshot | undefined {
    if (this.family.type !== 'histogram') return undefined;
    this.histograms ??= new Map(seriesByRow(this.family));
    return this.histograms.get(row);
  }

  private rows(): ReadonlyMap<string, number> {
    const { identities } = this.family;
    this.rowsByIdentity ??= new Map(
      Array.from(liveRows(this.family), (row) => [identities.expositionPrefixOf(row), row]),
    );
    return this.rowsByIdentity;
  }
}

function intervalOf(
  family: MetricFamily,
  previous: PreviousFamily | undefined,
  startedAt: number,
): IntervalFamily {
  const { name, help, labelNames } = family;
  if (family.type === 'histogram') {
    const { type, upperBounds } = family;
    return {
      type,
      name,
      help,
      labelNames,
      upperBounds,
      series: histogramIntervals(family, previous, startedAt),
    };
  }
  return family.type === 'counter'
    ? { type: 'counter', name, help, labelNames, series: counterIntervals(family, previous, startedAt) }
    : { type: 'gauge', name, help, labelNames, series: gaugeIntervals(family) };
}

function gaugeIntervals(family: ScalarFamily): GaugeInterval[] {
  return Array.from(family.series, ({ labels, value }) => ({ labels, value }));
}

function counterIntervals(
  family: ScalarFamily,
  previous: PreviousFamily | undefined,
  startedAt: number,
): CounterInterval[] {
  const { numbers, stride, identities } = family;
  const intervals: CounterInterval[] = [];
  for (const row of liveRows(family)) {
    const total = numbers[row * stride + VALUE] ?? 0;
    const previousRow = previous?.rowOf(family, row);
    const before = previousRow === undefined ? 0 : (previous?.valueAt(previousRow) ?? 0);
    // A total that went down is a sum over workers of which one was restarted.
    const delta = total < before ? total : total - before;
    if (delta === 0) continue;
    const exemplars = recentExemplars(family, row, startedAt);
    intervals.push({
      labels: identities.labelsOf(row),
      delta,
      total,
      createdAt: numbers[row * stride + CREATED] ?? 0,
      ...(exemplars && { exemplars }),
    });
  }
  return intervals;
}

function histogramIntervals(
  family: HistogramFamily,
  previous: PreviousFamily | undefined,
  startedAt: number,
): HistogramInterval[] {
  const intervals: HistogramInterval[] = [];
  for (const [row, series] of seriesByRow(family)) {
    const previousRow = previous?.rowOf(family, row);
    const last = previousRow === undefined ? undefined : previous?.histogramAt(previousRow);
    if (series.count === (last?.count ?? 0)) continue;
    const before = last !== undefined && series.count > last.count ? last : undefined;
    const { labels, min, max, createdAt } = series;
    const total = distributionOf(series);
    const delta = before === undefined ? total : difference(total, distributionOf(before));
    const exemplars = recentExemplars(family, row, startedAt);
    intervals.push({ labels, delta, total, min, max, createdAt, ...(exemplars && { exemplars }) });
  }
  return intervals;
}

function* seriesByRow(family: HistogramFamily): Generator<[number, HistogramSeriesSnapshot]> {
  const rows = liveRows(family);
  for (const series of family.series) {
    const { value: row } = rows.next();
    if (row !== undefined) yield [row, series];
  }
}

function difference(now: IntervalDistribution, before: IntervalDistribution): IntervalDistribution {
  return {
    count: now.count - before.count,
    sum: now.sum - before.sum,
    bucketCounts: now.bucketCounts.map((count, i) => count - (before.bucketCounts[i] ?? 0)),
    exponential: {
      scale: now.exponential.scale,
      zeroCount: now.exponential.zeroCount - before.exponential.zeroCount,
      positive: bucketDifference(now.exponential.positive, before.exponential.positive),
      negative: bucketDifference(now.exponential.negative, before.exponential.negative),
    },
  };
}

/** Subtracts buckets. Buckets never disappear from a series, so the earlier ones lie within the current ones. */
function bucketDifference(now: ExponentialBuckets, before: ExponentialBuckets): ExponentialBuckets {
  const counts = now.counts.map((count, i) => count - (before.counts[now.offset + i - before.offset] ?? 0));
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) return { offset: 0, counts: [] };
  const last = counts.findLastIndex((count) => count > 0);
  return { offset: now.offset + first, counts: counts.slice(first, last + 1) };
}

/** Returns the creation time of the oldest series. */
function oldestCreation({ timestamp, families }: MetricsSnapshot): number {
  let oldest = timestamp;
  for (const { numbers, stride } of families) {
    for (let at = CREATED; at < numbers.length; at += stride)
      oldest = Math.min(oldest, numbers[at] || oldest);
  }
  return oldest;
}
