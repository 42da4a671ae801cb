import type { MetricsSnapshot } from '../../metrics/snapshot.js';
import { expectOption } from '../../options/option-checks.js';

/** A filter for metrics: names, and regular expressions that match a part of a name. */
export type MetricFilter = readonly (string | RegExp)[];

/** @throws {MonitoringOptionsError} if a value is given and is not a filter */
export function checkMetricFilter(option: string, value: MetricFilter | undefined): void {
  const valid = value === undefined || (Array.isArray(value) && value.every(isPattern));
  expectOption(option, value, 'an array of metric names and regular expressions', valid);
}

function isPattern(pattern: unknown): boolean {
  return typeof pattern === 'string' || pattern instanceof RegExp;
}

/** Returns the snapshot with only the metrics that match the filter; without a filter, all of them. */
export function filterMetrics(snapshot: MetricsSnapshot, filter: MetricFilter | undefined): MetricsSnapshot {
  if (filter === undefined) return snapshot;
  const families = snapshot.families.filter(({ name }) =>
    filter.some((pattern) => (typeof pattern === 'string' ? pattern === name : name.search(pattern) >= 0)),
  );
  return { ...snapshot, families };
}
