import { Logger, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AlertingLifecycle } from '../alerting/alerting.lifecycle.js';
import { AlertingMetrics } from '../alerting/alerting-metrics.js';
import { AlertingMonitor } from '../alerting/alerting.monitor.js';
import { resolveAlerting } from '../alerting/alerting.options.js';
import { PerformanceMonitor, THRESHOLD_INHIBITION } from '../alerting/performance.monitor.js';
import { Vitals } from '../query/vitals.js';
import { WORKER_LABEL } from '../metrics/metric-definition.js';
import type { ClusterMember } from '../cluster/cluster-member.js';
import type { AlertCause } from '../alerting/context/alert-context.js';
import { Profiles } from '../diagnostics/profiles/profiles.js';
import { RequestRecords } from '../instrumentation/requests/request-records.js';
import { MetricsHistory } from '../query/metrics-history.js';
import { MetricsRegistry } from '../metrics/registry.js';
import { CLUSTER_MEMBER } from './lazily-loaded.token.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** Providers of the vitals, and of alerting with its rules and handlers. */
export const ALERTING_PROVIDERS: readonly Provider[] = [
  {
    provide: AlertingMonitor,
    inject: [MetricsHistory, MetricsRegistry, CLUSTER_MEMBER, RequestRecords, Profiles, RESOLVED_OPTIONS],
    useFactory: (
      history: MetricsHistory,
      registry: MetricsRegistry,
      member: ClusterMember | null,
      records: RequestRecords,
      profiles: Profiles,
      { alerting, clock, defaultLabels, conventions }: ResolvedOptions,
    ) => {
      const known = {
        typeOf: (metric: string) => registry.getMetric(metric)?.type,
        names: () => registry.getAllMetrics().map(({ name }) => name),
        labelNamesOf: (metric: string) => {
          const existing = registry.getMetric(metric);
          // Open labels come with the samples.
          if (existing === undefined || existing.openLabels) return undefined;
          return [...existing.labelNames, ...Object.keys(defaultLabels), ...(member ? [WORKER_LABEL] : [])];
        },
      };
      const { intervalMs, inhibitRules, stateFile, rules, handlers } = alerting || resolveAlerting();
      const monitor = new AlertingMonitor(history, known, clock, {
        intervalMs,
        inhibitRules: [THRESHOLD_INHIBITION, ...inhibitRules],
        stateFile: stateFile ?? member?.fileFor('alerts'),
        ...(member && { isLeader: () => member.isLeader }),
        logger: new Logger('Monitoring'),
        causes: () => causesOf(records),
        capture: async ({ kind, ...times }, reason) => {
          const { running, done } = await profiles.start(kind, { ...times, reason });
          return { name: running.name, done };
        },
        registry,
        conventions,
      });
      for (const rule of rules) monitor.addAlertRule(rule);
      for (const { handler, ...options } of handlers) monitor.addAlertHandler(handler, options);
      if (alerting) registry.addCollector(new AlertingMetrics(monitor, registry));
      return monitor;
    },
  },
  {
    provide: Vitals,
    inject: [MetricsHistory, RESOLVED_OPTIONS],
    useFactory: (history: MetricsHistory, { enabled, history: options }: ResolvedOptions) => {
      const vitals = new Vitals(history);
      if (enabled && options) vitals.retain();
      return vitals;
    },
  },
  {
    provide: PerformanceMonitor,
    inject: [AlertingMonitor, Vitals, RESOLVED_OPTIONS],
    useFactory: (monitor: AlertingMonitor, vitals: Vitals, { alerting, thresholds }: ResolvedOptions) => {
      const performance = new PerformanceMonitor(monitor, vitals);
      // Limits beyond which nothing happens are none.
      performance.thresholds = alerting ? thresholds : {};
      return performance;
    },
  },
  {
    provide: AlertingLifecycle,
    inject: [AlertingMonitor, PerformanceMonitor, ModulesContainer, RESOLVED_OPTIONS],
    useFactory: (
      monitor: AlertingMonitor,
      performance: PerformanceMonitor,
      modules: ModulesContainer,
      { enabled, alerting }: ResolvedOptions,
    ) => new AlertingLifecycle(monitor, performance, modules, enabled && alerting !== false),
  },
];

/** Returns the causes that the records name. */
function causesOf(records: RequestRecords): AlertCause[] {
  return records.causes().map(({ name, hasFailed, cause, count, maxDurationMs, recordId }) => ({
    name,
    hasFailed,
    kind: cause.kind,
    text: cause.text,
    count,
    maxDurationMs,
    recordId,
    traceId: records.get(recordId)?.traceId,
  }));
}
