import { BoundSeries } from './bound-series.js';
import type { ExemplarLabels } from './exemplars.js';
import type { Labels } from './labels.js';
import type { MetricDefinition } from './metric-definition.js';
import type { MetricHost } from './metric-host.js';
import type { SampleArguments } from './metric.js';
import { ScalarMetric } from './scalar-metric.js';
import { VALUE } from './snapshot.js';

/** A number that only goes up: requests served, errors, bytes sent. */
export class Counter<L extends string = never> extends ScalarMetric<L> {
  override readonly type = 'counter';
  private readonly single: CounterSeries | undefined;

  /** @internal */
  constructor(definition: MetricDefinition, host: MetricHost) {
    super(definition, host);
    if (this.labelNames.length === 0 && !this.openLabels) this.single = new CounterSeries(this.store, {});
  }

  /**
   * Adds a value, 1 by default. A negative or non-finite value is dropped and counted in
   * `monitoring_dropped_samples_total`.
   *
   * @param args the labels, if the metric has any, the value, and an exemplar: labels that identify the origin of the
   *   value, such as a `trace_id`, of at most 128 characters in all; one exemplar a second is kept
   */
  inc(...args: SampleArguments<L, [value?: number, exemplar?: ExemplarLabels]>): void;
  inc(first?: unknown, second?: unknown, third?: ExemplarLabels): void {
    if (typeof first === 'object' && first !== null)
      this.add(this.store.slotFor(first, second), second as number, third);
    else if (this.single !== undefined) this.single.inc(first as number, second as ExemplarLabels);
    else this.add(this.store.slotFor({}, first), first as number, second as ExemplarLabels);
  }

  /** Returns one series, looked up once, for a series that is used often. */
  labels(labels: Labels<L>): CounterSeries {
    return new CounterSeries(this.store, labels);
  }

  /**
   * Sets one series to a count that is kept elsewhere. A smaller count than before starts the series again.
   *
   * @internal
   */
  setTotal(labels: Labels<L>, total: number): void {
    const { store } = this;
    if (this.value(...([labels] as unknown as SampleArguments<L, []>)) > total) store.remove(labels);
    const slot = store.slotFor(labels, total);
    if (slot < 0) store.dropSample(slot, total);
    else if (total >= 0 && total < Infinity) store.pageOf(slot)[store.offsetOf(slot) + VALUE] = total;
    else store.dropValue(total);
  }

  private add(slot: number, value = 1, exemplar?: ExemplarLabels): void {
    const { store } = this;
    if (slot < 0) store.dropSample(slot, value);
    else if (!addToCounter(store.pageOf(slot), store.offsetOf(slot) + VALUE, value)) store.dropValue(value);
    else if (exemplar !== undefined || store.asksForExemplars)
      store.offerExemplar(slot, VALUE, value, exemplar);
  }
}

/** One series of a {@link Counter}. */
export class CounterSeries extends BoundSeries {
  /**
   * Adds a value, 1 by default. A negative or non-finite value is dropped and counted.
   *
   * @param exemplar labels that identify the origin of the value, such as a `trace_id`, of at most 128 characters in
   *   all; one exemplar a second is kept
   */
  inc(value?: number, exemplar?: ExemplarLabels): void {
    if (!this.ready()) return;
    const { store } = this;
    // The default is by far the most common value, and needs no check. The hot path needs no check of the index either.
    if (value === undefined) this.page[this.offset + VALUE]!++;
    else if (!addToCounter(this.page, this.offset + VALUE, value)) {
      store.dropValue(value);
      return;
    }
    if (exemplar !== undefined || store.asksForExemplars)
      store.offerExemplar(this.slot, VALUE, value ?? 1, exemplar);
  }

  /** Returns the current total. */
  value(): number {
    return this.current(VALUE);
  }
}

/** Adds a value on the hot path, where the index is known to be in range. @returns false if the value is invalid */
function addToCounter(page: Float64Array, at: number, value: number): boolean {
  const valid = typeof value === 'number' && value >= 0 && page[at]! + value < Infinity;
  if (valid) page[at]! += value;
  return valid;
}
