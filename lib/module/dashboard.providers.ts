import type { Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { applicationBuild } from '../collectors/app-info/application-build.js';
import { AlertingMonitor } from '../alerting/alerting.monitor.js';
import { PerformanceMonitor } from '../alerting/performance.monitor.js';
import { DashboardAlerts } from '../dashboard/dashboard-alerts.js';
import { thisInstance } from '../dashboard/dashboard-instance.js';
import type { DashboardSources } from '../dashboard/dashboard.endpoints.js';
import { DashboardFeed } from '../dashboard/dashboard.feed.js';
import { DashboardLifecycle } from '../dashboard/dashboard.lifecycle.js';
import type { FleetSource } from '../dashboard/fleet/fleet.js';
import { prometheusRecorder } from '../dashboard/fleet/prometheus-metrics.js';
import { DashboardRetention } from '../dashboard/dashboard-retention.js';
import { DashboardPanelExplorer } from '../dashboard/panels/dashboard-panel.explorer.js';
import { panelPlaces } from '../dashboard/panels/panel-places.js';
import { Timeline } from '../dashboard/now/timeline.js';
import { VerdictReader } from '../dashboard/now/verdict-reader.js';
import { OverviewReader } from '../dashboard/overview.js';
import { EventLoopBlocks } from '../diagnostics/blocked-loop/event-loop-blocks.js';
import { LogLevels } from '../diagnostics/log-levels/log-levels.js';
import { ProcessInfo } from '../diagnostics/process-info/process-info.js';
import { StartupTimes } from '../diagnostics/startup/startup-times.js';
import { Profiles } from '../diagnostics/profiles/profiles.js';
import { LastExit } from '../diagnostics/flight-recorder/last-exit.js';
import { MemoryGrowth } from '../diagnostics/memory/memory-growth.js';
import { HealthMonitor } from '../health/health.monitor.js';
import { ErrorRecords } from '../instrumentation/errors/error-records.js';
import { RequestRecords } from '../instrumentation/requests/request-records.js';
import { ConventionalNames } from '../query/conventional-names.js';
import { asOwnCall } from '../integrations/own-calls.js';
import { ApplicationObjects } from '../integrations/application-objects.integration.js';
import { MetricsHistory } from '../query/metrics-history.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** The sources that the endpoints of the dashboard read from. */
export const DASHBOARD_SOURCES = Symbol('monitoring.dashboardSources');

/** The end of the queries to Prometheus. */
const FLEET_END = Symbol('monitoring.fleetEnd');

/** Providers of the dashboard. */
export const DASHBOARD_PROVIDERS: readonly Provider[] = [
  {
    provide: DashboardAlerts,
    inject: [AlertingMonitor, PerformanceMonitor],
    useFactory: (alerting: AlertingMonitor, performance: PerformanceMonitor) =>
      new DashboardAlerts(alerting, performance),
  },
  {
    provide: Timeline,
    inject: [AlertingMonitor, HealthMonitor, LastExit, RESOLVED_OPTIONS],
    useFactory: (
      alerting: AlertingMonitor,
      health: HealthMonitor,
      lastExit: LastExit,
      { collectors: { build } }: ResolvedOptions,
    ) => {
      const { version } = build === false ? {} : applicationBuild(build, process.env);
      return new Timeline({
        instance: thisInstance(),
        ...(version !== undefined && { version }),
        lastExit,
        alerting,
        health,
      });
    },
  },
  {
    provide: DashboardFeed,
    inject: [
      MetricsHistory,
      HealthMonitor,
      DashboardAlerts,
      RequestRecords,
      EventLoopBlocks,
      Timeline,
      DashboardPanelExplorer,
      RESOLVED_OPTIONS,
    ],
    useFactory: (
      history: MetricsHistory,
      health: HealthMonitor,
      alerts: DashboardAlerts,
      records: RequestRecords,
      blocks: EventLoopBlocks,
      timeline: Timeline,
      explorer: DashboardPanelExplorer,
      { clock, defaultLabels }: ResolvedOptions,
    ) => {
      const service = String(defaultLabels['service'] ?? 'Monitoring');
      const now = (): number => clock.now();
      const verdicts = new VerdictReader({ history, records, blocks, timeline });
      return new DashboardFeed(
        history,
        new OverviewReader(health, alerts, history, service, thisInstance(), now, timeline, verdicts, () =>
          panelPlaces(explorer),
        ),
        now,
      );
    },
  },
  { provide: FLEET_END, useFactory: () => new AbortController() },
  {
    provide: DashboardPanelExplorer,
    inject: [ModulesContainer],
    useFactory: (modules: ModulesContainer) => new DashboardPanelExplorer(modules),
  },
  {
    provide: DashboardRetention,
    inject: [MetricsHistory, MetricsRegistry],
    useFactory: (history: MetricsHistory, registry: MetricsRegistry) =>
      new DashboardRetention(history, registry),
  },
  {
    provide: DASHBOARD_SOURCES,
    inject: [
      DashboardFeed,
      MetricsHistory,
      MetricsRegistry,
      DashboardAlerts,
      RequestRecords,
      ErrorRecords,
      EventLoopBlocks,
      LogLevels,
      StartupTimes,
      ProcessInfo,
      Profiles,
      LastExit,
      MemoryGrowth,
      DashboardRetention,
      DashboardPanelExplorer,
      ApplicationObjects,
      FLEET_END,
      RESOLVED_OPTIONS,
    ],
    useFactory: (
      feed: DashboardFeed,
      history: MetricsHistory,
      registry: MetricsRegistry,
      alerts: DashboardAlerts,
      records: RequestRecords,
      errors: ErrorRecords,
      blocks: EventLoopBlocks,
      logLevels: LogLevels,
      startup: StartupTimes,
      process: ProcessInfo,
      profiles: Profiles,
      lastExit: LastExit,
      memory: MemoryGrowth,
      retention: DashboardRetention,
      explorer: DashboardPanelExplorer,
      objects: ApplicationObjects,
      fleetEnd: AbortController,
      options: ResolvedOptions,
    ): DashboardSources => ({
      feed,
      history,
      registry,
      alerts,
      records,
      errors,
      blocks,
      logLevels,
      startup,
      process,
      profiles,
      lastExit,
      memory,
      retention,
      panels: { explorer, registry, clocks: options.clock },
      dependencies: async () => {
        const { DependencyInspector } = await import('../diagnostics/dependencies/dependency-inspector.js');
        return new DependencyInspector(
          objects,
          () => options.clock.now(),
          () => options.clock.monotonic(),
        );
      },
      instance: thisInstance(),
      names: new ConventionalNames(options.conventions),
      ...fleetOf(options, registry, fleetEnd.signal),
      hasAuth: options.endpoints.auth !== undefined,
    }),
  },
  {
    provide: DashboardLifecycle,
    inject: [
      DashboardFeed,
      DashboardRetention,
      DashboardPanelExplorer,
      FLEET_END,
      Timeline,
      RESOLVED_OPTIONS,
    ],
    useFactory: (
      feed: DashboardFeed,
      retention: DashboardRetention,
      panels: DashboardPanelExplorer,
      fleetEnd: AbortController,
      timeline: Timeline,
      { enabled, endpoints }: ResolvedOptions,
    ) =>
      new DashboardLifecycle(
        feed,
        retention,
        panels,
        fleetEnd,
        enabled && endpoints.paths.dashboard !== false,
        timeline,
      ),
  },
];

/** Returns the Prometheus of the dashboard, if there is one. */
function fleetOf(
  { enabled, endpoints, dashboard, clock, defaultLabels }: ResolvedOptions,
  registry: MetricsRegistry,
  closed: AbortSignal,
): { readonly fleet?: FleetSource } {
  const { prometheus } = dashboard;
  if (prometheus === undefined || !enabled || endpoints.paths.dashboard === false) return {};
  const service = defaultLabels['service'];
  return {
    fleet: {
      options: prometheus,
      service: service === undefined || service === '' ? undefined : String(service),
      recorder: prometheusRecorder(registry),
      kindOf: (name) => {
        const metric = registry.getMetric(name);
        return metric && { type: metric.type, aggregate: metric.aggregate };
      },
      now: () => clock.now(),
      closed,
      asOwnCall,
    },
  };
}
