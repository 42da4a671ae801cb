import type { Clock } from '../metrics/clock.js';
import type { Gauge } from '../metrics/gauge.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { MetricFamily } from '../metrics/snapshot.js';
import { type Contribution, DEPARTED_WORKER } from './worker-contribution.js';
import { MetricsMerger } from './metrics-merger.js';

/** The merged metrics of all workers, with gauges of the number of workers. */
export class MergedSnapshot {
  private readonly merger: MetricsMerger;
  private readonly counts: MetricsRegistry;
  private readonly workers: Gauge;
  private readonly missing: Gauge;

  /** @param warn logs metrics that cannot be merged */
  constructor(
    defaultLabels: Readonly<Record<string, string>>,
    clock: Clock,
    private readonly warn: (topic: string, message: string) => void,
  ) {
    this.merger = new MetricsMerger(defaultLabels);
    this.counts = new MetricsRegistry({ defaultLabels, clock });
    this.workers = this.counts.gauge('monitoring_workers', 'Workers whose metrics are merged.');
    this.missing = this.counts.gauge(
      'monitoring_workers_missing',
      'Workers that did not respond in time. Their last known totals are included, their gauges only for a short time.',
    );
  }

  /**
   * Merges the metrics of all workers.
   *
   * @param departed totals of departed workers
   * @param missing number of workers that did not respond
   */
  merge(
    contributions: readonly Contribution[],
    departed: readonly MetricFamily[],
    missing: number,
  ): MetricFamily[] {
    const { families, conflicting } = this.merger.merge([
      ...contributions.toSorted((a, b) => a.worker.index - b.worker.index),
      { worker: DEPARTED_WORKER, families: departed, isCurrent: false },
    ]);
    for (const name of conflicting) {
      this.warn(
        `metric ${name}`,
        `Workers define the metric ${name} differently, so that the values of some are left out. Use the same definition in all workers.`,
      );
    }
    this.workers.set(contributions.length);
    this.missing.set(missing);
    const own = new Set([this.workers.name, this.missing.name]);
    return [...families, ...this.counts.snapshot().families.filter(({ name }) => own.has(name))];
  }
}
