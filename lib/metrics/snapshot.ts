import type { ExponentialHistogramSnapshot } from './exponential-histogram.js';
import type { Aggregation } from './metric-definition.js';
import type { MetricType } from './naming.js';

/** An example of a request behind a number: usually the trace that it belonged to. */
export interface Exemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** When it was observed, in milliseconds since the Unix epoch. */
  readonly timestamp: number;
}

/** One series of a counter or a gauge. */
export interface ScalarSeriesSnapshot {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** When the series began, in milliseconds since the Unix epoch. */
  readonly createdAt: number;
}

/** One series of a histogram or a timer. */
export interface HistogramSeriesSnapshot {
  readonly labels: Readonly<Record<string, string>>;
  readonly count: number;
  readonly sum: number;
  /** The smallest and the largest value observed; NaN as long as there is none. */
  readonly min: number;
  readonly max: number;
  /** How many values were at or below each upper bound; the last bound is Infinity. */
  readonly buckets: readonly { readonly upperBound: number; readonly count: number }[];
  /** When the series began, in milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** The finer histogram that percentiles come from, if the snapshot was asked to contain it. */
  readonly exponential?: ExponentialHistogramSnapshot;
}

/** Where the numbers of a row stand. A row whose `CREATED` is NaN belongs to no series any more. */
export const CREATED = 0;
/** The creation time of a series whose count began before the series did, somewhere else. */
export const CREATED_UNKNOWN = 0;
export const VALUE = 1;
export const SUM = 1;
export const MIN = 2;
export const MAX = 3;
export const FIRST_BUCKET = 4;

/** The identities of the series in a family, by row. */
export interface SeriesIdentities {
  /**
   * How the lines of the series begin in the exposition formats, default labels included and escaped: for a
   * counter or a gauge all but the value, `name{method="GET"} `, and for a histogram `name_bucket{method="GET",`.
   */
  lineStartOf(row: number): string;
  labelsOf(row: number): Record<string, string>;
}

/** The numbers of all series of one metric, one row a series, each `stride` numbers long. */
export interface SeriesColumns {
  readonly numbers: Float64Array;
  readonly stride: number;
  /** The same object as long as a row belongs to the same series: until then, rows are only added or die. */
  readonly identities: SeriesIdentities;
  /** Another object after every reset of the metric, which no series outlives. */
  readonly epoch: object;
  /** Exemplars by the place in `numbers` of the value or bucket that they are an example of. */
  readonly exemplars?: ReadonlyMap<number, Exemplar>;
}

interface FamilyBase extends SeriesColumns {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** How many series it may have; what is beyond them is in the overflow series. */
  readonly seriesLimit: number;
}

/** A counter or a gauge at one moment. */
export interface ScalarFamily extends FamilyBase {
  readonly type: Exclude<MetricType, 'histogram'>;
  /** What a gauge is when several workers have it, if its definition says so. */
  readonly aggregate?: Aggregation;
  readonly series: Iterable<ScalarSeriesSnapshot>;
}

/** A histogram or a timer at one moment. */
export interface HistogramFamily extends FamilyBase {
  readonly type: 'histogram';
  /** The finite upper bounds in ascending order; one more bucket, up to +Inf, follows them. */
  readonly upperBounds: readonly number[];
  readonly series: Iterable<HistogramSeriesSnapshot>;
}

/**
 * One metric with all its series at one moment. Iterate `series` for objects; renderers read the columns.
 */
export type MetricFamily = ScalarFamily | HistogramFamily;

/** Every metric of a registry at one moment; it never changes. */
export interface MetricsSnapshot {
  /** When it was taken, in milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** Labels that every series has beside its own, which win where the names are equal. */
  readonly defaultLabels: Readonly<Record<string, string>>;
  readonly families: readonly MetricFamily[];
}

/** The rows of `columns` that belong to a series. */
export function* liveRows(columns: SeriesColumns): Generator<number> {
  const { numbers, stride } = columns;
  for (let at = 0, row = 0; at < numbers.length; at += stride, row++) {
    if (!Number.isNaN(numbers[at + CREATED])) yield row;
  }
}

export function scalarSeries(columns: SeriesColumns): Iterable<ScalarSeriesSnapshot> {
  const { numbers, stride, identities } = columns;
  return {
    *[Symbol.iterator]() {
      for (const row of liveRows(columns)) {
        const at = row * stride;
        yield {
          labels: identities.labelsOf(row),
          value: numbers[at + VALUE],
          createdAt: numbers[at + CREATED],
        };
      }
    },
  };
}

export function histogramSeries(
  columns: SeriesColumns,
  upperBounds: readonly number[],
  exponential?: readonly (ExponentialHistogramSnapshot | undefined)[],
): Iterable<HistogramSeriesSnapshot> {
  const { numbers, stride, identities } = columns;
  return {
    *[Symbol.iterator]() {
      for (const row of liveRows(columns)) {
        const at = row * stride;
        let count = 0;
        const buckets = [...upperBounds, Infinity].map((upperBound, i) => ({
          upperBound,
          count: (count += numbers[at + FIRST_BUCKET + i]),
        }));
        const fine = exponential?.[row];
        yield {
          labels: identities.labelsOf(row),
          count,
          sum: numbers[at + SUM],
          min: numbers[at + MIN],
          max: numbers[at + MAX],
          buckets,
          createdAt: numbers[at + CREATED],
          ...(fine && { exponential: fine }),
        };
      }
    },
  };
}
