// The first, since it measures how long the import takes.
export { type MonitoringAsyncOptions, MonitoringModule } from './module/monitoring.module.js';
export { AlertHandler, type AlertHandlerProvider } from './alerting/alert-handler.decorator.js';
export type { Alert, AlertStatus } from './alerting/alert.js';
export { AlertingMonitor } from './alerting/alerting.monitor.js';
export type { AlertingOptions } from './alerting/alerting.options.js';
export type { AlertHandlerOptions } from './alerting/notifications/handler.options.js';
export type { AlertHandlerFunction } from './alerting/notifications/notification.js';
export {
  PerformanceMonitor,
  type PerformanceStatus,
  type ThresholdAlert,
} from './alerting/performance.monitor.js';
export type { AlertRule, Severity } from './alerting/rules/alert-rule.js';
export type { Threshold, Thresholds } from './alerting/thresholds.options.js';
export type { ActiveUsers } from './business/active-users.js';
export {
  BusinessMetrics,
  type Countable,
  type KpiOptions,
  type KpiValue,
  type LabelledKpiValue,
} from './business/business-metrics.js';
export type { BusinessOptions } from './business/business.options.js';
export type { IsLeader } from './business/leadership.js';
export {
  type CollectsMetrics,
  MetricsCollector,
  type MetricsCollectorOptions,
} from './business/metrics-collector.decorator.js';
export type { Revenue } from './business/revenue.js';
export type { ClusterOptions } from './cluster/cluster.options.js';
export type { CollectorsOptions } from './collectors/collectors.options.js';
export type { ExportersOptions } from './exporters/exporters.options.js';
export { PrometheusExporter } from './exporters/prometheus/prometheus.exporter.js';
export { MetricsController } from './exporters/prometheus/metrics.controller.js';
export { HealthCheckProvider } from './health/health-check-provider.decorator.js';
export type { HealthCheck, HealthCheckAnswer, HealthCheckOptions } from './health/health-check.js';
export type {
  HealthCheckResult,
  HealthReport,
  HealthTransition,
  HealthTransitionHandler,
} from './health/health-report.js';
export type { HealthStatus } from './health/health-status.js';
export { HealthController } from './health/health.controller.js';
export { HealthMonitor } from './health/health.monitor.js';
export { MonitoringHealthIndicator } from './health/monitoring-health-indicator.js';
export type { HealthOptions, HealthGroups } from './health/health.options.js';
export { LivenessController } from './health/liveness.controller.js';
export { ReadinessController } from './health/readiness.controller.js';
export { StartupController } from './health/startup.controller.js';
export type { HistoryOptions } from './history/history.options.js';
export type { RetentionRequest } from './history/retention.js';
export type { EndpointAuth } from './http/endpoint.authorizer.js';
export type { EndpointsOptions } from './http/endpoints.options.js';
export { type EndpointsListenOptions, MonitoringServer } from './http/monitoring.server.js';
export {
  type JobContext,
  MetricsContext,
  type MetricsContextOptions,
} from './instrumentation/context/metrics-context.js';
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
export type { ErrorsOptions } from './instrumentation/errors/errors.options.js';
export type { GraphQLMetricsOptions } from './instrumentation/graphql/graphql.options.js';
export type { HttpMetricsOptions } from './instrumentation/http/http.options.js';
export { getMetricToken, InjectMetric } from './instrumentation/injection/inject-metric.decorator.js';
export {
  defineCounter,
  defineGauge,
  defineHistogram,
  defineTimer,
  type MetricDeclaration,
  type MetricOf,
} from './instrumentation/injection/metric-declaration.js';
export type { JobsOptions, JobMetricsOptions } from './instrumentation/jobs/jobs.options.js';
export type { RpcMetricsOptions } from './instrumentation/messages/rpc.options.js';
export type { WebSocketMetricsOptions } from './instrumentation/messages/websocket.options.js';
export { MetricsInterceptor } from './instrumentation/metrics.interceptor.js';
export type { OutgoingHttpMetricsOptions } from './instrumentation/outgoing-http/outgoing-http.options.js';
export { ActiveTrace, type TraceFields } from './integrations/opentelemetry/active-trace.js';
export type { Clock as MonitoringClock } from './metrics/clock.js';
export { Counter, type CounterSeries } from './metrics/counter.js';
export { MetricDefinitionError } from './metrics/metric-definition.error.js';
export type { ExemplarLabels, ExemplarSource } from './metrics/exemplars.js';
export { Gauge, type GaugeSeries } from './metrics/gauge.js';
export { Histogram, type HistogramSeries } from './metrics/histogram.js';
export type { Labels, LabelValue } from './metrics/labels.js';
export { MetricsRegistry, type MetricsSource } from './metrics/registry.js';
export type { MetricFamily, MetricsSnapshot } from './metrics/snapshot.js';
export { type StopTimer, Timer, type TimerSeries } from './metrics/timer.js';
export type { BridgesOptions } from './module/bridges.options.js';
export type { MonitoringOptions } from './module/monitoring.options.js';
export { MonitoringOptionsError } from './options/option-checks.js';
export {
  ApiStatistics,
  type EndpointStatistics,
  type Percentile,
  type RequestStatistics,
} from './query/api-statistics.js';
export type { LabelMatchers } from './query/label-matchers.js';
export { MetricsHistory } from './query/metrics-history.js';
export type { HistoryPoints, HistoryReading, HistoryReadOptions, HistogramPart } from './query/readings.js';
export type { VitalName } from './query/vital-definitions.js';
export { Vitals } from './query/vitals.js';
export type { ApiStatisticsOptions } from './collectors/api/api-statistics.options.js';
export type { BuildInfoOptions } from './collectors/app-info/build-info.options.js';
export type { CacheCollectorOptions } from './collectors/cache/cache.options.js';
export type { DatabaseCollectorOptions } from './collectors/database/database.options.js';
export type { QueueCollectorOptions } from './collectors/queues/queues.options.js';
export type { RuntimeCollectorOptions } from './collectors/runtime/runtime.options.js';
export type { SystemCollectorOptions } from './collectors/system/system.options.js';
export type { AuthFailureLimit } from './http/auth-failures.js';
