import type { MetricsRegistry } from 'nestjs-monitoring';
import { MetricsHistory } from '../../lib/query/metrics-history.js';
import { HistoryStore } from '../../lib/history/history-store.js';
import type { TestRegistryOptions } from 'nestjs-monitoring/testing';
import { type FakeClock, testRegistry } from '../metrics/support.js';

export const SECOND = 1_000;
export const MINUTE = 60_000;

/** A registry with a history of it, in a time that the test owns. */
export interface Past {
  readonly registry: MetricsRegistry;
  readonly history: MetricsHistory;
  readonly store: HistoryStore;
  readonly clock: FakeClock;
  /** Takes a sample now. */
  readonly sample: () => void;
  /** Lets time pass and then takes a sample, as often as there are steps; each may do something before its sample. */
  readonly run: (steps: number, step?: (index: number) => void) => void;
}

export function past(
  options: Partial<ConstructorParameters<typeof HistoryStore>[0]> = {},
  registryOptions: TestRegistryOptions = {},
): Past {
  const { registry, clock } = testRegistry(registryOptions);
  const store = new HistoryStore({
    intervalMs: 15 * SECOND,
    retentionMs: 60 * MINUTE,
    maxBytes: 32 * 1024 * 1024,
    ...options,
  });
  const history = new MetricsHistory(store);
  const sample = (): void => store.add(registry.snapshot({ exponential: store.metricsWithPercentiles }));
  return {
    registry,
    history,
    store,
    clock,
    sample,
    run: (steps, step) => {
      for (let i = 0; i < steps; i++) {
        clock.advance(history.intervalMs);
        step?.(i);
        sample();
      }
    },
  };
}
