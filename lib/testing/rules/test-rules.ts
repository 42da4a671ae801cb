import { isDeepStrictEqual } from 'node:util';
import { HistoryStore } from '../../history/history-store.js';
import { MetricsHistory } from '../../query/metrics-history.js';
import type { Clock } from '../../metrics/clock.js';
import { expectOption } from '../../options/option-checks.js';
import type { Alert, AlertEvent } from '../../alerting/alert.js';
import { AlertingMonitor } from '../../alerting/alerting.monitor.js';
import type { AlertRule } from '../../alerting/rules/alert-rule.js';
import { NotationSnapshots } from './notation-snapshots.js';
import { readSeries } from './series-notation.js';

/** An alert that a test expects. Only the given fields are compared. */
export interface ExpectedAlert {
  /** The name of the rule. */
  readonly rule: string;
  /** The state of the alert. @default 'firing' */
  readonly state?: 'pending' | 'firing';
  readonly severity?: string;
  /** Labels that the alert must have. It may have others. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly message?: string;
  readonly value?: number;
}

/** A test of alert rules: the rules, the series, and the expected alerts. */
export interface RulesTest {
  /** The rules under test. */
  readonly rules: readonly AlertRule[];
  /**
   * The series in the notation of promtool, such as `'http_requests_total{status_code="500"}': '0+1x10'`. A series
   * exists before the test unless `created` precedes its first value: `'_x5 created 20'` is created after the fifth
   * sample and has counted to 20 at the sixth.
   */
  readonly series: Readonly<Record<string, string>>;
  /** Time between two samples, in milliseconds. Rules are evaluated at each sample. @default 15_000 */
  readonly intervalMs?: number;
  /** Time of the expectation, in milliseconds from the first sample, or a duration such as `5m` or `90s`. */
  readonly at: number | string;
  /** The expected alerts: all firing ones, and all pending ones if a pending one is among them. @default not compared */
  readonly expect?: readonly ExpectedAlert[];
}

/** The result of a test of alert rules. */
export interface RulesTestResult {
  /** The alerts that are pending or firing at the end. */
  readonly alerts: readonly Alert[];
  /** The state changes of all alerts. Their times are relative to the first sample. */
  readonly events: readonly AlertEvent[];
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Evaluates rules over series on a clock of its own, and compares the alerts at the end with the expected ones.
 *
 * @throws {MonitoringOptionsError} for an invalid rule, series or time
 * @throws {Error} if the alerts differ; the error lists both
 */
export function testRules(test: RulesTest): RulesTestResult {
  const { at, intervalMs = 15_000 } = test;
  const isInterval = Number.isFinite(intervalMs) && intervalMs > 0;
  expectOption('intervalMs of the test', intervalMs, 'a number of milliseconds above 0', isInterval);
  const atMs = typeof at === 'string' ? readDuration(at) : at;
  const isTime = Number.isFinite(atMs) && atMs >= 0;
  expectOption('at of the test', at, 'a number of milliseconds or a duration such as 5m', isTime);
  const snapshots = new NotationSnapshots(
    Object.entries(test.series).map(([name, values]) => readSeries(name, values)),
    intervalMs,
  );
  let now = 0;
  const clock: Clock = { now: () => now, monotonic: () => now };
  const store = new HistoryStore({ intervalMs, retentionMs: intervalMs, maxBytes: Infinity });
  const logger = { warn: () => undefined };
  const monitor = new AlertingMonitor(new MetricsHistory(store), snapshots, clock, {
    intervalMs,
    inhibitRules: [],
    stateFile: undefined,
    logger,
  });
  for (const rule of test.rules) monitor.addAlertRule(rule);
  const events: AlertEvent[] = [];
  for (let step = 0; step * intervalMs <= atMs; step++) {
    now = step * intervalMs;
    const current = step;
    store.add(snapshots.snapshot(step, now), (key) => snapshots.isMissed(key, current));
    events.push(...monitor.evaluate(now));
    const failed = monitor.rules().find(({ health }) => health === 'err');
    if (failed)
      throw new Error(`Alert rule ${failed.name} failed to evaluate at ${now} ms: ${failed.lastError}.`);
  }
  const alerts = monitor.alerts().filter(({ state }) => state !== 'resolved');
  if (test.expect !== undefined) compare(at, alerts, test.expect);
  return { alerts, events };
}

function compare(at: number | string, alerts: readonly Alert[], expected: readonly ExpectedAlert[]): void {
  const withPending = expected.some(({ state }) => state === 'pending');
  const found = alerts.filter(({ state }) => state === 'firing' || withPending);
  const left = [...found];
  const missing = expected.filter((wanted) => {
    const index = left.findIndex((alert) => isLike(alert, wanted));
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
  if (missing.length === 0 && left.length === 0) return;
  const actual = found.map(({ rule, state, severity, labels, value, message }) => ({
    rule,
    state,
    severity,
    labels,
    value,
    message,
  }));
  throw new Error(`Expected alerts at ${at}:\n${list(expected)}\nActual alerts:\n${list(actual)}`);
}

function list(all: readonly unknown[]): string {
  return all.length === 0 ? '  none' : all.map((one) => `  ${JSON.stringify(one)}`).join('\n');
}

function isLike(alert: Alert, { labels = {}, state = 'firing', ...rest }: ExpectedAlert): boolean {
  return (
    alert.state === state &&
    Object.entries(labels).every(([name, value]) => alert.labels[name] === value) &&
    Object.entries(rest).every(([key, value]) => isDeepStrictEqual(alert[key as keyof Alert], value))
  );
}

/** Returns the milliseconds of a duration such as `1m30s`; NaN for any other text. */
function readDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|[smhd])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return NaN;
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? NaN), 0);
}
