import type { LabelMatchers } from './label-matchers.js';

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
export type Merge = (values: readonly number[]) => number;

export const total: Merge = (values) => values.reduce((all, value) => all + value, 0);
export const mean: Merge = (values) => total(values) / values.length;
export const least: Merge = (values) => Math.min(...values);
export const most: Merge = (values) => Math.max(...values);

/** One reading for all that are equal in these labels. */
export function merged(readings: readonly Reading[], groupBy: readonly string[], merge: Merge): Reading[] {
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

export function groupLabels(
  labels: Readonly<Record<string, string>>,
  groupBy: readonly string[] | undefined,
): Readonly<Record<string, string>> {
  if (groupBy === undefined) return labels;
  return Object.fromEntries(
    groupBy.flatMap((name) => (Object.hasOwn(labels, name) && labels[name] ? [[name, labels[name]]] : [])),
  );
}

/** Labels as one text that no other labels have. */
export function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
