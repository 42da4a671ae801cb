import type { MetricsSource } from '../metrics/registry.js';
import type { MetricsSnapshot } from '../metrics/snapshot.js';

/** What a test can look at: a registry, or what {@link trackMetrics} gave. */
export type ObservedMetrics = Pick<MetricsSource, 'snapshot'>;

/** The metrics as they are now, together with what they were when a test began to track them. */
export class TrackedMetrics implements ObservedMetrics {
  /** @internal */
  readonly before: MetricsSnapshot;

  /** @internal */
  constructor(private readonly source: ObservedMetrics) {
    this.before = source.snapshot();
  }

  /** Every metric as it stands. */
  snapshot(): MetricsSnapshot {
    return this.source.snapshot();
  }
}

/**
 * Notes what the metrics are now, so that increases count from here on: for a registry that a test has not made
 * itself, such as that of an application. Put it in front of what is tested, and give it to `expectMetric()` in
 * place of the registry.
 */
export function trackMetrics(source: ObservedMetrics): TrackedMetrics {
  return new TrackedMetrics(source);
}
