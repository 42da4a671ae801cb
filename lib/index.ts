// metrics
export { DEFAULT_BUCKETS, exponentialBuckets, linearBuckets } from './metrics/buckets.js';
export { type Clock as MonitoringClock, systemClock } from './metrics/clock.js';
export type { Collector } from './metrics/collector.js';
export { Counter, type CounterSeries } from './metrics/counter.js';
export { MetricDefinitionError } from './metrics/errors.js';
export type { ExponentialBuckets, ExponentialHistogramSnapshot } from './metrics/exponential-histogram.js';
export { Gauge, type GaugeSeries } from './metrics/gauge.js';
export { Histogram, type HistogramSeries } from './metrics/histogram.js';
export type { Labels, LabelValue } from './metrics/labels.js';
export type {
  Aggregation,
  BoundMetricOptions,
  BucketOptions,
  CounterOptions,
  GaugeOptions,
  MetricKind,
  MetricOptions,
} from './metrics/metric-definition.js';
export type { Metric, SampleArguments, SnapshotOptions } from './metrics/metric.js';
export type { DropReason } from './metrics/metric-host.js';
export type { MetricType } from './metrics/naming.js';
export { type AnyMetric, MetricsRegistry, type MetricsSource } from './metrics/registry.js';
export type { MetricsRegistryOptions, WarningLogger } from './metrics/registry-options.js';
export type { ExemplarLabels, ExemplarSource } from './metrics/exemplars.js';
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

// integrations
export { ActiveTrace, type TraceFields } from './integrations/opentelemetry/active-trace.js';

// collectors
export {
  ApiStatistics,
  type EndpointStatistics,
  type Percentile,
  type RequestStatistics,
} from './query/api-statistics.js';
export type { ActiveUsers } from './business/active-users.js';
export {
  BusinessMetrics,
  type Countable,
  type KpiOptions,
  type KpiValue,
  type LabelledKpiValue,
} from './business/business-metrics.js';
export type { IsLeader } from './business/leadership.js';
export {
  type CollectsMetrics,
  MetricsCollector,
  type MetricsCollectorOptions,
} from './business/metrics-collector.decorator.js';
export type { Revenue } from './business/revenue.js';

// cluster
export type { ClusterOptions } from './cluster/cluster.options.js';

// instrumentation
export {
  type JobContext,
  MetricsContext,
  type RunOptions,
} from './instrumentation/context/metrics-context.js';
export type { StaticLabelInput } from './instrumentation/decorators/decorator-options.js';
export {
  MonitorModelOperation,
  type MonitorModelOperationOptions,
} from './instrumentation/decorators/monitor-model-operation.decorator.js';
export {
  MonitorPerformance,
  type MonitorPerformanceOptions,
} from './instrumentation/decorators/monitor-performance.decorator.js';
export { TrackErrors, type TrackErrorsOptions } from './instrumentation/decorators/track-errors.decorator.js';
export {
  TrackMetrics,
  type TrackMetricsOptions,
} from './instrumentation/decorators/track-metrics.decorator.js';
export { getMetricToken, InjectMetric } from './instrumentation/injection/inject-metric.decorator.js';
export {
  defineCounter,
  defineGauge,
  defineHistogram,
  defineTimer,
  type MetricDeclaration,
  type MetricOf,
} from './instrumentation/injection/metric-declaration.js';

export { MetricsInterceptor } from './instrumentation/metrics.interceptor.js';

