import { Logger, type Provider } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { AlertingMonitor } from '../alerting/alerting.monitor.js';
import { ExportersLifecycle } from '../exporters/exporters.lifecycle.js';
import { LastExit } from '../diagnostics/flight-recorder/last-exit.js';
import { foundClientChecks } from '../health/checks/found-clients.checks.js';
import {
  alertsHealthCheck,
  exportersHealthCheck,
  lastExitHealthCheck,
} from '../health/checks/monitoring.checks.js';
import { processChecks } from '../health/checks/process.checks.js';
import type { HealthCheck } from '../health/health-check.js';
import { HealthCheckExplorer } from '../health/health-check.explorer.js';
import { HealthLifecycle } from '../health/health.lifecycle.js';
import { HealthMonitor } from '../health/health.monitor.js';
import { MonitoringHealthIndicator } from '../health/monitoring-health-indicator.js';
import { type ResolvedHealth, resolveHealth } from '../health/health.options.js';
import { ApplicationObjects } from '../integrations/application-objects.integration.js';
import { ScheduleIntegration } from '../integrations/schedule/schedule.integration.js';
import { instrumentationGuard } from '../metrics/error-guards.js';
import { MetricsRegistry } from '../metrics/registry.js';
import { EventLoopMonitor } from '../primitives/event-loop-monitor.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** Providers of health checks and probes. */
export const HEALTH_PROVIDERS: readonly Provider[] = [
  {
    provide: HealthMonitor,
    inject: [RESOLVED_OPTIONS, MetricsRegistry],
    useFactory: ({ clock, health }: ResolvedOptions, registry: MetricsRegistry) =>
      new HealthMonitor({
        ...(health || resolveHealth()).defaults,
        registry,
        clock,
        logger: new Logger('Monitoring'),
        phase: 'starting',
      }),
  },
  {
    provide: MonitoringHealthIndicator,
    inject: [HealthMonitor, RESOLVED_OPTIONS],
    useFactory: (monitor: HealthMonitor, { enabled, health }: ResolvedOptions) =>
      new MonitoringHealthIndicator(monitor, !enabled || health !== false),
  },
  {
    provide: HealthLifecycle,
    inject: [
      HealthMonitor,
      MetricsRegistry,
      HttpAdapterHost,
      ModulesContainer,
      ApplicationObjects,
      ScheduleIntegration,
      AlertingMonitor,
      ExportersLifecycle,
      EventLoopMonitor,
      LastExit,
      RESOLVED_OPTIONS,
    ],
    useFactory: (
      monitor: HealthMonitor,
      registry: MetricsRegistry,
      host: HttpAdapterHost,
      modules: ModulesContainer,
      objects: ApplicationObjects,
      { registerTimer }: ScheduleIntegration,
      alerting: AlertingMonitor,
      exporters: ExportersLifecycle,
      eventLoop: EventLoopMonitor,
      lastExit: LastExit,
      { enabled, health: options }: ResolvedOptions,
    ) => {
      const health = options || resolveHealth();
      const sources = {
        own: () => [...health.checks, ...new HealthCheckExplorer(modules).find()],
        builtIn: () => {
          // By now, the hooks that create database and cache clients have run.
          objects.refresh();
          return [
            ...foundClientChecks(objects, health.builtIn),
            ...processChecks(health.builtIn, eventLoop),
            ...alertChecks(alerting, health.alerts),
            ...(exporters.isEmpty ? [] : [exportersHealthCheck(exporters)]),
            ...(lastExit.enabled ? [lastExitHealthCheck(lastExit)] : []),
          ];
        },
      };
      const guard = instrumentationGuard(registry, 'shutdown');
      return new HealthLifecycle(
        monitor,
        host,
        sources,
        health,
        registerTimer,
        guard,
        enabled && options !== false,
      );
    },
  },
];

function alertChecks(alerting: AlertingMonitor, options: ResolvedHealth['alerts']): HealthCheck[] {
  if (options === false) return [];
  const firing = () => alerting.alerts().filter(({ state }) => state === 'firing');
  return [alertsHealthCheck({ ...options, alerts: { firing } })];
}
