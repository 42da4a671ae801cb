import type { AlertingMonitor } from './alerting.monitor.js';
import type { InhibitRule } from './notifications/inhibition.js';
import type { AlertRule, Condition, Severity } from './rules/alert-rule.js';
import type { VitalName } from '../query/vital-expressions.js';
import {
  DEFAULT_THRESHOLDS,
  isLowSide,
  resolveThresholds,
  type Threshold,
  type Thresholds,
} from './thresholds.options.js';
import type { Vitals } from '../query/vitals.js';

/** A vital that is beyond its threshold. */
export interface ThresholdAlert {
  readonly metric: VitalName;
  readonly value: number;
  readonly threshold: number;
  readonly severity: Severity;
}

/** How the application is. */
export interface PerformanceStatus {
  readonly monitoring: boolean;
  /** The vitals as of now; those that cannot be told are left out. */
  readonly metrics: Readonly<Partial<Record<VitalName, number>>>;
  readonly alerts: readonly ThresholdAlert[];
}

const LEVELS = ['critical', 'warning'] as const;
type Level = (typeof LEVELS)[number];

/** So much there has to be in the last minute before a share of it says anything. */
const ENOUGH_REQUESTS = 10;
const ENOUGH_LOOKUPS = 50;

const ENOUGH: { readonly [V in VitalName]?: Condition } = {
  error_rate_percent: atLeast('http_requests_total', ENOUGH_REQUESTS),
  cache_hit_rate_percent: {
    any: [atLeast('cache_hits_total', ENOUGH_LOOKUPS), atLeast('cache_misses_total', ENOUGH_LOOKUPS)],
  },
};

const VALUE = '{{ value | printf "%.1f" }}';

/** In words, since people read them at night. */
const MESSAGES: Readonly<Record<VitalName, (limit: number) => string>> = {
  cpu_percent: (limit) =>
    `The processors of the machine are ${VALUE} % busy (limit ${limit} %); this process keeps {{ process_cpu }} processors busy`,
  memory_percent: (limit) => `${VALUE} % of the memory is in use (limit ${limit} %)`,
  disk_percent: (limit) => `${VALUE} % of the disk is in use (limit ${limit} %)`,
  response_time_ms: (limit) =>
    `Requests take {{ value | printf "%.0f" }} ms on average over a minute (limit ${limit} ms)`,
  error_rate_percent: (limit) => `${VALUE} % of requests fail (limit ${limit} %)`,
  cache_hit_rate_percent: (limit) => `${VALUE} % of cache lookups are hits (limit ${limit} %)`,
};

/** A critical vital is not worth a warning besides. */
export const THRESHOLD_INHIBITION: InhibitRule = {
  source: { vital: { not: '' }, severity: 'critical' },
  target: { vital: { not: '' }, severity: 'warning' },
  equal: ['vital'],
};

/** Watches the vitals of the application: thresholds that are rules of the {@link AlertingMonitor} like others. */
export class PerformanceMonitor {
  private given: Thresholds = DEFAULT_THRESHOLDS;
  private resolved = resolveThresholds(DEFAULT_THRESHOLDS);
  private release: (() => void) | undefined;

  constructor(
    private readonly alerting: AlertingMonitor,
    private readonly vitals: Vitals,
  ) {}

  /** What the vitals should not cross. Assigning replaces all of them, at once. */
  get thresholds(): Thresholds {
    return this.given;
  }

  /** @throws {MonitoringOptionsError} for thresholds that cannot work */
  set thresholds(thresholds: Thresholds) {
    const resolved = resolveThresholds(thresholds);
    const isMonitoring = this.release !== undefined;
    const before = new Set(this.resolved.keys());
    this.given = thresholds;
    this.resolved = resolved;
    if (!isMonitoring) return;
    for (const vital of before) if (!resolved.has(vital)) this.removeRules(vital);
    this.putRules();
  }

  /** The thresholds with what was left open in them. */
  get levels(): ReadonlyMap<VitalName, Threshold> {
    return this.resolved;
  }

  /** Begins to watch. */
  start(): void {
    if (this.release !== undefined) return;
    this.release = this.vitals.retain();
    this.putRules();
  }

  /** Ceases to watch; what fires is resolved. */
  stop(): void {
    if (this.release === undefined) return;
    this.release();
    this.release = undefined;
    for (const vital of this.resolved.keys()) this.removeRules(vital);
  }

  /** The vitals as they are, and the thresholds that they are beyond. */
  getStatus(): PerformanceStatus {
    return {
      monitoring: this.release !== undefined,
      metrics: this.release === undefined ? {} : this.vitals.current(),
      alerts: this.alerts(),
    };
  }

  /** Of each vital the worst, also before it has been so for long enough to fire. */
  private alerts(): ThresholdAlert[] {
    const current = new Map(
      this.alerting
        .alerts()
        .filter(({ state }) => state !== 'resolved')
        .map((alert) => [alert.rule, alert]),
    );
    return [...this.resolved].flatMap(([metric, levels]) => {
      for (const level of LEVELS) {
        const alert = current.get(ruleName(metric, level));
        if (alert) return [{ metric, value: alert.value, threshold: levels[level], severity: level }];
      }
      return [];
    });
  }

  private putRules(): void {
    for (const [vital, levels] of this.resolved) {
      for (const level of LEVELS) this.alerting.replaceAlertRule(ruleOf(vital, level, levels));
    }
  }

  private removeRules(vital: VitalName): void {
    for (const level of LEVELS) this.alerting.removeAlertRule(ruleName(vital, level));
  }
}

function atLeast(metric: string, threshold: number): Condition {
  return { metric, aggregate: 'increase', windowMs: 60_000, groupBy: [], operator: '>=', threshold };
}

function ruleOf(vital: VitalName, level: Level, levels: Threshold): AlertRule {
  const threshold = levels[level];
  const beyond: Condition = { metric: vital, operator: isLowSide(vital) ? '<' : '>', threshold };
  const enough = ENOUGH[vital];
  return {
    name: ruleName(vital, level),
    condition: enough === undefined ? beyond : { all: [beyond, enough] },
    severity: level,
    labels: { vital },
    message: MESSAGES[vital](threshold),
    forMs: levels.forMs,
    // The metrics that a vital is made of are there or not.
    mayBeMissing: true,
  };
}

function ruleName(vital: VitalName, level: Level): string {
  return `${vital}_${level}`;
}
