import type { MetricsHistory } from '../query/metrics-history.js';
import type { VitalName } from '../query/vital-definitions.js';
import type { HealthReport } from '../health/health-report.js';
import { type HealthStatus, worstOf } from '../health/health-status.js';
import type { HealthMonitor } from '../health/health.monitor.js';
import { rounded } from './rounding.js';
import type { AlertRow, VitalRow } from './alert-rows.js';
import type { DashboardAlerts } from './dashboard-alerts.js';
import type { DashboardInstance } from './dashboard-instance.js';
import type { PanelPlaces } from './panels/panel-places.js';
import type { Timeline, TimelineEvent } from './now/timeline.js';
import type { Verdict } from './now/verdict.js';
import type { VerdictReader } from './now/verdict-reader.js';

/** A cause of a status other than healthy. */
export interface Reason {
  /** Name of the health check or alert rule. */
  readonly name: string;
  readonly severity: 'warning' | 'critical';
  readonly text: string;
  /** View with the details. */
  readonly view: 'health' | 'alerts';
}

/** A vital with its recent values. */
export interface OverviewVital extends VitalRow {
  /** Values at the recent samples, oldest first; null where unknown. */
  readonly trend: readonly (number | null)[];
}

/** The data of the overview page, also sent to every open dashboard. */
export interface Overview {
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number;
  readonly service: string;
  /** The process that this is about. */
  readonly instance: DashboardInstance;
  readonly status: HealthStatus;
  /** The state in a sentence; undefined if nobody looks. */
  readonly verdict?: Verdict;
  /** The last events, oldest first. */
  readonly events: readonly TimelineEvent[];
  readonly reasons: readonly Reason[];
  readonly vitals: readonly OverviewVital[];
  /** Pending and firing alerts. */
  readonly alerts: readonly AlertRow[];
  /** Interval of the samples, in milliseconds. */
  readonly intervalMs: number;
  readonly health: HealthReport;
  /** Pages and areas that have panels of the application. */
  readonly panels: PanelPlaces;
  /** True if Prometheus is asked for the figures of all instances. */
  readonly hasFleet: boolean;
}

const STATUS_OF_VERDICT = {
  ok: 'healthy',
  unknown: 'healthy',
  warning: 'degraded',
  critical: 'critical',
} as const;

/** The number of recent values of a vital. */
const TREND_LENGTH = 60;

/** The parts of an application that its overview is about. */
export interface OverviewSources {
  readonly health: Pick<HealthMonitor, 'runHealthChecks'>;
  readonly alerts: Pick<DashboardAlerts, 'vitals' | 'alerts'>;
  readonly history: Pick<MetricsHistory, 'lastSample' | 'intervalMs'>;
  readonly service: string;
  readonly instance: DashboardInstance;
  readonly now: () => number;
  readonly timeline: Pick<Timeline, 'events'>;
  readonly verdicts: Pick<VerdictReader, 'read'>;
  readonly panels: () => PanelPlaces;
  readonly hasFleet: boolean;
}

/** A reader of the overview. */
export class OverviewReader {
  private lastSample: number | undefined;
  private readonly trends = new Map<VitalName, (number | null)[]>();

  constructor(private readonly sources: OverviewSources) {}

  /**
   * Runs the health checks and returns the overview. Each new sample of the history adds a value to the trends.
   *
   * @param isWatched false if nobody sees the verdict, which is then not read
   */
  async read(isWatched = true): Promise<Overview> {
    const { alerts: alerting, history, service, instance, timeline, verdicts, hasFleet } = this.sources;
    const health = await this.sources.health.runHealthChecks();
    const isNewSample = history.lastSample !== this.lastSample;
    this.lastSample = history.lastSample;
    const vitals = alerting.vitals().map((vital) => ({
      ...vital,
      value: vital.value === undefined ? undefined : rounded(vital.value),
      trend: this.trendOf(vital, isNewSample),
    }));
    const alerts = alerting.alerts().filter(({ state }) => state !== 'resolved');
    const reasons = worstFirst([...reasonsOfChecks(health), ...reasonsOfAlerts(alerts)]);
    const timestamp = this.sources.now();
    const verdict = isWatched ? await verdicts.read({ timestamp, health, alerts, vitals }) : undefined;
    return {
      timestamp,
      service,
      instance,
      status: statusOf(health.status, reasons, verdict),
      ...(verdict && { verdict }),
      events: timeline.events(),
      reasons,
      vitals,
      alerts,
      intervalMs: history.intervalMs,
      health,
      panels: this.sources.panels(),
      hasFleet,
    };
  }

  private trendOf({ name, value }: VitalRow, isNewSample: boolean): readonly (number | null)[] {
    const trend = this.trends.get(name) ?? [];
    this.trends.set(name, trend);
    if (isNewSample) trend.push(value === undefined ? null : rounded(value));
    if (trend.length > TREND_LENGTH) trend.shift();
    return [...trend];
  }
}

function reasonsOfChecks({ checks }: HealthReport): Reason[] {
  return Object.entries(checks)
    .filter(([, { status }]) => status !== 'healthy')
    .map(([name, { status, message }]): Reason => ({
      name,
      severity: status === 'degraded' ? 'warning' : 'critical',
      text: `${name}: ${message}`,
      view: 'health',
    }));
}

function reasonsOfAlerts(alerts: readonly AlertRow[]): Reason[] {
  return alerts
    .filter(
      ({ state, silencedBy, inhibitedBy }) =>
        state === 'firing' && silencedBy === undefined && inhibitedBy === undefined,
    )
    .map(({ rule, message, severity }): Reason => ({
      name: rule,
      severity: severity === 'critical' ? 'critical' : 'warning',
      text: `${rule}: ${message}`,
      view: 'alerts',
    }));
}

function worstFirst(reasons: readonly Reason[]): Reason[] {
  return reasons.toSorted((a, b) => Number(b.severity === 'critical') - Number(a.severity === 'critical'));
}

/** Returns the overall status: a firing alert makes a healthy application degraded. */
function statusOf(health: HealthStatus, reasons: readonly Reason[], verdict?: Verdict): HealthStatus {
  return worstOf([
    health,
    reasons.length > 0 ? 'degraded' : 'healthy',
    verdict === undefined ? 'healthy' : STATUS_OF_VERDICT[verdict.state],
  ]);
}
