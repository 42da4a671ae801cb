import type { MetricsRegistry } from '../metrics/registry.js';
import { processWide } from '../primitives/process-wide.js';

// State of the process: objects that no application created, such as entities, have no other way to find the registry of
// the running application.
const started = processWide('startedRegistries', () => ({
  registries: [] as readonly MetricsRegistry[],
  latest: undefined as MetricsRegistry | undefined,
}));

/** Adds the registry of an application that has started. */
export function markStarted(registry: MetricsRegistry): void {
  started.registries = [...started.registries, registry];
  started.latest = registry;
}

/** Removes the registry of an application that has shut down or failed to start. */
export function markStopped(registry: MetricsRegistry): void {
  started.registries = started.registries.filter((other) => other !== registry);
  started.latest = started.registries.at(-1);
}

/** Returns the registry of the running application that started last. */
export function latestRegistry(): MetricsRegistry | undefined {
  return started.latest;
}