// exporters
export type { CloudWatchClientLike } from './exporters/cloudwatch/cloudwatch.destination.js';
export { CloudWatchExporter } from './exporters/cloudwatch/cloudwatch.exporter.js';
export type { CloudWatchExporterOptions } from './exporters/cloudwatch/cloudwatch.options.js';
export type { CloudWatchCost, CloudWatchPrices } from './exporters/cloudwatch/cost-preview.js';
export type { DatadogClient } from './exporters/datadog/datadog-client.transport.js';
export { DatadogExporter } from './exporters/datadog/datadog.exporter.js';
export type { DatadogExporterOptions, DatadogSite } from './exporters/datadog/datadog.options.js';
export type { JsonHistogram, JsonMetric, JsonMetrics, JsonScalar } from './exporters/json/json-document.js';
export { JsonExporter } from './exporters/json/json.exporter.js';
export type { JsonExporterOptions } from './exporters/json/json.options.js';
export type { OtlpMetricExporter } from './exporters/otlp/otlp-exporter.sender.js';
export { OtlpExporter } from './exporters/otlp/otlp.exporter.js';
export type { OtlpExporterOptions } from './exporters/otlp/otlp.options.js';
export type { ExpositionFormat } from './exporters/prometheus/exposition-format.js';
export type {
  BridgeDependencies,
  BridgeDropReason,
  PromClientRegistry,
} from './exporters/prometheus/prom-client.bridge.js';
export {
  type BridgesOptions,
  type GenerateOptions,
  PrometheusExporter,
  type PrometheusExporterOptions,
} from './exporters/prometheus/prometheus.exporter.js';
export { PushgatewayExporter } from './exporters/pushgateway/pushgateway.exporter.js';
export type { PushgatewayExporterOptions } from './exporters/pushgateway/pushgateway.options.js';
export { ExporterMetrics } from './exporters/push/exporter-metrics.js';
export { PushExporter } from './exporters/push/push.exporter.js';
export type { RegisterTimer } from './primitives/register-timer.js';
export type { ExporterLogger, PushDependencies } from './exporters/push/push-dependencies.js';
export type { PushExporterOptions } from './exporters/push/push.options.js';
export type { MetricFilter } from './exporters/push/metric-filter.js';
export type { PushFetch, PushFetchInit, PushFetchResponse } from './exporters/push/http-exchange.js';
export { type PushDestination, PushError, type PushRequest } from './exporters/push/push-destination.js';
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

// alerting
export { AlertHandler, type AlertHandlerProvider } from './alerting/alert-handler.decorator.js';
export type { AlertHandlerEntry, AlertingOptions } from './alerting/alerting.options.js';
export type { Alert, AlertEvent, AlertState, AlertStatus } from './alerting/alert.js';
export { AlertingMonitor, type AlertingMonitorOptions } from './alerting/alerting.monitor.js';
export type { AlertChange, AlertTimeline, BackTestOptions, BackTestResult } from './alerting/back-test.js';
export { AlertmanagerHandler, type AlertmanagerOptions } from './alerting/handlers/alertmanager.handler.js';
export {
  EmailAlertHandler,
  type EmailOptions,
  type MailTransport,
} from './alerting/handlers/email.handler.js';
export { type AlertLogger, LoggerAlertHandler } from './alerting/handlers/logger.handler.js';
export { SlackAlertHandler, type SlackOptions } from './alerting/handlers/slack.handler.js';
export { WebhookAlertHandler, type WebhookOptions } from './alerting/handlers/webhook.handler.js';
export type { AlertHandlerOptions } from './alerting/notifications/handler.options.js';
export type { InhibitRule } from './alerting/notifications/inhibition.js';
export {
  type AlertHandlerFunction,
  type AlertNotification,
  type AlertStateHandler,
  NotificationError,
  type NotificationHandler,
} from './alerting/notifications/notification.js';
export type { Silence, SilenceRequest, SilenceState } from './alerting/notifications/silences.js';
export {
  PerformanceMonitor,
  type PerformanceStatus,
  type ThresholdAlert,
} from './alerting/performance.monitor.js';
export type { Threshold, Thresholds } from './alerting/thresholds.options.js';
export type { RuleHealth } from './alerting/rule-evaluator.js';
export type { RuleStatus } from './alerting/rule-status.js';
export type {
  AlertAggregation,
  AlertCondition,
  AlertRule,
  BurnRate,
  Comparison,
  ConditionRule,
  Measurement,
  ServiceLevel,
  ServiceLevelRule,
  Severity,
} from './alerting/rules/alert-rule.js';
export type { ComparisonOperator } from './query/expression.js';
export type { VitalName } from './query/vital-expressions.js';
export { Vitals } from './query/vitals.js';

