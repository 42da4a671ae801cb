import { BoundSeries } from './bound-series.js';
import type { ExemplarLabels } from './exemplars.js';
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
   *
   * @param exemplar labels that tell where the value came from, such as a `trace_id`, 128 characters in all; one a
   *   second is kept
   */
  inc(...args: SampleArguments<L, [value?: number, exemplar?: ExemplarLabels]>): void;
  inc(first?: unknown, second?: unknown, third?: ExemplarLabels): void {
    if (typeof first === 'object' && first !== null)
      this.add(this.slotFor(first, second), second as number, third);
    else if (this.single !== undefined) this.single.inc(first as number, second as ExemplarLabels);
    else this.add(this.slotFor({}, first), first as number, second as ExemplarLabels);
  }

  /** One series, looked up once: keep it where the series is used often. */
  labels(labels: Labels<L>): CounterSeries {
    return new CounterSeries(this, labels);
  }

  private add(slot: number, value = 1, exemplar?: ExemplarLabels): void {
    if (slot < 0) this.refuseSample(slot, value);
    else if (!addToCounter(this.rows.page(slot), this.rows.offset(slot) + VALUE, value)) this.refuse(value);
    else if (exemplar !== undefined || this.asksForExemplars)
      this.offerExemplar(slot, VALUE, value, exemplar);
  }
}

/** One series of a {@link Counter}. */
export class CounterSeries extends BoundSeries<Metric> {
  /**
   * Adds `value`, which is 1 unless given; refused and counted if it is negative or not finite.
   *
   * @param exemplar labels that tell where the value came from, such as a `trace_id`, 128 characters in all; one a
   *   second is kept
   */
  inc(value?: number, exemplar?: ExemplarLabels): void {
    if (!this.ready()) return;
    const { metric } = this;
    // One is by far the usual value, and nothing can be wrong with it.
    if (value === undefined) this.page[this.offset + VALUE]++;
    else if (!addToCounter(this.page, this.offset + VALUE, value)) {
      metric.refuse(value);
      return;
    }
    if (exemplar !== undefined || metric.asksForExemplars)
      metric.offerExemplar(this.slot, VALUE, value ?? 1, exemplar);
  }

  /** The total so far. */
  value(): number {
    return this.current(VALUE);
  }
}

/** @returns whether it is a value that can be added */
function addToCounter(page: Float64Array, at: number, value: number): boolean {
  const valid = typeof value === 'number' && value >= 0 && page[at] + value < Infinity;
  if (valid) page[at] += value;
  return valid;
}
