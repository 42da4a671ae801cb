import { AlertingMonitor, MetricsHistory } from 'nestjs-monitoring';
import { testRules } from 'nestjs-monitoring/testing';
import { HistoryStore } from '../../lib/history/history-store.js';
import { NotationSnapshots } from '../../lib/testing/rules/notation-snapshots.js';
import { readSeries } from '../../lib/testing/rules/series-notation.js';
import type { RuleCase } from './rule-cases.js';

/** Which alerts there are at a moment, as Prometheus shows them in ALERTS. */
export interface StatesAt {
  readonly at: number;
  readonly alerts: readonly Readonly<Record<string, string>>[];
}

/** The states of all alerts after each evaluation, made of what happened in between. */
export function statesOf({ rules, series, intervalMs, steps }: RuleCase): StatesAt[] {
  const { events } = testRules({ rules, series, intervalMs, at: (steps - 1) * intervalMs });
  const current = new Map<string, Readonly<Record<string, string>>>();
  return Array.from({ length: steps }, (_, step) => {
    const at = step * intervalMs;
    for (const { type, alert, timestamp } of events) {
      if (timestamp !== at) continue;
      if (type === 'pending' || type === 'firing') {
        current.set(alert.fingerprint, { ...alert.labels, alertstate: type });
      } else current.delete(alert.fingerprint);
    }
    return { at, alerts: [...current.values()] };
  });
}

export function rulesAsYaml({ rules, series, intervalMs }: RuleCase): string {
  const known = new NotationSnapshots(
    Object.entries(series).map(([name, values]) => readSeries(name, values)),
    intervalMs,
  );
  const store = new HistoryStore({ intervalMs, retentionMs: intervalMs, maxBytes: 1_000_000 });
  const clock = { now: () => 0, monotonic: () => 0 };
  const monitor = new AlertingMonitor(new MetricsHistory(store), known, clock, {
    intervalMs,
    inhibitRules: [],
    stateFile: undefined,
    logger: { warn: () => undefined },
  });
  for (const rule of rules) monitor.addAlertRule(rule);
  return monitor.toPrometheusRules();
}
