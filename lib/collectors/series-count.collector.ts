import type { Gauge } from '../metrics/gauge.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { ManagedCollector } from './managed-collector.js';

/** A collector of the number of series of each metric. */
export class SeriesCountCollector implements ManagedCollector {
  readonly name = 'series';
  readonly metricNames = ['monitoring_series'];

  private readonly series: Gauge<'metric'>;

  constructor(private readonly registry: MetricsRegistry) {
    this.series = registry.gauge('monitoring_series', 'Number of series of a metric.', {
      aggregate: 'max',
      labelNames: ['metric'],
      seriesLimit: Infinity,
    });
  }

  collect(): void {
    this.series.reset();
    for (const { name, seriesCount } of this.registry.getAllMetrics()) {
      if (name !== this.series.name && seriesCount > 0) this.series.set({ metric: name }, seriesCount);
    }
  }
}
