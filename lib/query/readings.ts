import type { LabelMatchers } from './label-matchers.js';
import { groupByLabels } from './label-sets.js';
import { largest, smallest } from '../primitives/extremes.js';

/** A selection of the series of a metric, and their grouping. */
export interface HistoryReadOptions {
  /** Label values that the series must have. @default every series */
  readonly labels?: LabelMatchers;
  /** Names of the labels by which series are grouped. @default each series stands for itself */
  readonly groupBy?: readonly string[];
  /** Evaluation time, in milliseconds since the Unix epoch. @default the time of the last sample */
  readonly at?: number;
}

/** One number of one series or of one group of series. */
export interface HistoryReading {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A number of a histogram: the count of its values, their sum, or the count up to the bucket bound with an index. */
export type HistogramPart = 'count' | 'sum' | { readonly bucket: number };

/** One series over time, for charts. */
export interface HistoryPoints {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [timestamp: number, value: number])[];
}

/** A function that aggregates the values of a group of series. */
export type Aggregator = (values: readonly number[]) => number;

export const total: Aggregator = (values) => values.reduce((all, value) => all + value, 0);
export const mean: Aggregator = (values) => total(values) / values.length;
export const least: Aggregator = smallest;
export const most: Aggregator = largest;

/** Aggregates the readings that are equal in these labels. */
export function aggregateReadings(
  readings: readonly HistoryReading[],
  groupBy: readonly string[],
  aggregate: Aggregator,
): HistoryReading[] {
  return groupByLabels(readings, groupBy).map(({ labels, items }) => ({
    labels,
    value: aggregate(items.map(({ value }) => value)),
  }));
}
