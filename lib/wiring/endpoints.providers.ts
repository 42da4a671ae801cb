import type { Provider } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { dashboardEndpoints, type DashboardSources } from '../dashboard/dashboard.endpoints.js';
import { EndpointAuthorizer } from '../endpoints/endpoint.authorizer.js';
import type { Endpoint } from '../endpoints/endpoint.js';
import { EndpointRouter } from '../endpoints/endpoint.router.js';
import type { EndpointName, ResolvedEndpoints } from '../endpoints/endpoints.options.js';
import { MetricsEndpoint } from '../exporters/prometheus/metrics.endpoint.js';
import { PrometheusExporter } from '../exporters/prometheus/prometheus.exporter.js';
import { HealthEndpoint } from '../health/health.endpoint.js';
import { HealthMonitor } from '../health/health.monitor.js';
import { LivenessEndpoint } from '../health/liveness.endpoint.js';
import { ReadinessEndpoint } from '../health/readiness.endpoint.js';
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
      RequestRecorder,
      DASHBOARD_SOURCES,
    ],
    useFactory: (
      host: HttpAdapterHost,
      config: ApplicationConfig,
      moduleRef: ModuleRef,
      { enabled, endpoints }: ResolvedOptions,
      registry: MetricsRegistry,
      exporter: PrometheusExporter,
      health: HealthMonitor,
      recorder: RequestRecorder | null,
      dashboard: DashboardSources,
    ) =>
      new EndpointRouter(
        host,
        config,
        new EndpointAuthorizer(endpoints.auth, moduleRef),
        enabled ? endpointsOf(endpoints.paths, registry, exporter, health, dashboard) : [],
        endpoints.useGlobalPrefix,
        (response) => recorder?.ignore(response),
      ),
  },
];

function endpointsOf(
  paths: ResolvedEndpoints['paths'],
  registry: MetricsRegistry,
  exporter: PrometheusExporter,
  health: HealthMonitor,
  dashboard: DashboardSources,
): Endpoint[] {
  const make: Record<EndpointName, (path: string, yields: boolean) => Endpoint[]> = {
    metrics: (path, yields) => [new MetricsEndpoint(exporter, registry, path, yields)],
    health: (path, yields) => [new HealthEndpoint(health, path, yields)],
    readiness: (path, yields) => [new ReadinessEndpoint(health, path, yields)],
    liveness: (path, yields) => [new LivenessEndpoint(path, yields)],
    dashboard: (path, yields) => dashboardEndpoints(path, yields, dashboard),
  };
  return (Object.keys(make) as EndpointName[]).flatMap((name) => {
    const place = paths[name];
    return place === false ? [] : make[name](place.path, !place.given);
  });
}
