import type { MetricsRegistry } from 'nestjs-monitoring';
import { seriesOf } from '../e2e/fixture/start-app.js';

/** The series of a metric, each by the values of its labels, or of those that are named. */
export function valuesOf(
  registry: MetricsRegistry,
  name: string,
  labelNames?: readonly string[],
): Record<string, number> {
  return Object.fromEntries(
    seriesOf(registry, name).map(({ labels, value }) => [
      (labelNames ?? Object.keys(labels)).map((label) => labels[label]).join(' '),
      value,
    ]),
  );
}

/** How many statements were counted, by system, operation and table. */
export function statementsOf(registry: MetricsRegistry): Record<string, number> {
  return valuesOf(registry, 'db_client_operation_duration_seconds');
}
