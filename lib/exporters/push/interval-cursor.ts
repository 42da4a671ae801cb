import type {
  ExponentialBuckets,
  ExponentialHistogramSnapshot,
} from '../../metrics/exponential-histogram.js';
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
import type {
  CounterInterval,
  Distribution,
  GaugeInterval,
  HistogramInterval,
  IntervalFamily,
  MetricsInterval,
} from './metrics-interval.js';

/** What one reader of the metrics has seen so far. Each reader has a cursor of its own. */
export class IntervalCursor {
  private seen: Seen | undefined;

  /**
   * What happened since the snapshot that was passed last: a series that is new, or that began anew, counts from
   * zero.
   *
   * @param snapshot with the exponential histograms
   */
  intervalUpTo(snapshot: MetricsSnapshot): MetricsInterval {
    const { seen } = this;
    const since = seen?.timestamp ?? firstMoment(snapshot);
    let families: IntervalFamily[] | undefined;
    return {
      // The clock of the machine may have been set back.
      startedAt: Math.min(since, snapshot.timestamp),
      endedAt: snapshot.timestamp,
      defaultLabels: snapshot.defaultLabels,
      // Only if somebody wants to know: remotes that want states look at the snapshot alone.
      get families() {
        families ??= snapshot.families
          .map((family) => intervalOf(family, seen?.families.get(family.name)))
          .filter(({ series }) => series.length > 0);
        return families;
      },
      snapshot,
    };
  }

  /** Passes the snapshot: the next interval starts there. */
  pass(snapshot: MetricsSnapshot): void {
    const families = new Map(snapshot.families.map((family) => [family.name, new SeenFamily(family)]));
    this.seen = { timestamp: snapshot.timestamp, families };
  }
}

interface Seen {
  readonly timestamp: number;
  readonly families: ReadonlyMap<string, SeenFamily>;
}

/** A metric as it was. */
class SeenFamily {
  private rowsByIdentity: ReadonlyMap<string, number> | undefined;
  private histograms: ReadonlyMap<number, HistogramSeriesSnapshot> | undefined;

  constructor(private readonly family: MetricFamily) {}

  /** The row that a series had then; undefined if it is another series by now, or was not there. */
  rowOf(now: MetricFamily, row: number): number | undefined {
    const { epoch, identities, numbers, stride } = this.family;
    if (now.epoch !== epoch) return undefined;
    if (now.identities === identities) return row * stride < numbers.length ? row : undefined;
    // Its rows have been moved together since.
    const then = this.rowsThen().get(now.identities.expositionPrefixOf(row));
    const createdAt = now.numbers[row * stride + CREATED];
    return then !== undefined && numbers[then * stride + CREATED] === createdAt ? then : undefined;
  }

  valueAt(row: number): number {
    return this.family.numbers[row * this.family.stride + VALUE];
  }

  histogramAt(row: number): HistogramSeriesSnapshot | undefined {
    if (this.family.type !== 'histogram') return undefined;
    this.histograms ??= new Map(seriesByRow(this.family));
    return this.histograms.get(row);
  }

  private rowsThen(): ReadonlyMap<string, number> {
    const { identities } = this.family;
    this.rowsByIdentity ??= new Map(
      Array.from(liveRows(this.family), (row) => [identities.expositionPrefixOf(row), row]),
    );
    return this.rowsByIdentity;
  }
}

function intervalOf(family: MetricFamily, seen: SeenFamily | undefined): IntervalFamily {
  const { name, help, labelNames } = family;
  if (family.type === 'histogram') {
    const { type, upperBounds } = family;
    return { type, name, help, labelNames, upperBounds, series: histogramIntervals(family, seen) };
  }
  return family.type === 'counter'
    ? { type: 'counter', name, help, labelNames, series: counterIntervals(family, seen) }
    : { type: 'gauge', name, help, labelNames, series: gaugeIntervals(family) };
}

function gaugeIntervals(family: ScalarFamily): GaugeInterval[] {
  return Array.from(family.series, ({ labels, value }) => ({ labels, value }));
}

function counterIntervals(family: ScalarFamily, seen: SeenFamily | undefined): CounterInterval[] {
  const { numbers, stride, identities } = family;
  const intervals: CounterInterval[] = [];
  for (const row of liveRows(family)) {
    const total = numbers[row * stride + VALUE];
    const then = seen?.rowOf(family, row);
    const before = then === undefined ? 0 : (seen?.valueAt(then) ?? 0);
    // What is less than it was has begun anew, in one of the workers that it is the sum of.
    const delta = total < before ? total : total - before;
    if (delta === 0) continue;
    intervals.push({
      labels: identities.labelsOf(row),
      delta,
      total,
      createdAt: numbers[row * stride + CREATED],
    });
  }
  return intervals;
}

function histogramIntervals(family: HistogramFamily, seen: SeenFamily | undefined): HistogramInterval[] {
  const intervals: HistogramInterval[] = [];
  for (const [row, series] of seriesByRow(family)) {
    const then = seen?.rowOf(family, row);
    const last = then === undefined ? undefined : seen?.histogramAt(then);
    if (series.count === (last?.count ?? 0)) continue;
    const before = last !== undefined && series.count > last.count ? last : undefined;
    const { labels, min, max, createdAt } = series;
    const total = distributionOf(series);
    const delta = before === undefined ? total : difference(total, distributionOf(before));
    intervals.push({ labels, delta, total, min, max, createdAt });
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

const NOTHING: ExponentialHistogramSnapshot = {
  scale: 0,
  zeroCount: 0,
  positive: { offset: 0, counts: [] },
  negative: { offset: 0, counts: [] },
};

function distributionOf({ count, sum, buckets, exponential }: HistogramSeriesSnapshot): Distribution {
  const bucketCounts = buckets.map((bucket, i) => bucket.count - (buckets[i - 1]?.count ?? 0));
  return { count, sum, bucketCounts, exponential: exponential ?? NOTHING };
}

function difference(now: Distribution, before: Distribution): Distribution {
  return {
    count: now.count - before.count,
    sum: now.sum - before.sum,
    bucketCounts: now.bucketCounts.map((count, i) => count - before.bucketCounts[i]),
    exponential: {
      scale: now.exponential.scale,
      zeroCount: now.exponential.zeroCount - before.exponential.zeroCount,
      positive: bucketDifference(now.exponential.positive, before.exponential.positive),
      negative: bucketDifference(now.exponential.negative, before.exponential.negative),
    },
  };
}

/** Buckets never disappear from a series, so those of before lie within those of now. */
function bucketDifference(now: ExponentialBuckets, before: ExponentialBuckets): ExponentialBuckets {
  const counts = now.counts.map((count, i) => count - (before.counts[now.offset + i - before.offset] ?? 0));
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) return { offset: 0, counts: [] };
  const last = counts.findLastIndex((count) => count > 0);
  return { offset: now.offset + first, counts: counts.slice(first, last + 1) };
}

/** When the oldest series began. */
function firstMoment({ timestamp, families }: MetricsSnapshot): number {
  let first = timestamp;
  for (const { numbers, stride } of families) {
    for (let at = CREATED; at < numbers.length; at += stride) first = Math.min(first, numbers[at] || first);
  }
  return first;
}
