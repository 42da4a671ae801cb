import {
  type BeforeApplicationShutdown,
  Global,
  Module,
  type NestModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ApiStatistics } from '../query/api-statistics.js';
import { BusinessMetrics } from '../business/business-metrics.js';
import { EventLoopBlocks } from '../diagnostics/blocked-loop/event-loop-blocks.js';
import { LogLevels } from '../diagnostics/log-levels/log-levels.js';
import { ProcessInfo } from '../diagnostics/process-info/process-info.js';
import { StartupTimes } from '../diagnostics/startup/startup-times.js';
import { Profiles } from '../diagnostics/profiles/profiles.js';
import { LastExit } from '../diagnostics/flight-recorder/last-exit.js';
import { MemoryGrowth } from '../diagnostics/memory/memory-growth.js';
import { AlertingMonitor } from '../alerting/alerting.monitor.js';
import { PerformanceMonitor } from '../alerting/performance.monitor.js';
import { Vitals } from '../query/vitals.js';
import { EndpointRouter } from '../http/endpoint.router.js';
import { MonitoringServer } from '../http/monitoring.server.js';
import { HealthMonitor } from '../health/health.monitor.js';
import { MonitoringHealthIndicator } from '../health/monitoring-health-indicator.js';
import { MetricsHistory } from '../query/metrics-history.js';
import { MetricsContext } from '../instrumentation/context/metrics-context.js';
import { ErrorRecords } from '../instrumentation/errors/error-records.js';
import { RequestRecords } from '../instrumentation/requests/request-records.js';
import { RegistryReference } from '../instrumentation/registry-reference.js';
import { ActiveTrace } from '../integrations/opentelemetry/active-trace.js';
import { MetricsRegistry } from '../metrics/registry.js';
import { BUSINESS_PROVIDERS } from './business.providers.js';
import { ALERTING_PROVIDERS } from './alerting.providers.js';
import { BRIDGES_PROVIDERS } from './bridges.providers.js';
import { CLUSTER_PROVIDERS } from './cluster.providers.js';
import { CONVENTIONS_PROVIDERS } from './conventions.providers.js';
import { COLLECTORS_PROVIDERS } from './collectors.providers.js';
import { DASHBOARD_PROVIDERS } from './dashboard.providers.js';
import { DIAGNOSTICS_PROVIDERS } from './diagnostics.providers.js';
import { ENDPOINTS_PROVIDERS } from './endpoints.providers.js';
import { EXPORTERS, EXPORTERS_PROVIDERS } from './exporters.providers.js';
import { ERRORS_PROVIDERS } from './errors.providers.js';
import { HEALTH_PROVIDERS } from './health.providers.js';
import { HISTORY_PROVIDERS } from './history.providers.js';
import { INSTRUMENTATION_PROVIDERS } from './instrumentation.providers.js';
import { INTEGRATIONS_PROVIDERS } from './integrations.providers.js';
import { JOBS_PROVIDERS } from './jobs.providers.js';
import { LOGS_PROVIDERS } from './logs.providers.js';
import { LifecycleModule } from './lifecycle.module.js';
import { METRICS_PROVIDERS } from './metrics.providers.js';
import { StepRunner } from './step-runner.js';
import { LIFECYCLE_PROVIDERS } from './lifecycle.providers.js';
import { API_STATISTICS_PROVIDERS } from './api-statistics.providers.js';
import { OPTIONS_PROVIDERS } from './options.providers.js';
import { OUTGOING_HTTP_PROVIDERS } from './outgoing-http.providers.js';
import { REQUESTS_PROVIDERS } from './requests.providers.js';
import { OptionsMerger } from './options-merger.js';

/** The module with all providers, once per application, however often `MonitoringModule` is imported. */
@Global()
@Module({
  imports: [LifecycleModule],
  providers: [
    ...OPTIONS_PROVIDERS,
    ...LIFECYCLE_PROVIDERS,
    ...METRICS_PROVIDERS,
    ...BRIDGES_PROVIDERS,
    ...CLUSTER_PROVIDERS,
    ...CONVENTIONS_PROVIDERS,
    ...EXPORTERS_PROVIDERS,
    ...INTEGRATIONS_PROVIDERS,
    ...HEALTH_PROVIDERS,
    ...COLLECTORS_PROVIDERS,
    ...BUSINESS_PROVIDERS,
    ...ALERTING_PROVIDERS,
    ...HISTORY_PROVIDERS,
    ...API_STATISTICS_PROVIDERS,
    ...REQUESTS_PROVIDERS,
    ...INSTRUMENTATION_PROVIDERS,
    ...OUTGOING_HTTP_PROVIDERS,
    ...ERRORS_PROVIDERS,
    ...JOBS_PROVIDERS,
    ...DIAGNOSTICS_PROVIDERS,
    ...LOGS_PROVIDERS,
    ...DASHBOARD_PROVIDERS,
    ...ENDPOINTS_PROVIDERS,
  ],
  exports: [
    OptionsMerger,
    MetricsRegistry,
    ActiveTrace,
    RegistryReference,
    MetricsContext,
    MetricsHistory,
    ...EXPORTERS,
    ApiStatistics,
    BusinessMetrics,
    Vitals,
    RequestRecords,
    ErrorRecords,
    EventLoopBlocks,
    LogLevels,
    StartupTimes,
    ProcessInfo,
    Profiles,
    LastExit,
    MemoryGrowth,
    AlertingMonitor,
    PerformanceMonitor,
    HealthMonitor,
    MonitoringHealthIndicator,
    MonitoringServer,
    EndpointRouter,
    StepRunner,
  ],
})
export class MonitoringCoreModule
  implements
    NestModule,
    OnModuleInit,
    OnApplicationBootstrap,
    BeforeApplicationShutdown,
    OnApplicationShutdown
{
  constructor(
    modules: ModulesContainer,
    private readonly router: EndpointRouter,
    private readonly lifecycle: StepRunner,
  ) {
    initializeFirst(modules);
  }

  configure(): void {
    this.router.beforeRoutes();
  }

  async onModuleInit(): Promise<void> {
    await this.lifecycle.start('init');
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.lifecycle.start('bootstrap');
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.lifecycle.end('disconnecting');
  }

  async onApplicationShutdown(): Promise<void> {
    await this.lifecycle.end('shutdown');
  }
}

/**
 * Makes Nest call the hooks of this module first at the start and last at the end: it goes through the modules by their
 * distance from the root. The work that other modules start, such as jobs, is therefore measured from beginning to end.
 */
function initializeFirst(modules: ModulesContainer): void {
  for (const module of modules.values()) {
    if (module.metatype === MonitoringCoreModule) module.distance = Infinity;
  }
}
