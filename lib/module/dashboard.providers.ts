import { Logger, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AlertingMonitor } from '../alerting/alerting.monitor.js';
import { PerformanceMonitor } from '../alerting/performance.monitor.js';
import { applicationBuild } from '../collectors/app-info/application-build.js';
import type { DashboardParts } from '../dashboard/application-dashboard.js';
import { EventLoopBlocks } from '../diagnostics/blocked-loop/event-loop-blocks.js';
import { LastExit } from '../diagnostics/flight-recorder/last-exit.js';
import { LogLevels } from '../diagnostics/log-levels/log-levels.js';
import { MemoryGrowth } from '../diagnostics/memory/memory-growth.js';
import { ProcessInfo } from '../diagnostics/process-info/process-info.js';
import { Profiles } from '../diagnostics/profiles/profiles.js';
import { StartupTimes } from '../diagnostics/startup/startup-times.js';
import { HealthMonitor } from '../health/health.monitor.js';
import { ErrorRecords } from '../instrumentation/errors/error-records.js';
import { RequestRecords } from '../instrumentation/requests/request-records.js';
import { asOwnCall } from '../integrations/own-calls.js';
import { ApplicationObjects } from '../integrations/application-objects.integration.js';
import { MetricsRegistry } from '../metrics/registry.js';
import { MetricsHistory } from '../query/metrics-history.js';
import { Vitals } from '../query/vitals.js';
import { DASHBOARD } from './lazily-loaded.token.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { providerOf } from './named-parts.providers.js';
import { loadInTurn } from '../primitives/load-in-turn.js';
import { SafeLogger } from '../primitives/safe-logger.js';

/** The parts of the application that the dashboard reads. */
const PARTS = {
  modules: ModulesContainer,
  objects: ApplicationObjects,
  history: MetricsHistory,
  registry: MetricsRegistry,
  alerting: AlertingMonitor,
  performance: PerformanceMonitor,
  vitals: Vitals,
  health: HealthMonitor,
  records: RequestRecords,
  errors: ErrorRecords,
  blocks: EventLoopBlocks,
  logLevels: LogLevels,
  startup: StartupTimes,
  process: ProcessInfo,
  profiles: Profiles,
  lastExit: LastExit,
  memory: MemoryGrowth,
};

/** Provider of the dashboard. An application without one does not load it. */
export const DASHBOARD_PROVIDERS: readonly Provider[] = [
  providerOf(DASHBOARD, PARTS, async ({ objects, ...parts }, options) => {
    const { enabled, endpoints, clock, collectors, conventions, defaultLabels } = options;
    if (!enabled || endpoints.paths.dashboard === false) return null;
    const { ApplicationDashboard } = await loadInTurn(() => import('../dashboard/application-dashboard.js'));
    const obstacle = ApplicationDashboard.obstacle();
    if (obstacle !== undefined) {
      new SafeLogger(new Logger('Monitoring')).warn(obstacle);
      return null;
    }
    const { version } = collectors.build === false ? {} : applicationBuild(collectors.build, process.env);
    return new ApplicationDashboard({
      ...parts,
      clock,
      conventions,
      service: String(defaultLabels['service'] ?? 'Monitoring'),
      version,
      dependencies: async () => {
        const { DependencyInspector } = await loadInTurn(
          () => import('../diagnostics/dependencies/dependency-inspector.js'),
        );
        return new DependencyInspector(
          objects,
          () => clock.now(),
          () => clock.monotonic(),
        );
      },
      fleet: fleetOf(options, parts.registry),
      hasAuth: endpoints.auth !== undefined,
    });
  }),
];

/** Returns the Prometheus of the dashboard, if there is one. */
function fleetOf(
  { dashboard: { prometheus }, clock, defaultLabels }: ResolvedOptions,
  registry: MetricsRegistry,
): DashboardParts['fleet'] {
  if (prometheus === undefined) return undefined;
  const service = defaultLabels['service'];
  return {
    options: prometheus,
    service: service === undefined || service === '' ? undefined : String(service),
    kindOf: (name) => {
      const metric = registry.getMetric(name);
      return metric && { type: metric.type, aggregate: metric.aggregate };
    },
    now: () => clock.now(),
    asOwnCall,
  };
}
