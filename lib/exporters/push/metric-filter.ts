import type { MetricFamily, MetricsSnapshot } from '../../metrics/snapshot.js';

/** A filter for metrics: names, and regular expressions that match a part of a name. */
export type MetricFilter = readonly (string | RegExp)[];

/** The filter in words, for error messages. */
export const METRIC_FILTER = 'an array of metric names and regular expressions';

/** Returns the snapshot with only the metrics that match the filter; without a filter, all of them. */
export function filterMetrics(snapshot: MetricsSnapshot, filter: MetricFilter | undefined): MetricsSnapshot {
  if (filter === undefined) return snapshot;
  const families = snapshot.families.filter((family) =>
    namesOf(family).some((name) =>
      filter.some((pattern) => (typeof pattern === 'string' ? pattern === name : pattern.test(name))),
    ),
  );
  return { ...snapshot, families };
}

/** Returns every name by which a filter may name a metric: also those of our metrics that a semantic one is derived from. */
function namesOf({ name, semantic }: MetricFamily): string[] {
  if (semantic === undefined) return [name];
  const { sources, covers = [] } = semantic;
  return [name, semantic.name, ...[...sources, ...covers].map(({ metric }) => metric)];
}
