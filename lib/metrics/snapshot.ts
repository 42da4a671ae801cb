import type { ExponentialSnapshots } from './exponential-columns.js';
import type { ExponentialHistogramSnapshot } from './exponential-histogram.js';
import type { SemanticMetric } from './conventions/semantic-metric.js';
import type { Aggregation } from './metric-definition.js';
import type { MetricType } from './naming-rules.js';

/** An example of the observations behind a number, usually with the trace of a request. */
export interface Exemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Time of the observation, in milliseconds since the Unix epoch. */
  readonly timestamp: number;
}

/** One series of a counter or a gauge. */
export interface ScalarSeriesSnapshot {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Creation time of the series, in milliseconds since the Unix epoch; 0 if it is unknown. */
  readonly createdAt: number;
}

/** One series of a histogram or a timer. */
export interface HistogramSeriesSnapshot {
  readonly labels: Readonly<Record<string, string>>;
  readonly count: number;
  readonly sum: number;
  /** Smallest observed value; NaN before the first one. */
  readonly min: number;
  /** Largest observed value; NaN before the first one. */
  readonly max: number;
  /** Cumulative count of values at or below each upper bound; the last bound is Infinity. */
  readonly buckets: readonly { readonly upperBound: number; readonly count: number }[];
  /** Creation time of the series, in milliseconds since the Unix epoch; 0 if it is unknown. */
  readonly createdAt: number;
  /** Exponential histogram, from which percentiles are read, if the snapshot was requested with it. */
  readonly exponential?: ExponentialHistogramSnapshot;
}

/** The column of the creation time; NaN in the row of a removed series. */
export const CREATED = 0;
/** The creation time of a series that mirrors a count that began elsewhere. */
export const CREATED_UNKNOWN = 0;
/** The column of the value of a counter or a gauge. */
export const VALUE = 1;
/** The first columns of a histogram; one column for each bucket follows them. */
export const SUM = 1;
export const MIN = 2;
export const MAX = 3;
export const FIRST_BUCKET = 4;

/** The identities of the series of a family, by row. */
export interface SeriesIdentities {
  /**
   * Returns the exposition prefix of a series: the beginning of its lines, with default labels and escapes. For a
   * counter or a gauge, it is all but the value, `name{method="GET"} `; for a histogram, `name_bucket{method="GET",`.
   * It is rendered once and kept.
   */
  expositionPrefixOf(row: number): string;
  /** Returns the same for text that it becomes part of at once. It need not be kept. */
  renderPrefixOf(row: number): string;
  /** Returns the labels of a series without the default labels. */
  labelsOf(row: number): Record<string, string>;
}

/** The numbers of all series of one metric, with one row of `stride` numbers for each series. */
export interface SeriesColumns {
  readonly numbers: Float64Array;
  readonly stride: number;
  /** The identities by row. As long as this is the same object, a row is never reused for another series. */
  readonly identities: SeriesIdentities;
  /** An object that is replaced at every reset of the metric. */
  readonly epoch: object;
  /** Exemplars by the index in `numbers` of their value or bucket. */
  readonly exemplars?: ReadonlyMap<number, Exemplar>;
}

interface FamilyBase extends SeriesColumns {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** True if a series need not have every label, and further label names may come with later series. */
  readonly openLabels?: boolean;
  /** Maximum number of series; samples beyond it are in the overflow series. */
  readonly seriesLimit: number;
  /** The metric of OpenTelemetry's semantic conventions that this is; undefined for all others. */
  readonly semantic?: SemanticMetric;
}

/** A counter or a gauge at one moment. */
export interface ScalarFamily extends FamilyBase {
  readonly type: Exclude<MetricType, 'histogram'>;
  /** Aggregation over several workers, if its definition sets one. */
  readonly aggregate?: Aggregation;
  readonly series: Iterable<ScalarSeriesSnapshot>;
}

/** A histogram or a timer at one moment. */
export interface HistogramFamily extends FamilyBase {
  readonly type: 'histogram';
  /** The finite upper bounds in ascending order; one more bucket, up to +Inf, follows them. */
  readonly upperBounds: readonly number[];
  /** @internal Exponential histograms by row, if the snapshot was requested with them. */
  readonly exponentials?: ExponentialSnapshots;
  readonly series: Iterable<HistogramSeriesSnapshot>;
}

/** One metric with all its series at one moment. `series` yields objects; renderers read the columns. */
export type MetricFamily = ScalarFamily | HistogramFamily;

/** An immutable snapshot of every metric of a registry. */
export interface MetricsSnapshot {
  /** Time of the snapshot, in milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** Labels that are added to every series. A label of the series with the same name wins. */
  readonly defaultLabels: Readonly<Record<string, string>>;
  readonly families: readonly MetricFamily[];
}

/** Returns the number of live series of all families. */
export function seriesCountOf(families: readonly SeriesColumns[]): number {
  let count = 0;
  for (const { numbers, stride } of families) {
    for (let at = CREATED; at < numbers.length; at += stride) if (!Number.isNaN(numbers[at])) count++;
  }
  return count;
}

/** Yields the rows that belong to a live series. */
export function* liveRows(columns: SeriesColumns): Generator<number> {
  const { numbers, stride } = columns;
  for (let at = 0, row = 0; at < numbers.length; at += stride, row++) {
    if (!Number.isNaN(numbers[at + CREATED])) yield row;
  }
}

/** Returns the series of a counter or a gauge. */
export function scalarSeries(columns: SeriesColumns): Iterable<ScalarSeriesSnapshot> {
  const { numbers, stride, identities } = columns;
  return {
    *[Symbol.iterator]() {
      for (const row of liveRows(columns)) {
        const at = row * stride;
        yield {
          labels: identities.labelsOf(row),
          value: numbers[at + VALUE] ?? NaN,
          createdAt: numbers[at + CREATED] ?? NaN,
        };
      }
    },
  };
}

/** Returns the series of a histogram. */
export function histogramSeries(
  columns: SeriesColumns,
  upperBounds: readonly number[],
  exponentials?: ExponentialSnapshots,
): Iterable<HistogramSeriesSnapshot> {
  const { numbers, stride, identities } = columns;
  return {
    *[Symbol.iterator]() {
      for (const row of liveRows(columns)) {
        const at = row * stride;
        let count = 0;
        const buckets = [...upperBounds, Infinity].map((upperBound, i) => ({
          upperBound,
          count: (count += numbers[at + FIRST_BUCKET + i] ?? NaN),
        }));
        const own = exponentials?.at(row);
        yield {
          labels: identities.labelsOf(row),
          count,
          sum: numbers[at + SUM] ?? NaN,
          min: numbers[at + MIN] ?? NaN,
          max: numbers[at + MAX] ?? NaN,
          buckets,
          createdAt: numbers[at + CREATED] ?? NaN,
          ...(own && { exponential: own }),
        };
      }
    },
  };
}
