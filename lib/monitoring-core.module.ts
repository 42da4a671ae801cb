import { Global, Logger, Module, type NestModule, type OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import { CollectorLifecycle } from './collectors/collector.lifecycle.js';
import { runtimeCollectors } from './collectors/runtime.collectors.js';
import { SeriesCollector } from './collectors/series.collector.js';
import { dashboardEndpoints } from './dashboard/dashboard.endpoints.js';
import { EndpointAuthorizer } from './endpoints/endpoint.authorizer.js';
import type { Endpoint } from './endpoints/endpoint.js';
import { EndpointRouter } from './endpoints/endpoint.router.js';
import { MetricsEndpoint } from './exporters/prometheus/metrics.endpoint.js';
import { PrometheusExporter } from './exporters/prometheus/prometheus.exporter.js';
import { HealthEndpoint } from './health/health.endpoint.js';
import { HealthLifecycle } from './health/health.lifecycle.js';
import { HealthMonitor } from './health/health.monitor.js';
import { LivenessEndpoint } from './health/liveness.endpoint.js';
import { ReadinessEndpoint } from './health/readiness.endpoint.js';
import { MetricsContext } from './instrumentation/context/metrics-context.js';
import { DecoratorsLifecycle } from './instrumentation/decorators/decorators.lifecycle.js';
import { HttpInstrumentation } from './instrumentation/http/http.instrumentation.js';
import { RequestRecorder } from './instrumentation/http/request-recorder.js';
import { RegistryReference } from './instrumentation/registry-reference.js';
import { MetricsRegistry } from './metrics/registry.js';
import { type EndpointName, type ResolvedOptions, resolveOptions } from './monitoring.options.js';
import { OptionsGathering } from './options.gathering.js';

const OPTIONS = Symbol('monitoring.options');

/** What there is once in an application, however often `MonitoringModule` is imported. */
@Global()
@Module({
  providers: [
    {
      provide: OptionsGathering,
      inject: [ModulesContainer],
      useFactory: (modules: ModulesContainer) => new OptionsGathering(modules),
    },
    {
      provide: OPTIONS,
      inject: [OptionsGathering],
      useFactory: async ({ gathered }: OptionsGathering) =>
        resolveOptions(await gathered, process.env.NODE_ENV),
    },
    {
      provide: MetricsRegistry,
      inject: [OPTIONS],
      useFactory: ({ enabled, defaultLabels, seriesLimit, clock }: ResolvedOptions) =>
        new MetricsRegistry({ enabled, defaultLabels, seriesLimit, clock, logger: new Logger('Monitoring') }),
    },
    {
      provide: PrometheusExporter,
      inject: [MetricsRegistry, OPTIONS],
      useFactory: (registry: MetricsRegistry, { exporters }: ResolvedOptions) =>
        new PrometheusExporter(registry, exporters.prometheus),
    },
    {
      provide: HealthMonitor,
      inject: [OPTIONS],
      useFactory: ({ clock }: ResolvedOptions) => new HealthMonitor(clock),
    },
    {
      provide: HealthLifecycle,
      inject: [HealthMonitor, HttpAdapterHost],
      useFactory: (monitor: HealthMonitor, host: HttpAdapterHost) => new HealthLifecycle(monitor, host),
    },
    {
      provide: CollectorLifecycle,
      inject: [MetricsRegistry, OPTIONS],
      useFactory: (registry: MetricsRegistry, { enabled, collectors, clock }: ResolvedOptions) => {
        const runtime = collectors.runtime ? runtimeCollectors(registry, clock) : [];
        return new CollectorLifecycle(registry, enabled ? [...runtime, new SeriesCollector(registry)] : []);
      },
    },
    RegistryReference,
    {
      provide: DecoratorsLifecycle,
      inject: [ModulesContainer, RegistryReference, MetricsRegistry, OPTIONS],
      useFactory: (
        modules: ModulesContainer,
        reference: RegistryReference,
        registry: MetricsRegistry,
        { enabled }: ResolvedOptions,
      ) => {
        if (enabled) reference.registry = registry;
        return new DecoratorsLifecycle(modules, reference);
      },
    },
    {
      provide: MetricsContext,
      inject: [MetricsRegistry],
      useFactory: (registry: MetricsRegistry) => new MetricsContext(registry, new Logger('Monitoring')),
    },
    {
      provide: RequestRecorder,
      inject: [MetricsRegistry, OPTIONS],
      useFactory: (registry: MetricsRegistry, { enabled, http, clock }: ResolvedOptions) =>
        enabled && http !== false ? new RequestRecorder(registry, clock, http) : null,
    },
    {
      provide: HttpInstrumentation,
      inject: [HttpAdapterHost, RequestRecorder],
      useFactory: (host: HttpAdapterHost, recorder: RequestRecorder | null) =>
        recorder && new HttpInstrumentation(host, recorder),
    },
    {
      provide: EndpointRouter,
      inject: [
        HttpAdapterHost,
        ApplicationConfig,
        ModuleRef,
        OPTIONS,
        MetricsRegistry,
        PrometheusExporter,
        HealthMonitor,
        RequestRecorder,
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
      ) =>
        new EndpointRouter(
          host,
          config,
          new EndpointAuthorizer(endpoints.auth, moduleRef),
          enabled ? endpointsOf(endpoints.paths, registry, exporter, health) : [],
          endpoints.useGlobalPrefix,
          (response) => recorder?.ignore(response),
        ),
    },
  ],
  exports: [
    OptionsGathering,
    MetricsRegistry,
    RegistryReference,
    MetricsContext,
    PrometheusExporter,
    HealthMonitor,
  ],
})
export class MonitoringCoreModule implements NestModule, OnModuleInit {
  constructor(private readonly router: EndpointRouter) {}

  configure(): void {
    this.router.beforeRoutes();
  }

  async onModuleInit(): Promise<void> {
    await this.router.mount();
  }
}

function endpointsOf(
  paths: ResolvedOptions['endpoints']['paths'],
  registry: MetricsRegistry,
  exporter: PrometheusExporter,
  health: HealthMonitor,
): Endpoint[] {
  const make: Record<EndpointName, (path: string, yields: boolean) => Endpoint[]> = {
    metrics: (path, yields) => [new MetricsEndpoint(exporter, registry, path, yields)],
    health: (path, yields) => [new HealthEndpoint(health, path, yields)],
    readiness: (path, yields) => [new ReadinessEndpoint(health, path, yields)],
    liveness: (path, yields) => [new LivenessEndpoint(path, yields)],
    dashboard: (path, yields) => dashboardEndpoints(path, yields, registry, health),
  };
  return (Object.keys(make) as EndpointName[]).flatMap((name) => {
    const place = paths[name];
    return place === false ? [] : make[name](place.path, !place.given);
  });
}
