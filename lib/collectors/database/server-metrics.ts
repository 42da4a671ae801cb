import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { CounterMirror } from '../counter-mirror.js';

/** Definition of one metric of a database server. */
export interface ServerMetric {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** A table of definitions, by the key that the collector uses. */
export type ServerMetrics = Readonly<Record<string, ServerMetric>>;

/** The gauges of a table of definitions. */
export type GaugesOf<D extends ServerMetrics> = {
  readonly [K in keyof D]: Gauge<D[K]['labelNames'][number]>;
};

/** The counters of a table of definitions. */
export type CountersOf<D extends ServerMetrics> = {
  readonly [K in keyof D]: CounterMirror<D[K]['labelNames'][number]>;
};

/** Registers a gauge for each definition. */
export function registerGauges<D extends ServerMetrics>(
  registry: MetricsRegistry,
  definitions: D,
): GaugesOf<D> {
  const gauges = Object.entries(definitions).map(
    ([key, { name, help, labelNames }]) =>
      [key, registry.gauge(name, help, { labelNames, aggregate: 'shared' })] as const,
  );
  return Object.fromEntries(gauges) as GaugesOf<D>;
}

/** Registers a counter for each definition, which mirrors a count of the server. */
export function registerCounters<D extends ServerMetrics>(
  registry: MetricsRegistry,
  definitions: D,
): CountersOf<D> {
  const counters = Object.entries(definitions).map(
    ([key, { name, help, labelNames }]) =>
      [key, new CounterMirror(registry.counter(name, help, { labelNames, aggregate: 'shared' }))] as const,
  );
  return Object.fromEntries(counters) as CountersOf<D>;
}

/** Sets a gauge, unless the value is unknown. */
export function setKnown<L extends string>(
  gauge: Gauge<L>,
  labels: Readonly<Record<L, string>>,
  value: number | undefined,
): void {
  if (value !== undefined) (gauge as Gauge<string>).set(labels, value);
}

/** Raises a gauge that has been reset to a value of at least 0, unless it is higher or the value is unknown. */
export function raiseToKnown<L extends string>(
  gauge: Gauge<L>,
  labels: Readonly<Record<L, string>>,
  value: number | undefined,
): void {
  if (value !== undefined) setKnown(gauge, labels, Math.max(value, (gauge as Gauge<string>).value(labels)));
}
