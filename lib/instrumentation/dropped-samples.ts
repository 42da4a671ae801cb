import type { DropReason } from '../metrics/metric-host.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import { LIBRARY_METRICS } from '../metrics/metric-names.js';

/** Counts a sample that could not be recorded, in the same counter as samples that the registry drops. */
export function countDropped(registry: MetricsRegistry, metric: string, reason: DropReason): void {
  registry
    .counter(LIBRARY_METRICS.droppedSamples, undefined, { labelNames: ['metric', 'reason'] })
    .inc({ metric, reason });
}
