import { BoundSeries } from './bound-series.js';
import type { Labels } from './labels.js';
import type { MetricDefinition } from './metric-definition.js';
import type { Metric, MetricHost, SampleArguments } from './metric.js';
import { ScalarMetric } from './scalar-metric.js';
import { VALUE } from './snapshot.js';

/** A number that only goes up: requests served, errors, bytes sent. */
export class Counter<L extends string = never> extends ScalarMetric<L> {
  override readonly type = 'counter';
  private readonly single: CounterSeries | undefined;

  /** @internal */
  constructor(definition: MetricDefinition, host: MetricHost) {
    super(definition, host);
    if (this.labelNames.length === 0) this.single = new CounterSeries(this, {});
  }

  /**
   * Adds `value`, which is 1 unless given. A negative or non-finite value is refused and counted in
   * `monitoring_dropped_samples_total`.
   */
  inc(...args: SampleArguments<L, [value?: number]>): void;
  inc(first?: unknown, second?: number): void {
    if (typeof first === 'object' && first !== null) this.add(this.slotFor(first), second);
    else if (this.single !== undefined) this.single.inc(first as number | undefined);
    else this.add(this.slotFor({}), first as number | undefined);
  }

  /** One series, looked up once: keep it where the series is used often. */
  labels(labels: Labels<L>): CounterSeries {
    return new CounterSeries(this, labels);
  }

  private add(slot: number, value = 1): void {
    if (slot < 0) {
      this.refuseLabels(slot);
      return;
    }
    addToCounter(this, this.rows.page(slot), this.rows.offset(slot) + VALUE, value);
  }
}

/** One series of a {@link Counter}. */
export class CounterSeries extends BoundSeries<Metric> {
  /** Adds `value`, which is 1 unless given; refused and counted if it is negative or not finite. */
  inc(value?: number): void {
    if (!this.ready()) return;
    // One is by far the usual value, and nothing can be wrong with it.
    if (value === undefined) this.page[this.offset + VALUE]++;
    else addToCounter(this.metric, this.page, this.offset + VALUE, value);
  }

  /** The total so far. */
  value(): number {
    return this.current(VALUE);
  }
}

function addToCounter(metric: Metric, page: Float64Array, at: number, value: number): void {
  if (typeof value === 'number' && value >= 0 && page[at] + value < Infinity) page[at] += value;
  else metric.refuse(value);
}
