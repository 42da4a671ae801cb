import type { Unit } from '../views/panel.js';

/** Limits of a content in number. */
export const MAX = {
  paragraphs: 20,
  figures: 24,
  charts: 8,
  lines: 8,
  tables: 8,
  columns: 20,
  rows: 200,
  actions: 10,
};
/** Limits in characters. */
export const LENGTH = { promql: 1_000, paragraph: 1_000, title: 80, note: 200, cell: 300, name: 200 };

/** The units of values. */
export const UNITS: readonly Unit[] = [
  'number',
  'seconds',
  'milliseconds',
  'bytes',
  'percent',
  'ratio',
  'per second',
  'bytes per second',
  'timestamp',
];

/** Returns an object with a member, unless it is undefined. */
export function known<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: T };
}
