import type { MetricDefinition } from './metric-definition.js';
import { Metric, type MetricHost, type SampleArguments } from './metric.js';
import { type ScalarFamily, scalarSeries, VALUE } from './snapshot.js';

/** What counters and gauges share: each series is one number. */
export abstract class ScalarMetric<L extends string> extends Metric<L> {
  abstract override readonly type: ScalarFamily['type'];

  constructor(definition: MetricDefinition, host: MetricHost) {
    super(definition, host, VALUE + 1);
    this.restart();
  }

  /** The value of one series; 0 if there is no such series. */
  value(...args: SampleArguments<L, []>): number;
  value(labels: object = {}): number {
    const slot = this.peek(labels);
    return slot < 0 ? 0 : this.rows.page(slot)[this.rows.offset(slot) + VALUE];
  }

  /** @internal */
  override snapshot(): ScalarFamily {
    const { name, help, type, labelNames, seriesLimit, aggregate } = this;
    const columns = this.columns();
    return {
      name,
      help,
      type,
      labelNames,
      seriesLimit,
      ...(aggregate && { aggregate }),
      ...columns,
      series: scalarSeries(columns),
    };
  }
}
