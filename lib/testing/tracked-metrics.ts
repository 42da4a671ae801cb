import type { MetricsSource } from '../metrics/registry.js';
import type { MetricsSnapshot } from '../metrics/snapshot.js';

/** A source of metrics for expectations: a registry, or the result of {@link trackMetrics}. */
export type ObservedMetrics = Pick<MetricsSource, 'snapshot'>;

/** A source of metrics with their values at the time when a test began to track them. */
export class TrackedMetrics implements ObservedMetrics {
  /** @internal */
  readonly before: MetricsSnapshot;

  /** @internal */
  constructor(private readonly source: ObservedMetrics) {
    this.before = source.snapshot();
  }

  /** Returns the current values of all metrics. */
  snapshot(): MetricsSnapshot {
    return this.source.snapshot();
  }
}

/**
 * Records the current values of all metrics, so that increases count from here on. Meant for a registry that the test
 * did not create, such as that of an application. Call it before the code under test, and pass the result to
 * `expectMetric()` in place of the registry.
 */
export function trackMetrics(source: ObservedMetrics): TrackedMetrics {
  return new TrackedMetrics(source);
}
