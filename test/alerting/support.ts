import { type AlertingMonitorOptions } from '../../lib/alerting/alerting.monitor.js';
import type { Alert, AlertRule, MetricsRegistry } from 'nestjs-monitoring';
import { AlertingMonitor } from '../../lib/alerting/alerting.monitor.js';
import { MetricsHistory } from '../../lib/query/metrics-history.js';
import { HistoryStore } from '../../lib/history/history-store.js';
import { type FakeClock, testRegistry } from '../metrics/support.js';

export const SECOND = 1_000;
export const MINUTE = 60_000;

/** An alerting engine over a registry, in a time that the test owns. */
export interface TestAlerting {
  readonly registry: MetricsRegistry;
  readonly history: MetricsHistory;
  readonly store: HistoryStore;
  readonly clock: FakeClock;
  readonly alerting: AlertingMonitor;
  readonly warnings: string[];
  /** Warnings of the registry, among them those about errors of listeners. */
  readonly registryWarnings: readonly string[];
  /** Lets time pass, does something, samples and evaluates, and waits until everybody was notified. */
  readonly step: (work?: () => void) => Promise<void>;
}

export function testAlerting(
  options: Partial<AlertingMonitorOptions> = {},
  shared: { clock?: FakeClock; maxBytes?: number } = {},
): TestAlerting {
  const { registry, clock: own, warnings: registryWarnings } = testRegistry();
  const clock = shared.clock ?? own;
  const warnings: string[] = [];
  const store = new HistoryStore({
    intervalMs: 15 * SECOND,
    retentionMs: 60 * MINUTE,
    maxBytes: shared.maxBytes ?? 32_000_000,
  });
  const history = new MetricsHistory(store);
  const known = {
    typeOf: (metric: string) => registry.getMetric(metric)?.type,
    names: () => registry.getAllMetrics().map(({ name }) => name),
  };
  const alerting = new AlertingMonitor(history, known, clock, {
    intervalMs: 15 * SECOND,
    inhibitRules: [],
    stateFile: undefined,
    logger: { warn: (message) => void warnings.push(message) },
    registry,
    ...options,
  });
  const step = async (work?: () => void): Promise<void> => {
    clock.advance(15 * SECOND);
    work?.();
    store.add({ ...registry.snapshot(), timestamp: clock.now() });
    await alerting.settled();
  };
  return { registry, history, store, clock, alerting, warnings, registryWarnings, step };
}

/** A rule about the gauge `queue_length`, one alert for each queue. */
export function queueRule(more: Partial<AlertRule> = {}): AlertRule {
  return {
    name: 'long_queue',
    condition: { metric: 'queue_length', operator: '>', threshold: 10 },
    severity: 'warning',
    message: 'Queue {{ labels.queue }} has {{ value }} jobs',
    ...more,
  };
}

/** An alert in one line. */
export function line({ rule, state, labels, value }: Alert): string {
  return `${rule} ${labels['queue'] ?? ''} ${state} ${value}`.replace(/ +/g, ' ');
}
