import { BoundSeries } from './bound-series.js';
import type { Labels } from './labels.js';
import type { MetricDefinition } from './metric-definition.js';
import type { Metric, MetricHost, SampleArguments } from './metric.js';
import { ScalarMetric } from './scalar-metric.js';
import { VALUE } from './snapshot.js';

/** A number that goes up and down: users online, queue length, temperature. */
export class Gauge<L extends string = never> extends ScalarMetric<L> {
  override readonly type = 'gauge';
  private readonly single: GaugeSeries | undefined;

  /** @internal */
  constructor(definition: MetricDefinition, host: MetricHost) {
    super(definition, host);
    if (this.labelNames.length === 0) this.single = new GaugeSeries(this, {});
  }

  /** Sets the value. NaN and infinities are refused and counted in `monitoring_dropped_samples_total`. */
  set(...args: SampleArguments<L, [value: number]>): void;
  set(first: unknown, second?: unknown): void {
    this.write(first, second, SET);
  }

  /** Adds `value`, which is 1 unless given. */
  inc(...args: SampleArguments<L, [value?: number]>): void;
  inc(first?: unknown, second?: unknown): void {
    this.write(first, second, 1);
  }

  /** Subtracts `value`, which is 1 unless given. */
  dec(...args: SampleArguments<L, [value?: number]>): void;
  dec(first?: unknown, second?: unknown): void {
    this.write(first, second, -1);
  }

  /** One series, looked up once: keep it where the series is used often. */
  labels(labels: Labels<L>): GaugeSeries {
    return new GaugeSeries(this, labels);
  }

  /** Sets, or adds in the direction of `sign`. */
  private write(first: unknown, second: unknown, sign: number): void {
    const labelled = typeof first === 'object' && first !== null;
    const value = labelled ? second : first;
    if (!labelled && this.single !== undefined) {
      this.single.write(value, sign);
      return;
    }
    const slot = this.slotFor(labelled ? first : {}, value ?? (sign === SET ? NaN : 1));
    if (slot < 0) this.refuseSample(slot, value);
    else writeGauge(this, this.rows.page(slot), this.rows.offset(slot) + VALUE, value, sign);
  }
}

/** One series of a {@link Gauge}. */
export class GaugeSeries extends BoundSeries<Metric> {
  /** Sets the value; refused and counted if it is not finite. */
  set(value: number): void {
    this.write(value, SET);
  }

  /** Adds `value`, which is 1 unless given. */
  inc(value?: number): void {
    this.write(value, 1);
  }

  /** Subtracts `value`, which is 1 unless given. */
  dec(value?: number): void {
    this.write(value, -1);
  }

  /** The value now. */
  value(): number {
    return this.current(VALUE);
  }

  /** @internal */
  write(value: unknown, sign: number): void {
    if (this.ready()) writeGauge(this.metric, this.page, this.offset + VALUE, value, sign);
  }
}

const SET = 0;

function writeGauge(metric: Metric, page: Float64Array, at: number, given: unknown, sign: number): void {
  const value = given === undefined && sign !== SET ? 1 : given;
  const next = sign === SET ? value : typeof value === 'number' ? page[at] + sign * value : NaN;
  // Also false for what is no number at all.
  if (Number.isFinite(next)) page[at] = next as number;
  else metric.refuse(value);
}
