import type { MetricDefinition } from './metric-definition.js';
import type { MetricHost } from './metric-host.js';
import { Metric, type SampleArguments } from './metric.js';
import { SeriesStore } from './series-store.js';
import { type ScalarFamily, scalarSeries, VALUE } from './snapshot.js';

/** The base of counters and gauges, whose series are one number each. */
export abstract class ScalarMetric<L extends string> extends Metric<L> {
  abstract override readonly type: ScalarFamily['type'];
  /** @internal */
  override readonly store: SeriesStore;

  constructor(definition: MetricDefinition, host: MetricHost) {
    super(definition);
    this.store = new SeriesStore(definition, host, VALUE + 1, undefined);
  }

  /** Returns the value of one series; 0 if there is no such series. */
  value(...args: SampleArguments<L, []>): number;
  value(labels: object = {}): number {
    const slot = this.store.peek(labels);
    return slot < 0 ? 0 : (this.store.pageOf(slot)[this.store.offsetOf(slot) + VALUE] ?? 0);
  }

  /** Returns the sum of all series, without the copy that a snapshot is. @internal */
  total(): number {
    const { store } = this;
    store.settle();
    let total = 0;
    for (let slot = 0; slot < store.slots; slot++) {
      if (store.isLive(slot)) total += store.pageOf(slot)[store.offsetOf(slot) + VALUE] ?? 0;
    }
    return total;
  }

  /** @internal */
  override snapshot(): ScalarFamily {
    const { name, help, type, labelNames, seriesLimit, aggregate, openLabels } = this;
    const columns = this.store.columns();
    return {
      name,
      help,
      type,
      labelNames,
      seriesLimit,
      ...(aggregate && { aggregate }),
      ...(openLabels && { openLabels }),
      ...columns,
      series: scalarSeries(columns),
    };
  }
}
