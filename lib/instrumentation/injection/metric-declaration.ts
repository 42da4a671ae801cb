import type { Counter, CounterSeries } from '../../metrics/counter.js';
import type { Gauge, GaugeSeries } from '../../metrics/gauge.js';
import type { Histogram, HistogramSeries } from '../../metrics/histogram.js';
import type {
  BoundMetricOptions,
  BucketOptions,
  CounterOptions,
  GaugeOptions,
  MetricOptions,
} from '../../metrics/metric-definition.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Timer, TimerSeries } from '../../metrics/timer.js';

/** A declaration of a metric, for `MonitoringModule.forFeature()`. */
export interface MetricDeclaration<M = unknown> {
  readonly name: string;
  /** Registers the metric, or returns the one that is already registered. */
  readonly metricIn: (registry: MetricsRegistry) => M;
}

/** The type of a declared metric, such as `MetricOf<typeof ordersTotal>`. */
export type MetricOf<D extends MetricDeclaration> = D extends MetricDeclaration<infer M> ? M : never;

/** Declares a counter, with the arguments of `registry.counter()`. */
export function defineCounter<const L extends string>(
  name: string,
  help: string,
  options: BoundMetricOptions<L> & CounterOptions,
): MetricDeclaration<CounterSeries>;
export function defineCounter<const L extends string = never>(
  name: string,
  help: string,
  options?: MetricOptions<L> & CounterOptions,
): MetricDeclaration<Counter<L>>;
export function defineCounter(name: string, help: string, options: object = {}): unknown {
  return declare(name, (registry) => registry.counter(name, help, options));
}

/** Declares a gauge, with the arguments of `registry.gauge()`. */
export function defineGauge<const L extends string>(
  name: string,
  help: string,
  options: BoundMetricOptions<L> & GaugeOptions,
): MetricDeclaration<GaugeSeries>;
export function defineGauge<const L extends string = never>(
  name: string,
  help: string,
  options?: MetricOptions<L> & GaugeOptions,
): MetricDeclaration<Gauge<L>>;
export function defineGauge(name: string, help: string, options: object = {}): unknown {
  return declare(name, (registry) => registry.gauge(name, help, options));
}

/** Declares a histogram, with the arguments of `registry.histogram()`. */
export function defineHistogram<const L extends string>(
  name: string,
  help: string,
  options: BoundMetricOptions<L> & BucketOptions,
): MetricDeclaration<HistogramSeries>;
export function defineHistogram<const L extends string = never>(
  name: string,
  help: string,
  options?: MetricOptions<L> & BucketOptions,
): MetricDeclaration<Histogram<L>>;
export function defineHistogram(name: string, help: string, options: object = {}): unknown {
  return declare(name, (registry) => registry.histogram(name, help, options));
}

/** Declares a timer, with the arguments of `registry.timer()`. */
export function defineTimer<const L extends string>(
  name: string,
  help: string,
  options: BoundMetricOptions<L> & BucketOptions,
): MetricDeclaration<TimerSeries>;
export function defineTimer<const L extends string = never>(
  name: string,
  help: string,
  options?: MetricOptions<L> & BucketOptions,
): MetricDeclaration<Timer<L>>;
export function defineTimer(name: string, help: string, options: object = {}): unknown {
  return declare(name, (registry) => registry.timer(name, help, options));
}

/** Returns true for a declaration, such as that of `defineCounter()`. */
export function isDeclaration(value: unknown): value is MetricDeclaration {
  const { name, metricIn } = Object(value) as Partial<MetricDeclaration>;
  return typeof name === 'string' && typeof metricIn === 'function';
}

function declare<M>(name: string, metricIn: (registry: MetricsRegistry) => M): MetricDeclaration<M> {
  return { name, metricIn };
}
