import type { ExponentialHistogramSnapshot } from '../../metrics/exponential-histogram.js';
import type { MetricsSnapshot } from '../../metrics/snapshot.js';

/** What happened between two looks at the metrics: what a push exporter sends. */
export interface MetricsInterval {
  /** Milliseconds since the Unix epoch; the first interval starts where the oldest series began. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly defaultLabels: Readonly<Record<string, string>>;
  readonly families: readonly IntervalFamily[];
  /** Everything as it stood at the end, for remotes that want states and not changes. */
  readonly snapshot: MetricsSnapshot;
}

/** One metric in an interval; only the series with something to say are in it: what counted, and every gauge. */
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
  /** The finite upper bounds in ascending order; one more bucket, up to +Inf, follows them. */
  readonly upperBounds: readonly number[];
};

/** One series of a counter in an interval. */
export interface CounterInterval {
  readonly labels: Readonly<Record<string, string>>;
  /** What was added in the interval: never negative. */
  readonly delta: number;
  /** The total since the series began. */
  readonly total: number;
  /** When the series began, in milliseconds since the Unix epoch. */
  readonly createdAt: number;
}

/** One series of a gauge in an interval. */
export interface GaugeInterval {
  readonly labels: Readonly<Record<string, string>>;
  /** As it stood at the end. */
  readonly value: number;
}

/** Counts and sums of one series. */
export interface Distribution {
  readonly count: number;
  readonly sum: number;
  /** How many values each bucket holds, not cumulated; one more than there are upper bounds. */
  readonly bucketCounts: readonly number[];
  readonly exponential: ExponentialHistogramSnapshot;
}

/** One series of a histogram or a timer in an interval. */
export interface HistogramInterval {
  readonly labels: Readonly<Record<string, string>>;
  /** What was observed in the interval. */
  readonly delta: Distribution;
  /** Everything observed since the series began. */
  readonly total: Distribution;
  /** The smallest and the largest value ever observed. */
  readonly min: number;
  readonly max: number;
  readonly createdAt: number;
}
