import type { MetricFamily } from '../metrics/snapshot.js';
import { conventionOfAll } from '../metrics/conventions/conventions.js';
import { ConventionalNames } from './conventional-names.js';
import { matchersOf } from './label-matchers.js';

/**
 * Returns PromQL queries that show a metric, the usual one first.
 *
 * @param names names of the metrics in Prometheus. @default ours
 */
export function suggestedQueries(
  family: Pick<MetricFamily, 'name' | 'type' | 'labelNames'>,
  labels: Readonly<Record<string, string>>,
  names = new ConventionalNames(conventionOfAll('prometheus')),
): string[] {
  const selection = names.selection({ metric: family.name, labels });
  const { type } = family;
  const name = selection.part === 'count' ? `${selection.metric}_count` : selection.metric;
  const matchers = matchersOf(selection.labels).map(
    ({ name: label, operator, value }) => `${label}${operator}${quoted(value)}`,
  );
  const selector = (metric: string): string =>
    matchers.length === 0 ? metric : `${metric}{${matchers.join(', ')}}`;
  const by = names.labelNamesOf(family).filter((label) => !Object.hasOwn(selection.labels, label));
  const grouped = by.length === 0 ? 'sum' : `sum by (${by.join(', ')})`;
  if (type === 'histogram') {
    return [
      `histogram_quantile(0.95, sum by (le) (rate(${selector(`${name}_bucket`)}[5m])))`,
      `${grouped} (rate(${selector(`${name}_count`)}[5m]))`,
      `rate(${selector(`${name}_sum`)}[5m]) / rate(${selector(`${name}_count`)}[5m])`,
    ];
  }
  if (type === 'counter') return [`${grouped} (rate(${selector(name)}[5m]))`, selector(name)];
  return [selector(name), `max_over_time(${selector(name)}[1h])`];
}

/** Returns a string literal of PromQL, which has the escapes of Go. */
function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
