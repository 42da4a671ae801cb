import type { Alert } from '../alerting/alert.js';
import type { BackTestResult } from '../alerting/evaluation/back-test.js';
import type { AlertRule } from '../alerting/rules/alert-rule.js';
import type { AlertingMonitor } from '../alerting/alerting.monitor.js';
import type { PerformanceMonitor } from '../alerting/performance.monitor.js';
import { VITAL_NAMES, type VitalName } from '../query/vital-definitions.js';
import type { Vitals } from '../query/vitals.js';
import type { AlertRow, RuleRow, SilenceRow, VitalRow } from './alert-rows.js';
import type { Unit } from './views/panel.js';

const TITLES: Readonly<Record<VitalName, readonly [title: string, unit: Unit]>> = {
  cpu_percent: ['CPU (1 min)', 'percent'],
  memory_percent: ['Memory (1 min)', 'percent'],
  disk_percent: ['Disk', 'percent'],
  response_time_ms: ['Mean response time (1 min)', 'milliseconds'],
  error_rate_percent: ['Error rate (1 min)', 'percent'],
  cache_hit_rate_percent: ['Cache hit rate (1 min)', 'percent'],
};

/** The creator of silences from the dashboard, where credentials identify no person. */
const CREATED_BY = 'dashboard';

/** The vitals, alerts, rules and silences on the dashboard. */
export class DashboardAlerts {
  constructor(
    private readonly alerting: AlertingMonitor,
    private readonly performance: PerformanceMonitor,
    private readonly measured: Pick<Vitals, 'current'>,
  ) {}

  vitals(): VitalRow[] {
    const { alerts } = this.performance.getStatus();
    // They are measured without alerting, too.
    const metrics = this.measured.current();
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

  /** Returns the pending, firing and recently resolved alerts. */
  alerts(): AlertRow[] {
    const alerts = this.alerting.alerts();
    const rules = new Map(alerts.map(({ fingerprint, rule }) => [fingerprint, rule]));
    return alerts.map((alert) => {
      const { fingerprint, rule, state, severity, message, labels, value } = alert;
      const { silencedBy, inhibitedBy } = this.alerting.statusOf(alert);
      const context = state === 'firing' ? this.alerting.contextOf(alert) : undefined;
      const operation = context?.causes[0]?.name;
      const profiles = context?.profiles?.filter(({ isComplete }) => isComplete).length ?? 0;
      const inhibitors = [...new Set(inhibitedBy.flatMap((by) => rules.get(by) ?? []))];
      return {
        id: fingerprint,
        rule,
        state,
        severity,
        message,
        labels: withoutColumns(labels),
        value: Number.isFinite(value) ? value : undefined,
        since: sinceOf(alert),
        activeAt: alert.activeAt,
        ...(context !== undefined && { cause: context.summary }),
        ...(operation !== undefined && { operation }),
        ...(profiles > 0 && { profiles }),
        ...(silencedBy.length > 0 && { silencedBy: silencedBy[0] }),
        ...(inhibitors.length > 0 && { inhibitedBy: inhibitors }),
      };
    });
  }

  rules(): RuleRow[] {
    return this.alerting.rules().map(({ name, expression, severity, state, health, lastError }) => ({
      name,
      expression,
      severity,
      state,
      health,
      ...(lastError !== undefined && { error: lastError }),
    }));
  }

  silences(): SilenceRow[] {
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

  /**
   * Silences an alert.
   *
   * @returns the id of the silence; undefined if the alert does not exist
   */
  silence(alertId: string, durationMs: number, comment: string): string | undefined {
    const alert = this.alerting.alerts().find(({ fingerprint }) => fingerprint === alertId);
    if (alert === undefined) return undefined;
    return this.alerting.silence({
      matchers: alert.labels,
      durationMs: Math.round(durationMs),
      comment,
      createdBy: CREATED_BY,
    }).id;
  }

  /** Evaluates a rule over the past samples of the history. @throws {MonitoringOptionsError} */
  backTest(rule: AlertRule): Promise<BackTestResult> {
    return this.alerting.backTest(rule);
  }

  /** Expires a silence. @returns false if it does not exist */
  unsilence(silenceId: string): boolean {
    return this.alerting.expireSilence(silenceId);
  }
}

function sinceOf({ state, activeAt, firedAt, resolvedAt }: Alert): number {
  if (state === 'resolved') return resolvedAt ?? activeAt;
  return state === 'firing' ? (firedAt ?? activeAt) : activeAt;
}

/** Returns the labels without those that have a column of their own. */
function withoutColumns(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).filter(([name]) => name !== 'alertname' && name !== 'severity'),
  );
}
