import { MetricsRegistry } from '../metrics/registry.js';
import type { MetricsRegistryOptions } from '../metrics/registry-options.js';
import { FakeClock } from './fake-clock.js';

/** A registry for one test, with its clock and its warnings. */
export interface TestRegistry {
  /** An empty registry that shares nothing with other registries. */
  readonly registry: MetricsRegistry;
  /** The clock of the registry. A timer records the time by which the test advanced it. */
  readonly clock: FakeClock;
  /** The warnings of the registry, such as one about a name that breaks the naming guide. */
  readonly warnings: readonly string[];
}

/** Options of {@link createTestRegistry}: those of a registry without the logger. */
export interface TestRegistryOptions extends Omit<MetricsRegistryOptions, 'clock' | 'logger'> {
  /** The clock of the registry. @default a new `FakeClock` */
  readonly clock?: FakeClock;
}

/**
 * Returns a registry for one test, with a clock that the test controls.
 *
 * @throws {MetricDefinitionError} for invalid options
 */
export function createTestRegistry({
  clock = new FakeClock(),
  ...options
}: TestRegistryOptions = {}): TestRegistry {
  const warnings: string[] = [];
  const logger = { warn: (message: string) => void warnings.push(message) };
  return { registry: new MetricsRegistry({ ...options, clock, logger }), clock, warnings };
}
