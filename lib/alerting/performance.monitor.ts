import type { AlertingMonitor } from './alerting.monitor.js';
import type { InhibitRule } from './notifications/inhibition.js';
import type { AlertCondition, AlertRule, Severity } from './rules/alert-rule.js';
import type { VitalName } from '../query/vital-definitions.js';
import {
  DEFAULT_THRESHOLDS,
  isLowerWorse,
  resolveThresholds,
  type Threshold,
  type Thresholds,
} from './thresholds.options.js';
import type { Vitals } from '../query/vitals.js';
import { CACHE_METRICS, HTTP_METRICS } from '../metrics/metric-names.js';

/** An alert of a vital that is beyond a threshold. */
export interface ThresholdAlert {
  /** The vital that is beyond its threshold. */
  readonly metric: VitalName;
  /** The value of the vital, in its unit. */
  readonly value: number;
  /** The threshold of this severity, in the unit of the vital. */
  readonly threshold: number;
  /** The worse of the thresholds that it is beyond. */
  readonly severity: Severity;
}

/** The current vitals and their alerts. */
export interface PerformanceStatus {
  /** True while the monitor is started. */
  readonly monitoring: boolean;
  /** The current value of each vital, without those that have no data. */
  readonly metrics: Readonly<Partial<Record<VitalName, number>>>;
  /** The worst alert of each vital that is beyond a threshold, pending alerts included. */
  readonly alerts: readonly ThresholdAlert[];
}

const LEVELS = ['critical', 'warning'] as const;
type Level = (typeof LEVELS)[number];

/** Minimum number of requests in the last minute: a percentage of fewer means nothing. */
const MIN_REQUESTS = 10;
/** Minimum number of cache hits, or of misses, in the last minute. */
const MIN_LOOKUPS = 50;

/** The traffic that a vital needs before its thresholds apply. */
const MIN_TRAFFIC: { readonly [V in VitalName]?: AlertCondition } = {
  error_rate_percent: atLeast(HTTP_METRICS.requests, MIN_REQUESTS),
  cache_hit_rate_percent: {
    any: [atLeast(CACHE_METRICS.hits, MIN_LOOKUPS), atLeast(CACHE_METRICS.misses, MIN_LOOKUPS)],
  },
};

const VALUE = '{{ value | printf "%.1f" }}';

/** The message of each vital, by threshold. */
const MESSAGES: Readonly<Record<VitalName, (limit: number) => string>> = {
  cpu_percent: (limit) =>
    `CPU usage of the machine is ${VALUE} % (limit ${limit} %, over 1 min); this process uses {{ process_cpu }} CPUs`,
  memory_percent: (limit) => `Memory usage is ${VALUE} % (limit ${limit} %, over 1 min)`,
  disk_percent: (limit) => `Disk usage is ${VALUE} % (limit ${limit} %)`,
  response_time_ms: (limit) =>
    `Requests take {{ value | printf "%.0f" }} ms on average (limit ${limit} ms, over 1 min)`,
  error_rate_percent: (limit) => `${VALUE} % of requests fail (limit ${limit} %, over 1 min)`,
  cache_hit_rate_percent: (limit) => `Cache hit rate is ${VALUE} % (limit ${limit} %, over 1 min)`,
};

/** The rule by which the critical alert of a vital inhibits its warning. */
export const THRESHOLD_INHIBITION: InhibitRule = {
  source: { vital: { not: '' }, severity: 'critical' },
  target: { vital: { not: '' }, severity: 'warning' },
  equal: ['vital'],
};

/** A monitor of the vitals of the application. Its thresholds are rules of the {@link AlertingMonitor}. */
export class PerformanceMonitor {
  private assigned: Thresholds = DEFAULT_THRESHOLDS;
  private resolved = resolveThresholds(DEFAULT_THRESHOLDS);
  private release: (() => void) | undefined;

  constructor(
    private readonly alerting: AlertingMonitor,
    private readonly vitals: Vitals,
  ) {}

  /** The thresholds of the vitals. An assignment replaces all of them at once. */
  get thresholds(): Thresholds {
    return this.assigned;
  }

  /** @throws {MonitoringOptionsError} for invalid thresholds; the previous ones stay in force */
  set thresholds(thresholds: Thresholds) {
    const resolved = resolveThresholds(thresholds);
    const isMonitoring = this.release !== undefined;
    const before = new Set(this.resolved.keys());
    this.assigned = thresholds;
    this.resolved = resolved;
    if (!isMonitoring) return;
    for (const vital of before) if (!resolved.has(vital)) this.removeRules(vital);
    this.replaceRules();
  }

  /** The thresholds with every default filled in. */
  get levels(): ReadonlyMap<VitalName, Threshold> {
    return this.resolved;
  }

  /** Starts monitoring: adds the rules of the vitals. */
  start(): void {
    if (this.release !== undefined) return;
    this.release = this.vitals.retain();
    this.alerting.deferRules(() => this.replaceRules());
  }

  /** Stops monitoring: removes the rules of the vitals and resolves their alerts. */
  stop(): void {
    if (this.release === undefined) return;
    this.release();
    this.release = undefined;
    for (const vital of this.resolved.keys()) this.removeRules(vital);
  }

  /** Returns the current vitals, and the alerts of those beyond a threshold. */
  getStatus(): PerformanceStatus {
    return {
      monitoring: this.release !== undefined,
      metrics: this.vitals.current(),
      alerts: this.alerts(),
    };
  }

  /** Returns the worst alert of each vital, pending alerts included. */
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

  private replaceRules(): void {
    for (const [vital, levels] of this.resolved) {
      for (const level of LEVELS) this.alerting.replaceAlertRule(ruleOf(vital, level, levels));
    }
  }

  private removeRules(vital: VitalName): void {
    for (const level of LEVELS) this.alerting.removeAlertRule(ruleName(vital, level));
  }
}

function atLeast(metric: string, threshold: number): AlertCondition {
  return { metric, aggregate: 'increase', windowMs: 60_000, groupBy: [], operator: '>=', threshold };
}

function ruleOf(vital: VitalName, level: Level, levels: Threshold): AlertRule {
  const threshold = levels[level];
  const beyond: AlertCondition = { metric: vital, operator: isLowerWorse(vital) ? '<' : '>', threshold };
  const minTraffic = MIN_TRAFFIC[vital];
  return {
    name: ruleName(vital, level),
    condition: minTraffic === undefined ? beyond : { all: [beyond, minTraffic] },
    severity: level,
    labels: { vital },
    message: MESSAGES[vital](threshold),
    forMs: levels.forMs,
    // The metrics behind a vital depend on what the application uses.
    allowMissingMetric: true,
  };
}

function ruleName(vital: VitalName, level: Level): string {
  return `${vital}_${level}`;
}
