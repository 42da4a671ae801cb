import type { Collector } from '../metrics/collector.js';
import type { Counter } from '../metrics/counter.js';
import type { Gauge } from '../metrics/gauge.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { HistoryStore } from './history-store.js';

/** The collector of the metrics about the history itself. */
export class HistoryMetrics implements Collector {
  readonly name = 'history';
  private readonly bytes: Gauge;
  private readonly series: Gauge;
  private readonly dropped: Counter;
  private reportedDrops = 0;

  constructor(
    private readonly history: HistoryStore,
    registry: MetricsRegistry,
  ) {
    this.bytes = registry.gauge('monitoring_history_bytes', 'Memory used by the metrics history, estimated.');
    this.series = registry.gauge('monitoring_history_series', 'Series in the metrics history.', {
      aggregate: 'max',
    });
    this.dropped = registry.counter(
      'monitoring_history_dropped_samples_total',
      'Samples dropped because the metrics history had reached its memory limit.',
    );
  }

  collect(): void {
    this.bytes.set(this.history.bytes);
    this.series.set(this.history.seriesCount);
    const dropped = this.history.droppedSamples();
    this.dropped.inc(dropped - this.reportedDrops);
    this.reportedDrops = dropped;
  }
}
