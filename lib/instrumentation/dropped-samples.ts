import type { DropReason } from '../metrics/metric-host.js';
import type { MetricsRegistry } from '../metrics/registry.js';

/** Counts a sample that could not be recorded, where the registry counts those that it refuses itself. */
export function countDropped(registry: MetricsRegistry, metric: string, reason: DropReason): void {
  registry
    .counter('monitoring_dropped_samples_total', undefined, { labelNames: ['metric', 'reason'] })
    .inc({ metric, reason });
}
