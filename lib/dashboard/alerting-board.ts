import type { Alert } from '../alerting/alert.js';
import type { AlertingMonitor } from '../alerting/alerting.monitor.js';
import type { PerformanceMonitor } from '../alerting/performance.monitor.js';
import { VITAL_NAMES, type VitalName } from '../query/vital-expressions.js';
import type { AlertBoard, ShownAlert, ShownRule, ShownSilence, ShownVital } from './alert-board.js';
import type { Unit } from './views/panel.js';

const TITLES: Readonly<Record<VitalName, readonly [title: string, unit: Unit]>> = {
  cpu_percent: ['CPU', 'percent'],
  memory_percent: ['Memory', 'percent'],
  disk_percent: ['Disk', 'percent'],
  response_time_ms: ['Response time', 'milliseconds'],
  error_rate_percent: ['Errors', 'percent'],
  cache_hit_rate_percent: ['Cache hits', 'percent'],
};

/** Who silences from the dashboard: those who know the credentials of the endpoints. */
const AUTHOR = 'dashboard';

/** The alerting of the application, as the dashboard shows it. */
export class AlertingBoard implements AlertBoard {
  constructor(
    private readonly alerting: AlertingMonitor,
    private readonly performance: PerformanceMonitor,
  ) {}

  vitals(): ShownVital[] {
    const { metrics, alerts } = this.performance.getStatus();
    return VITAL_NAMES.map((name) => {
      const [title, unit] = TITLES[name];
      const value = metrics[name];
      const level = this.performance.levels.get(name);
      const thresholds =
        level === undefined
          ? []
          : (['warning', 'critical'] as const).map((severity) => ({ value: level[severity], severity }));
      const severity = alerts.find(({ metric }) => metric === name)?.severity;
      const state = severity === 'critical' || severity === 'warning' ? severity : 'ok';
      return { name, title, unit, value, thresholds, state: value === undefined ? 'unknown' : state };
    });
  }

  alerts(): ShownAlert[] {
    const alerts = this.alerting.alerts();
    const rules = new Map(alerts.map(({ fingerprint, rule }) => [fingerprint, rule]));
    return alerts.map((alert) => {
      const { fingerprint, rule, state, severity, message, labels, value } = alert;
      const { silencedBy, inhibitedBy } = this.alerting.statusOf(alert);
      const inhibitors = [...new Set(inhibitedBy.flatMap((by) => rules.get(by) ?? []))];
      return {
        id: fingerprint,
        rule,
        state,
        severity,
        message,
        labels: withoutNames(labels),
        value: Number.isFinite(value) ? value : undefined,
        since: sinceOf(alert),
        ...(silencedBy.length > 0 && { silencedBy: silencedBy[0] }),
        ...(inhibitors.length > 0 && { inhibitedBy: inhibitors }),
      };
    });
  }

  rules(): ShownRule[] {
    return this.alerting.rules().map(({ name, expression, severity, state, health, lastError }) => ({
      name,
      expression,
      severity,
      state,
      health,
      ...(lastError !== undefined && { error: lastError }),
    }));
  }

  silences(): ShownSilence[] {
    return this.alerting
      .silences()
      .filter(({ state }) => state !== 'expired')
      .map(({ id, matchers, comment, createdBy, endsAt }) => ({
        id,
        matchers: matchers
          .map(({ name, operator, value }) => `${name}${operator}${JSON.stringify(value)}`)
          .join(', '),
        comment,
        createdBy,
        endsAt,
      }));
  }

  silence(alertId: string, durationMs: number, comment: string): string | undefined {
    const alert = this.alerting.alerts().find(({ fingerprint }) => fingerprint === alertId);
    if (alert === undefined) return undefined;
    return this.alerting.silence({
      matchers: alert.labels,
      durationMs: Math.round(durationMs),
      comment,
      createdBy: AUTHOR,
    }).id;
  }

  unsilence(silenceId: string): boolean {
    return this.alerting.expireSilence(silenceId);
  }
}

function sinceOf({ state, activeAt, firedAt, resolvedAt }: Alert): number {
  if (state === 'resolved') return resolvedAt ?? activeAt;
  return state === 'firing' ? (firedAt ?? activeAt) : activeAt;
}

/** The name of the rule and its severity have columns of their own. */
function withoutNames(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).filter(([name]) => name !== 'alertname' && name !== 'severity'),
  );
}
