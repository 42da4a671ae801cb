import type { MetricFamily } from '../metrics/snapshot.js';

/** Returns PromQL queries that show a metric, the usual one first. */
export function suggestedQueries(
  { name, type, labelNames }: Pick<MetricFamily, 'name' | 'type' | 'labelNames'>,
  labels: Readonly<Record<string, string>>,
): string[] {
  const matchers = Object.entries(labels).map(([label, value]) => `${label}=${quoted(value)}`);
  const selector = (metric: string): string =>
    matchers.length === 0 ? metric : `${metric}{${matchers.join(', ')}}`;
  const by = labelNames.filter((label) => !Object.hasOwn(labels, label));
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
