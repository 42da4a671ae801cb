import type { MetricsRegistry } from '../metrics/registry.js';

// The one state that a module of this library has: how plain classes, which no application makes, find the
// application that runs.

let started: readonly MetricsRegistry[] = [];
let latest: MetricsRegistry | undefined;

export function noteStarted(registry: MetricsRegistry): void {
  started = [...started, registry];
  latest = registry;
}

export function noteStopped(registry: MetricsRegistry): void {
  started = started.filter((other) => other !== registry);
  latest = started.at(-1);
}

/** The registry of the application that started last, of those that have not been closed. */
export function latestRegistry(): MetricsRegistry | undefined {
  return latest;
}