// history
export type { HistoryOptions } from './history/history.options.js';
export type { LabelMatcher, LabelMatchers, LabelPattern } from './query/label-matchers.js';
export type { RetentionRequest } from './history/retention.js';
export { MetricsHistory } from './query/metrics-history.js';
export type { HistogramPart, HistoryPoints, HistoryReading, HistoryReadOptions } from './query/readings.js';

// health
export type {
  BuiltInCheckOptions,
  BuiltInChecksOptions,
  DiskCheckOptions,
  EventLoopCheckOptions,
  PercentLimits,
} from './health/checks/built-in-checks.options.js';
export {
  alertsHealthCheck,
  type AlertsHealthCheckOptions,
  type FiringAlerts,
  httpHealthCheck,
  type HttpHealthCheckOptions,
  microserviceHealthCheck,
  type MicroserviceClient,
  type MicroserviceHealthCheckOptions,
  tcpHealthCheck,
  type TcpHealthCheckOptions,
} from './health/checks/dependency.checks.js';
export { diskHealthCheck, eventLoopHealthCheck, memoryHealthCheck } from './health/checks/process.checks.js';
export type { HealthCheck, HealthCheckAnswer, HealthCheckOptions } from './health/health-check.js';
export { HealthCheckProvider } from './health/health-check-provider.decorator.js';
export type {
  HealthCheckResult,
  HealthReport,
  HealthTransition,
  HealthTransitionHandler,
} from './health/health-report.js';
export type { HealthStatus } from './health/health-status.js';
export {
  type HealthLogger,
  HealthMonitor,
  type HealthMonitorOptions,
  type LifecyclePhase,
} from './health/health.monitor.js';
export type {
  AlertsInHealthOptions,
  HealthCheckDefaultsOptions,
  HealthGroups,
  HealthOptions,
} from './health/health.options.js';

// dashboard
export { grafanaDashboards, type GrafanaDashboardsOptions } from './dashboard/grafana/grafana-dashboards.js';

// module
export type { BuildInfoOptions } from './collectors/app-info/build.options.js';
export type { CacheCollectorOptions } from './collectors/cache/cache.options.js';
export type { ApiStatisticsOptions } from './collectors/api/api.options.js';
export type { CollectorSchedule } from './collectors/collector-schedule.js';
export type { QueuesOptions } from './collectors/queues/queues.options.js';
export type { BusinessOptions } from './business/business.options.js';
export type { CollectorsOptions } from './collectors/collectors.options.js';
export type { DatabaseCollectorOptions } from './collectors/database/database.options.js';
export type { RuntimeOptions } from './collectors/runtime/runtime.options.js';
export type { SystemOptions } from './collectors/system/system.options.js';
export type { AuthFailureLimit } from './http/auth-failures.js';
export type { EndpointAuth } from './http/endpoint.authorizer.js';
export type { EndpointsOptions } from './http/endpoints.options.js';
export { type ListenOptions, MonitoringServer } from './http/monitoring.server.js';
export type { ExportersOptions } from './exporters/exporters.options.js';
export type { ErrorsOptions } from './instrumentation/errors/errors.options.js';
export type { JobMetricsOptions, JobsOptions } from './instrumentation/jobs/jobs.options.js';
export type { GraphQLMetricsOptions } from './instrumentation/graphql/graphql.options.js';
export type { OutgoingHttpOptions } from './instrumentation/outgoing-http/outgoing-http.options.js';
export type { HttpMetricsOptions } from './instrumentation/http/http.options.js';
export type { RpcMetricsOptions } from './instrumentation/messages/rpc.options.js';
export type { WebSocketMetricsOptions } from './instrumentation/messages/websocket.options.js';
export { type MonitoringAsyncOptions, MonitoringModule } from './module/monitoring.module.js';
export type { MonitoringOptions } from './module/monitoring.options.js';
export { MonitoringOptionsError } from './options/option-checks.js';
