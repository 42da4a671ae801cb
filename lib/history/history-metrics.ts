import type { Collector } from '../metrics/collector.js';
import type { Counter } from '../metrics/counter.js';
import type { Gauge } from '../metrics/gauge.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { HistoryStore } from './history-store.js';

/** What the history itself costs, and what had no room in it. */
export class HistoryMetrics implements Collector {
  readonly name = 'history';
  private readonly bytes: Gauge;
  private readonly series: Gauge;
  private readonly dropped: Counter;
  private known = 0;

  constructor(
    private readonly history: HistoryStore,
    registry: MetricsRegistry,
  ) {
    this.bytes = registry.gauge('monitoring_history_bytes', 'Memory that the history of the metrics takes.');
    this.series = registry.gauge('monitoring_history_series', 'Series that the history has samples of.');
    this.dropped = registry.counter(
      'monitoring_history_dropped_samples_total',
      'Samples that the history had no memory for.',
    );
  }

  collect(): void {
    this.bytes.set(this.history.bytes);
    this.series.set(this.history.seriesCount);
    const dropped = this.history.droppedSamples();
    this.dropped.inc(dropped - this.known);
    this.known = dropped;
  }
}
