import { type ActiveCount, ActiveCounts } from './active-count.js';
import { BoundSeries } from './bound-series.js';
import type { Labels } from './labels.js';
import type { MetricDefinition } from './metric-definition.js';
import type { MetricHost } from './metric-host.js';
import type { SampleArguments } from './metric.js';
import { ScalarMetric } from './scalar-metric.js';
import type { SeriesStore } from './series-store.js';
import { VALUE } from './snapshot.js';

/** A number that goes up and down: users online, queue length, temperature. */
export class Gauge<L extends string = never> extends ScalarMetric<L> {
  override readonly type = 'gauge';
  private readonly single: GaugeSeries | undefined;
  private counts: ActiveCounts | undefined;

  /** @internal */
  constructor(definition: MetricDefinition, host: MetricHost) {
    super(definition, host);
    if (this.labelNames.length === 0 && !this.openLabels) this.single = new GaugeSeries(this.store, {});
  }

  /** Sets the value. A non-finite value is dropped and counted in `monitoring_dropped_samples_total`. */
  set(...args: SampleArguments<L, [value: number]>): void;
  set(first: unknown, second?: unknown): void {
    this.write(first, second, SET);
  }

  /** Adds a value, 1 by default. */
  inc(...args: SampleArguments<L, [value?: number]>): void;
  inc(first?: unknown, second?: unknown): void {
    this.write(first, second, 1);
  }

  /** Subtracts a value, 1 by default. */
  dec(...args: SampleArguments<L, [value?: number]>): void;
  dec(first?: unknown, second?: unknown): void {
    this.write(first, second, -1);
  }

  /** Returns one series, looked up once, for a series that is used often. */
  labels(labels: Labels<L>): GaugeSeries {
    return new GaugeSeries(this.store, labels);
  }

  /** Returns one series as a number of operations in progress, which survives a reset. @internal */
  active(labels: Labels<L>): ActiveCount {
    return (this.counts ??= new ActiveCounts(this.store)).of(labels);
  }

  /** Sets the overflow series, if there is one. @internal */
  setOverflow(value: number): void {
    const { store } = this;
    const slot = store.peekOverflow();
    if (slot >= 0) writeGauge(store, store.pageOf(slot), store.offsetOf(slot) + VALUE, value, SET);
  }

  private write(first: unknown, second: unknown, sign: number): void {
    const labelled = typeof first === 'object' && first !== null;
    const value = labelled ? second : first;
    if (!labelled && this.single !== undefined) {
      this.single.write(value, sign);
      return;
    }
    const { store } = this;
    const slot = store.slotFor(labelled ? first : {}, value ?? (sign === SET ? NaN : 1));
    if (slot < 0) store.dropSample(slot, value);
    else writeGauge(store, store.pageOf(slot), store.offsetOf(slot) + VALUE, value, sign);
  }
}

/** One series of a {@link Gauge}. */
export class GaugeSeries extends BoundSeries {
  /** Sets the value. A non-finite value is dropped and counted. */
  set(value: number): void {
    this.write(value, SET);
  }

  /** Adds a value, 1 by default. */
  inc(value?: number): void {
    this.write(value, 1);
  }

  /** Subtracts a value, 1 by default. */
  dec(value?: number): void {
    this.write(value, -1);
  }

  /** Returns the current value. */
  value(): number {
    return this.current(VALUE);
  }

  /** @internal */
  write(value: unknown, sign: number): void {
    if (this.ready()) writeGauge(this.store, this.page, this.offset + VALUE, value, sign);
  }
}

/** The sign of a write that sets the value instead of adding to it. */
const SET = 0;

/** Sets a value, or adds it with a sign, on the hot path, where the index is known to be in range. */
function writeGauge(store: SeriesStore, page: Float64Array, at: number, given: unknown, sign: number): void {
  const value = given === undefined && sign !== SET ? 1 : given;
  const next = sign === SET ? value : typeof value === 'number' ? page[at]! + sign * value : NaN;
  // Also false for anything but a number.
  if (Number.isFinite(next)) page[at] = next as number;
  else store.dropValue(value);
}
