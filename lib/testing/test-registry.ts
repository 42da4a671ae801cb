import { MetricsRegistry } from '../metrics/registry.js';
import type { MetricsRegistryOptions } from '../metrics/registry-options.js';
import { FakeClock } from './fake-clock.js';

/** A registry together with the time it lives in and what it warned about. */
export interface TestRegistry {
  /** Begins empty and shares nothing with any other. */
  readonly registry: MetricsRegistry;
  /** The time of the registry: what a timer records is how far the test advanced it. */
  readonly clock: FakeClock;
  /** What the registry found worth a look, such as a name that breaks the naming guide. */
  readonly warnings: readonly string[];
}

/** Options of {@link createTestRegistry}: those of a registry, but for where its warnings go. */
export interface TestRegistryOptions extends Omit<MetricsRegistryOptions, 'clock' | 'logger'> {
  /** @default a new one */
  readonly clock?: FakeClock;
}

/**
 * A registry for one test, with a clock that the test owns.
 *
 * @throws {MetricDefinitionError} for options that cannot work
 */
export function createTestRegistry({
  clock = new FakeClock(),
  ...options
}: TestRegistryOptions = {}): TestRegistry {
  const warnings: string[] = [];
  const logger = { warn: (message: string) => void warnings.push(message) };
  return { registry: new MetricsRegistry({ ...options, clock, logger }), clock, warnings };
}
