import type { MetricsRegistry } from '../metrics/registry.js';

// Module-level state: objects that no application created, such as entities, have no other way to find the registry of
// the running application.

let started: readonly MetricsRegistry[] = [];
let latest: MetricsRegistry | undefined;

/** Adds the registry of an application that has started. */
export function markStarted(registry: MetricsRegistry): void {
  started = [...started, registry];
  latest = registry;
}

/** Removes the registry of an application that has shut down or failed to start. */
export function markStopped(registry: MetricsRegistry): void {
  started = started.filter((other) => other !== registry);
  latest = started.at(-1);
}

/** Returns the registry of the running application that started last. */
export function latestRegistry(): MetricsRegistry | undefined {
  return latest;
}
