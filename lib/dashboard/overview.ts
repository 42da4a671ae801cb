import type { MetricsHistory } from '../query/metrics-history.js';
import type { VitalName } from '../query/vital-expressions.js';
import type { HealthReport } from '../health/health-report.js';
import type { HealthStatus } from '../health/health-status.js';
import type { HealthMonitor } from '../health/health.monitor.js';
import { rounded } from './rounding.js';
import type { AlertBoard, ShownAlert, ShownVital } from './alert-board.js';

/** Why it is not healthy, in one sentence, and the view that tells more. */
export interface Reason {
  readonly severity: 'warning' | 'critical';
  readonly text: string;
  readonly view: 'health' | 'alerts';
}

export interface OverviewVital extends ShownVital {
  /** What it was at the samples so far, oldest first; null where it was not known. */
  readonly course: readonly (number | null)[];
}

/** How things stand, in one look. */
export interface Overview {
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number;
  readonly service: string;
  readonly status: HealthStatus;
  readonly reasons: readonly Reason[];
  readonly vitals: readonly OverviewVital[];
  /** Pending and firing. */
  readonly alerts: readonly ShownAlert[];
  readonly intervalMs: number;
  readonly health: HealthReport;
}

/** How many points of a vital's course are shown. */
const COURSE_LENGTH = 60;

/** Puts together how things stand. */
export class OverviewReader {
  private lastSample: number | undefined;
  private readonly courses = new Map<VitalName, (number | null)[]>();

  constructor(
    private readonly health: HealthMonitor,
    private readonly board: AlertBoard,
    private readonly history: MetricsHistory,
    private readonly service: string,
    private readonly now: () => number,
  ) {}

  /** Looks at everything; each new sample of the history is a point in the course of the vitals. */
  async read(): Promise<Overview> {
    const health = await this.health.runHealthChecks();
    const isNewSample = this.history.lastSample !== this.lastSample;
    this.lastSample = this.history.lastSample;
    const vitals = this.board.vitals().map((vital) => ({
      ...vital,
      value: vital.value === undefined ? undefined : rounded(vital.value),
      course: this.courseOf(vital, isNewSample),
    }));
    const alerts = this.board.alerts().filter(({ state }) => state !== 'resolved');
    const reasons = worstFirst([...reasonsOfChecks(health), ...reasonsOfAlerts(alerts)]);
    return {
      timestamp: this.now(),
      service: this.service,
      status: statusOf(health.status, reasons),
      reasons,
      vitals,
      alerts,
      intervalMs: this.history.intervalMs,
      health,
    };
  }

  private courseOf({ name, value }: ShownVital, isNewSample: boolean): readonly (number | null)[] {
    const course = this.courses.get(name) ?? [];
    this.courses.set(name, course);
    if (isNewSample) course.push(value === undefined ? null : rounded(value));
    if (course.length > COURSE_LENGTH) course.shift();
    return [...course];
  }
}

function reasonsOfChecks({ checks }: HealthReport): Reason[] {
  return Object.entries(checks)
    .filter(([, { status }]) => status !== 'healthy')
    .map(([name, { status, message }]): Reason => ({
      severity: status === 'degraded' ? 'warning' : 'critical',
      text: `${name}: ${message}`,
      view: 'health',
    }));
}

function reasonsOfAlerts(alerts: readonly ShownAlert[]): Reason[] {
  return alerts
    .filter(
      ({ state, silencedBy, inhibitedBy }) =>
        state === 'firing' && silencedBy === undefined && inhibitedBy === undefined,
    )
    .map(({ rule, message, severity }): Reason => ({
      severity: severity === 'critical' ? 'critical' : 'warning',
      text: `${rule}: ${message}`,
      view: 'alerts',
    }));
}

function worstFirst(reasons: readonly Reason[]): Reason[] {
  return reasons.toSorted((a, b) => Number(b.severity === 'critical') - Number(a.severity === 'critical'));
}

/** Health speaks for itself; what fires makes the best of it a `degraded`. */
function statusOf(health: HealthStatus, reasons: readonly Reason[]): HealthStatus {
  return health === 'healthy' && reasons.length > 0 ? 'degraded' : health;
}
