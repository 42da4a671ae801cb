import type { MetricsSnapshot } from '../../metrics/snapshot.js';
import { expectOption } from '../../options/option-checks.js';

/** Which metrics an exporter sends: names, or regular expressions that find something in a name. */
export type MetricChoice = readonly (string | RegExp)[];

/** @throws {MonitoringOptionsError} if the value is given and is no such list */
export function checkMetricChoice(option: string, value: MetricChoice | undefined): void {
  const valid = value === undefined || (Array.isArray(value) && value.every(isPattern));
  expectOption(option, value, 'a list of names of metrics or regular expressions', valid);
}

function isPattern(pattern: unknown): boolean {
  return typeof pattern === 'string' || pattern instanceof RegExp;
}

/** A snapshot of the metrics that were chosen, which are all if nothing was. */
export function chosen(snapshot: MetricsSnapshot, choice: MetricChoice | undefined): MetricsSnapshot {
  if (choice === undefined) return snapshot;
  const families = snapshot.families.filter(({ name }) =>
    choice.some((pattern) => (typeof pattern === 'string' ? pattern === name : name.search(pattern) >= 0)),
  );
  return { ...snapshot, families };
}
