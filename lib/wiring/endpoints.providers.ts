import type { Provider } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { dashboardEndpoints, type DashboardSources } from '../dashboard/dashboard.endpoints.js';
import { AlertingMonitor } from '../alerting/alerting.monitor.js';
import { alertsEndpoints } from '../alerting/alerts.endpoints.js';
import { EndpointAuthorizer } from '../endpoints/endpoint.authorizer.js';
import type { Endpoint } from '../endpoints/endpoint.js';
import { EndpointRouter } from '../endpoints/endpoint.router.js';
import type { EndpointName } from '../endpoints/endpoints.options.js';
import { MetricsEndpoint } from '../exporters/prometheus/metrics.endpoint.js';
import { PrometheusExporter } from '../exporters/prometheus/prometheus.exporter.js';
import { HealthEndpoint } from '../health/health.endpoint.js';
import { HealthLifecycle } from '../health/health.lifecycle.js';
import { HealthMonitor } from '../health/health.monitor.js';
import { LivenessEndpoint } from '../health/liveness.endpoint.js';
import { ReadinessEndpoint } from '../health/readiness.endpoint.js';
import { StartupEndpoint } from '../health/startup.endpoint.js';
import { RequestRecorder } from '../instrumentation/http/request-recorder.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from '../monitoring.options.js';
import { DASHBOARD_SOURCES } from './dashboard.providers.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** The routes of this library. */
export const ENDPOINTS_PROVIDERS: readonly Provider[] = [
  {
    provide: EndpointRouter,
    inject: [
      HttpAdapterHost,
      ApplicationConfig,
      ModuleRef,
      RESOLVED_OPTIONS,
      MetricsRegistry,
      PrometheusExporter,
      HealthMonitor,
      HealthLifecycle,
      RequestRecorder,
      DASHBOARD_SOURCES,
      AlertingMonitor,
    ],
    useFactory: (
      host: HttpAdapterHost,
      config: ApplicationConfig,
      moduleRef: ModuleRef,
      options: ResolvedOptions,
      registry: MetricsRegistry,
      exporter: PrometheusExporter,
      monitor: HealthMonitor,
      lifecycle: HealthLifecycle,
      recorder: RequestRecorder | null,
      dashboard: DashboardSources,
      alerting: AlertingMonitor,
    ) =>
      new EndpointRouter(
        host,
        config,
        new EndpointAuthorizer(options.endpoints.auth, moduleRef),
        options.enabled
          ? endpointsOf(options, registry, exporter, monitor, lifecycle, dashboard, alerting)
          : [],
        options.endpoints.useGlobalPrefix,
        (response) => recorder?.ignore(response),
      ),
  },
];

function endpointsOf(
  { endpoints: { paths }, health }: ResolvedOptions,
  registry: MetricsRegistry,
  exporter: PrometheusExporter,
  monitor: HealthMonitor,
  lifecycle: HealthLifecycle,
  dashboard: DashboardSources,
  alerting: AlertingMonitor,
): Endpoint[] {
  const make: Record<EndpointName, (path: string, yields: boolean) => Endpoint[]> = {
    metrics: (path, yields) => [new MetricsEndpoint(exporter, registry, path, yields)],
    health: (path, yields) => [new HealthEndpoint(monitor, health.httpStatus, path, yields)],
    readiness: (path, yields) => [
      new ReadinessEndpoint(monitor, health, path, yields, () => lifecycle.readinessWasAsked()),
    ],
    liveness: (path, yields) => [new LivenessEndpoint(monitor, health, path, yields)],
    startup: (path, yields) => [new StartupEndpoint(monitor, health, path, yields)],
    dashboard: (path, yields) => dashboardEndpoints(path, yields, dashboard),
    alerts: (path, yields) => alertsEndpoints(path, yields, alerting),
  };
  return (Object.keys(make) as EndpointName[]).flatMap((name) => {
    const place = paths[name];
    return place === false ? [] : make[name](place.path, !place.given);
  });
}
