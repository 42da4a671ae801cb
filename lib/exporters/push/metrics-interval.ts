import type { ExponentialHistogramSnapshot } from '../../metrics/exponential-histogram.js';
import type { Exemplar, HistogramSeriesSnapshot, MetricsSnapshot } from '../../metrics/snapshot.js';

/** The changes between two captures of the metrics: the input of a push destination. */
export interface MetricsInterval {
  /** Start, in milliseconds since the Unix epoch; the first interval starts when the oldest series was created. */
  readonly startedAt: number;
  /** End, in milliseconds since the Unix epoch. */
  readonly endedAt: number;
  readonly defaultLabels: Readonly<Record<string, string>>;
  /** Changes of each metric in the interval. */
  readonly families: readonly IntervalFamily[];
  /** State of all metrics at the end, for remotes that expect totals instead of changes. */
  readonly snapshot: MetricsSnapshot;
}

/** One metric in an interval, with every gauge series and the counter and histogram series that changed. */
export type IntervalFamily = CounterIntervalFamily | GaugeIntervalFamily | HistogramIntervalFamily;

interface FamilyBase<T, S> {
  readonly type: T;
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly series: readonly S[];
}

/** A counter in an interval. */
export type CounterIntervalFamily = FamilyBase<'counter', CounterInterval>;
/** A gauge in an interval. */
export type GaugeIntervalFamily = FamilyBase<'gauge', GaugeInterval>;
/** A histogram or a timer in an interval. */
export type HistogramIntervalFamily = FamilyBase<'histogram', HistogramInterval> & {
  /** Finite upper bounds in ascending order; one more bucket, up to +Inf, follows them. */
  readonly upperBounds: readonly number[];
};

/** One series of a counter in an interval. */
export interface CounterInterval {
  readonly labels: Readonly<Record<string, string>>;
  /** Increase in the interval; never negative. */
  readonly delta: number;
  /** Total since the series was created. */
  readonly total: number;
  /** Creation time of the series, in milliseconds since the Unix epoch; 0 if it is unknown. */
  readonly createdAt: number;
  /** Exemplars recorded in the interval, if there are any. */
  readonly exemplars?: readonly Exemplar[];
}

/** One series of a gauge in an interval. */
export interface GaugeInterval {
  readonly labels: Readonly<Record<string, string>>;
  /** Value at the end of the interval. */
  readonly value: number;
}

/** The count, the sum and the buckets of observed values. */
export interface IntervalDistribution {
  readonly count: number;
  readonly sum: number;
  /** Number of values in each bucket, not cumulative; one more than there are upper bounds. */
  readonly bucketCounts: readonly number[];
  readonly exponential: ExponentialHistogramSnapshot;
}

/** One series of a histogram or a timer in an interval. */
export interface HistogramInterval {
  readonly labels: Readonly<Record<string, string>>;
  /** Values observed in the interval. */
  readonly delta: IntervalDistribution;
  /** Values observed since the series was created. */
  readonly total: IntervalDistribution;
  /** Smallest value observed since the series was created. */
  readonly min: number;
  /** Largest value observed since the series was created. */
  readonly max: number;
  /** Creation time of the series, in milliseconds since the Unix epoch; 0 if it is unknown. */
  readonly createdAt: number;
  /** Exemplars recorded in the interval, if there are any. */
  readonly exemplars?: readonly Exemplar[];
}

const EMPTY: ExponentialHistogramSnapshot = {
  scale: 0,
  zeroCount: 0,
  positive: { offset: 0, counts: [] },
  negative: { offset: 0, counts: [] },
};

/** Returns the distribution of a histogram series, with bucket counts that are not cumulative. */
export function distributionOf(series: HistogramSeriesSnapshot): IntervalDistribution {
  const { count, sum, buckets, exponential = EMPTY } = series;
  const bucketCounts = buckets.map((bucket, i) => bucket.count - (buckets[i - 1]?.count ?? 0));
  return { count, sum, bucketCounts, exponential };
}
