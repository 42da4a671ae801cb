import type { Clock } from '../metrics/clock.js';
import type { Gauge } from '../metrics/gauge.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { MetricFamily } from '../metrics/snapshot.js';
import type { Contribution } from './contribution.js';
import { MetricsMerger } from './metrics-merger.js';

/** Counts what is left of workers that are gone; they are nobody now. */
const NOBODY = { index: -1, pid: NaN };

/** The metrics of all workers, and of how many they are. */
export class MergedView {
  private readonly merger: MetricsMerger;
  private readonly counts: MetricsRegistry;
  private readonly workers: Gauge;
  private readonly missing: Gauge;

  /** @param warn is told of what cannot be merged, once for each metric */
  constructor(
    defaultLabels: Readonly<Record<string, string>>,
    clock: Clock,
    private readonly warn: (topic: string, message: string) => void,
  ) {
    this.merger = new MetricsMerger(defaultLabels);
    this.counts = new MetricsRegistry({ defaultLabels, clock });
    this.workers = this.counts.gauge('monitoring_workers', 'Workers whose metrics are merged here.');
    this.missing = this.counts.gauge(
      'monitoring_workers_missing',
      'Workers that did not say in time what their metrics are, so that the last that is known is shown; their gauges are left out before long.',
    );
  }

  /**
   * @param estate what workers that are gone have counted
   * @param missing how many workers did not answer
   */
  of(
    contributions: readonly Contribution[],
    estate: readonly MetricFamily[],
    missing: number,
  ): MetricFamily[] {
    const { families, conflicting } = this.merger.merge([
      ...contributions.toSorted((a, b) => a.worker.index - b.worker.index),
      { worker: NOBODY, families: estate, isCurrent: false },
    ]);
    for (const name of conflicting) {
      this.warn(
        `metric ${name}`,
        `Workers have different definitions of the metric ${name}: the numbers of some are left out. Define it alike in all of them.`,
      );
    }
    this.workers.set(contributions.length);
    this.missing.set(missing);
    const own = new Set([this.workers.name, this.missing.name]);
    return [...families, ...this.counts.snapshot().families.filter(({ name }) => own.has(name))];
  }
}
