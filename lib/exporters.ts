// The door for exporters that are created by hand, and for destinations of one's own.
export type { CloudWatchClientLike } from './exporters/cloudwatch/cloudwatch.destination.js';
export type { CloudWatchExporterOptions } from './exporters/cloudwatch/cloudwatch.options.js';
export type { CloudWatchCost, CloudWatchPrices } from './exporters/cloudwatch/cost-preview.js';
export type { DatadogClient } from './exporters/datadog/datadog-client.transport.js';
export type { DatadogExporterOptions, DatadogSite } from './exporters/datadog/datadog.options.js';
export type { EmbeddedMetricsExporterOptions } from './exporters/embedded-metrics/embedded-metrics.options.js';
export type { EmbeddedMetricsStream } from './exporters/embedded-metrics/line-writer.js';
export type { JsonHistogram, JsonMetric, JsonMetrics, JsonScalar } from './exporters/json/json-document.js';
export type { JsonExporterOptions } from './exporters/json/json.options.js';
export type { OtlpMetricExporter } from './exporters/otlp/otlp-exporter.sender.js';
export type { OtlpExporterOptions } from './exporters/otlp/otlp.options.js';
export {
  PrometheusExporter,
  type PrometheusExporterOptions,
} from './exporters/prometheus/prometheus.exporter.js';
export { ExporterMetrics } from './exporters/push/exporter-metrics.js';
export type { PushFetch, PushFetchInit, PushFetchResponse } from './exporters/push/http-exchange.js';
export type { MetricFilter } from './exporters/push/metric-filter.js';
export type {
  CounterInterval,
  CounterIntervalFamily,
  GaugeInterval,
  GaugeIntervalFamily,
  HistogramInterval,
  HistogramIntervalFamily,
  IntervalDistribution,
  IntervalFamily,
  MetricsInterval,
} from './exporters/push/metrics-interval.js';
export type { ExporterLogger, PushDependencies } from './exporters/push/push-dependencies.js';
export { type PushDestination, PushError, type PushRequest } from './exporters/push/push-destination.js';
export {
  CloudWatchExporter,
  DatadogExporter,
  EmbeddedMetricsExporter,
  JsonExporter,
  OtlpExporter,
  PushgatewayExporter,
  RemoteWriteExporter,
} from './exporters/push-exporters.js';
export { PushExporter } from './exporters/push/push.exporter.js';
export type { PushExporterOptions } from './exporters/push/push.options.js';
export type { PushgatewayExporterOptions } from './exporters/pushgateway/pushgateway.options.js';
export type {
  RemoteWriteExporterOptions,
  RemoteWriteSigV4Options,
} from './exporters/remote-write/remote-write.options.js';
export type { AwsCredentials, AwsCredentialsSource } from './exporters/remote-write/sigv4.signer.js';
export {
  flushMetrics,
  type FlushMetricsOptions,
  type MonitoredApplication,
  wrapHandler,
} from './exporters/wrap-handler.js';
