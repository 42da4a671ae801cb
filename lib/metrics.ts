// The door for libraries and scripts without Nest: the metrics and their text for Prometheus.
export type { ExpositionFormat, TextFormat } from './exporters/prometheus/format-negotiation.js';
export type {
  NativeHistogramOptions,
  NativeHistogramsOptions,
} from './exporters/prometheus/native-histograms.options.js';
export type {
  PromClientRegistry,
  BridgeDependencies,
  BridgeDropReason,
} from './exporters/prometheus/prom-client.bridge.js';
export {
  type BridgesOptions,
  type GenerateOptions,
  PrometheusExporter,
  type PrometheusExporterOptions,
  type PrometheusFormatOptions,
} from './exporters/prometheus/prometheus.exporter.js';
export { DEFAULT_BUCKETS, exponentialBuckets, linearBuckets } from './metrics/buckets.js';
export { type Clock as MonitoringClock, systemClock } from './metrics/clock.js';
export type { Collector } from './metrics/collector.js';
export { Counter, type CounterSeries } from './metrics/counter.js';
export { MetricDefinitionError } from './metrics/metric-definition.error.js';
export type { ExemplarLabels, ExemplarSource } from './metrics/exemplars.js';
export type { ExponentialBuckets, ExponentialHistogramSnapshot } from './metrics/exponential-histogram.js';
export { Gauge, type GaugeSeries } from './metrics/gauge.js';
export { Histogram, type HistogramSeries } from './metrics/histogram.js';
export type { Labels, LabelValue } from './metrics/labels.js';
export type {
  Aggregation,
  BoundMetricOptions,
  BucketOptions,
  GaugeOptions,
  MetricKind,
  MetricOptions,
  CounterOptions,
} from './metrics/metric-definition.js';
export type { DropReason } from './metrics/metric-host.js';
export type { Metric, SampleArguments, SnapshotOptions } from './metrics/metric.js';
export type { MetricType } from './metrics/naming-rules.js';
export type { MetricsRegistryOptions, WarningLogger } from './metrics/registry-options.js';
export {
  type AnyMetric,
  type CollectOptions,
  MetricsRegistry,
  type MetricsSource,
} from './metrics/registry.js';
export type {
  Exemplar,
  HistogramFamily,
  HistogramSeriesSnapshot,
  MetricFamily,
  MetricsSnapshot,
  ScalarFamily,
  ScalarSeriesSnapshot,
} from './metrics/snapshot.js';
export { type StopTimer, Timer, type TimerSeries } from './metrics/timer.js';
