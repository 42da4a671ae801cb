import { MetricsHistory, type MetricsRegistry } from 'nestjs-monitoring';
import type { TestRegistryOptions } from 'nestjs-monitoring/testing';
import { type FakeClock, testRegistry } from '../metrics/support.js';

export const SECOND = 1_000;
export const MINUTE = 60_000;

/** A registry with a history of it, in a time that the test owns. */
export interface Past {
  readonly registry: MetricsRegistry;
  readonly history: MetricsHistory;
  readonly clock: FakeClock;
  /** Takes a sample now. */
  readonly sample: () => void;
  /** Lets time pass and then takes a sample, as often as there are steps; each may do something before its sample. */
  readonly run: (steps: number, step?: (index: number) => void) => void;
}

export function past(
  options: Partial<ConstructorParameters<typeof MetricsHistory>[0]> = {},
  registryOptions: TestRegistryOptions = {},
): Past {
  const { registry, clock } = testRegistry(registryOptions);
  const history = new MetricsHistory({
    intervalMs: 15 * SECOND,
    durationMs: 60 * MINUTE,
    maxBytes: 32 * 1024 * 1024,
    ...options,
  });
  const sample = (): void => history.add(registry.snapshot({ exponential: history.withPercentiles }));
  return {
    registry,
    history,
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
