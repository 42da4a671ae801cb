import type { Provider } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef } from '@nestjs/core';
import type { ApplicationDashboard } from '../dashboard/application-dashboard.js';
import { AlertingMonitor } from '../alerting/alerting.monitor.js';
import { alertsEndpoints } from '../alerting/alerts.endpoints.js';
import { AuthFailures } from '../http/auth-failures.js';
import { EndpointAuthorizer } from '../http/endpoint.authorizer.js';
import type { Endpoint } from '../http/endpoint.js';
import type { AuthFailureHandling } from '../http/endpoint.responder.js';
import { EndpointRouter, type RoutedEndpoints } from '../http/endpoint.router.js';
import { MonitoringServer } from '../http/monitoring.server.js';
import { CONTROLLER_NAMES, type ControllerName, DEFAULT_PATHS } from '../http/endpoints.options.js';
import { MetricsEndpoint } from '../exporters/prometheus/metrics.endpoint.js';
import { PrometheusExporter } from '../exporters/prometheus/prometheus.exporter.js';
import { HealthEndpoint } from '../health/health.endpoint.js';
import { HealthLifecycle } from '../health/health.lifecycle.js';
import { resolveHealth } from '../health/health.options.js';
import { HealthMonitor } from '../health/health.monitor.js';
import { LivenessEndpoint } from '../health/liveness.endpoint.js';
import { ReadinessEndpoint } from '../health/readiness.endpoint.js';
import { StartupEndpoint } from '../health/startup.endpoint.js';
import { RequestRecorder } from '../instrumentation/http/request.recorder.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { DASHBOARD } from './lazily-loaded.token.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** Providers of the endpoints of this library. */
export const ENDPOINTS_PROVIDERS: readonly Provider[] = [
  MonitoringServer,
  {
    provide: EndpointRouter,
    inject: [
      HttpAdapterHost,
      ApplicationConfig,
      ModuleRef,
      MonitoringServer,
      RESOLVED_OPTIONS,
      MetricsRegistry,
      PrometheusExporter,
      HealthMonitor,
      HealthLifecycle,
      RequestRecorder,
      DASHBOARD,
      AlertingMonitor,
    ],
    useFactory: (
      host: HttpAdapterHost,
      config: ApplicationConfig,
      moduleRef: ModuleRef,
      server: MonitoringServer,
      options: ResolvedOptions,
      registry: MetricsRegistry,
      exporter: PrometheusExporter,
      monitor: HealthMonitor,
      lifecycle: HealthLifecycle,
      recorder: RequestRecorder | null,
      dashboard: ApplicationDashboard | null,
      alerting: AlertingMonitor,
    ) =>
      new EndpointRouter(
        host,
        config,
        new EndpointAuthorizer(options.enabled ? options.endpoints.auth : undefined, moduleRef),
        server,
        options.enabled
          ? endpointsOf(options, registry, exporter, monitor, lifecycle, dashboard, alerting)
          : { mounted: [], ofController: () => undefined },
        options.endpoints,
        authFailureHandling(options, registry),
        (response) => recorder?.ignore(response),
      ),
  },
];

function authFailureHandling(
  { enabled, endpoints, clock }: ResolvedOptions,
  registry: MetricsRegistry,
): AuthFailureHandling {
  if (!enabled || endpoints.auth === undefined) return { failures: undefined, onFailure: () => undefined };
  const failed = registry.counter(
    'monitoring_auth_failures_total',
    'Requests for monitoring endpoints that were refused because of wrong credentials.',
    { labelNames: ['endpoint'] },
  );
  return {
    failures:
      endpoints.failedAuth === false
        ? undefined
        : new AuthFailures(endpoints.failedAuth, () => clock.monotonic()),
    onFailure: ({ option }) => failed.inc({ endpoint: option }),
  };
}

function endpointsOf(
  { endpoints: { paths, controllers }, health: options }: ResolvedOptions,
  registry: MetricsRegistry,
  exporter: PrometheusExporter,
  monitor: HealthMonitor,
  lifecycle: HealthLifecycle,
  dashboard: ApplicationDashboard | null,
  alerting: AlertingMonitor,
): RoutedEndpoints {
  const health = options || resolveHealth();
  const make: Record<ControllerName, (path: string, overridable: boolean) => Endpoint> = {
    metrics: (path, overridable) => new MetricsEndpoint(exporter, registry, path, overridable),
    health: (path, overridable) => new HealthEndpoint(monitor, health.httpStatus, path, overridable),
    readiness: (path, overridable) =>
      new ReadinessEndpoint(
        (address) => lifecycle.recordReadinessProbe(address),
        monitor,
        health,
        path,
        overridable,
      ),
    liveness: (path, overridable) => new LivenessEndpoint(monitor, health, path, overridable),
    startup: (path, overridable) => new StartupEndpoint(monitor, health, path, overridable),
  };
  const made = new Map<ControllerName, Endpoint>();
  /** Returns the endpoint of this name. */
  const endpointOf = (name: ControllerName): Endpoint => {
    const { path, given } = paths[name] || { path: DEFAULT_PATHS[name], given: false };
    const endpoint = made.get(name) ?? make[name](path, !given);
    made.set(name, endpoint);
    return endpoint;
  };
  const mounted = CONTROLLER_NAMES.filter((name) => !controllers && paths[name] !== false);
  return {
    mounted: [
      ...mounted.map(endpointOf),
      ...(paths.dashboard ? (dashboard?.endpoints(paths.dashboard.path, !paths.dashboard.given) ?? []) : []),
      ...(paths.alerts ? alertsEndpoints(paths.alerts.path, !paths.alerts.given, alerting) : []),
    ],
    // Also if the path is off, for a controller that the application extends.
    ofController: (name) => (options === false && name !== 'metrics' ? undefined : endpointOf(name)),
  };
}
