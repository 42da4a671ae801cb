import { isDeepStrictEqual } from 'node:util';
import { HistoryStore } from '../../history/history-store.js';
import { MetricsHistory } from '../../query/metrics-history.js';
import type { Clock } from '../../metrics/clock.js';
import { MonitoringOptionsError } from '../../options/option-checks.js';
import type { Alert, AlertEvent } from '../../alerting/alert.js';
import { AlertingMonitor } from '../../alerting/alerting.monitor.js';
import type { AlertRule } from '../../alerting/rules/alert-rule.js';
import { NotedSnapshots } from './noted-snapshots.js';
import { readSeries } from './series-notation.js';

/** An alert that a test expects; what it leaves open is not compared. */
export interface ExpectedAlert {
  readonly rule: string;
  /** @default 'firing' */
  readonly state?: 'pending' | 'firing';
  readonly severity?: string;
  /** The alert may have more of them. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly message?: string;
  readonly value?: number;
}

/** A test of rules: what they are, what there is to see, and what should come of it. */
export interface RulesTest {
  readonly rules: readonly AlertRule[];
  /**
   * Series in the notation of promtool, such as `'http_requests_total{status_code="500"}': '0+1x10'`. A series has
   * been there before the test unless `created` stands before its first value: `'_x5 created 20'` is one that was
   * created after the fifth sample and had counted to 20 at the sixth.
   */
  readonly series: Readonly<Record<string, string>>;
  /** How far the samples are apart, in milliseconds; rules are evaluated with each. @default 15_000 */
  readonly intervalMs?: number;
  /** When to look, in milliseconds from the first sample, or as `5m` or `90s`. */
  readonly at: number | string;
  /** All alerts that fire then. Those that are pending are compared if one of them is expected. */
  readonly expect?: readonly ExpectedAlert[];
}

/** What came of a test of rules. */
export interface RulesTestResult {
  /** Those that were pending or fired in the end. */
  readonly alerts: readonly Alert[];
  /** Everything that happened, with times from the first sample on. */
  readonly events: readonly AlertEvent[];
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Evaluates rules over series in a time of its own, and compares what fires in the end with what should.
 *
 * @throws {Error} saying what fired and what should have
 */
export function testRules(test: RulesTest): RulesTestResult {
  const intervalMs = test.intervalMs ?? 15_000;
  const atMs = typeof test.at === 'number' ? test.at : readDuration(test.at);
  const snapshots = new NotedSnapshots(
    Object.entries(test.series).map(([name, values]) => readSeries(name, values)),
    intervalMs,
  );
  let now = 0;
  const clock: Clock = { now: () => now, monotonic: () => now };
  const store = new HistoryStore({ intervalMs, durationMs: intervalMs, maxBytes: Infinity });
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
    const taken = step;
    store.add(snapshots.snapshot(step, now), (key) => snapshots.isMissed(key, taken));
    events.push(...monitor.evaluate(now));
    const failed = monitor.rules().find(({ health }) => health === 'err');
    if (failed)
      throw new Error(`The rule ${failed.name} cannot be evaluated at ${now} ms: ${failed.lastError}.`);
  }
  const alerts = monitor.alerts().filter(({ state }) => state !== 'resolved');
  if (test.expect !== undefined) compare(test.at, alerts, test.expect);
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
  const shown = found.map(({ rule, state, severity, labels, value, message }) => ({
    rule,
    state,
    severity,
    labels,
    value,
    message,
  }));
  throw new Error(`Expected these alerts at ${at}:\n${list(expected)}\ngot these:\n${list(shown)}`);
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

function readDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|[smhd])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw new MonitoringOptionsError(
      `Expected at of the test to be milliseconds or a duration such as 5m, got "${text}".`,
    );
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit], 0);
}
