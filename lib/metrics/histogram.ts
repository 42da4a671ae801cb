import { BoundSeries } from './bound-series.js';
import { assertBuckets } from './buckets.js';
import type { ExemplarLabels } from './exemplars.js';
import { ExponentialHistogram, quantileOf } from './exponential-histogram.js';
import type { Labels } from './labels.js';
import type { MetricDefinition } from './metric-definition.js';
import { Metric, type MetricHost, type SampleArguments, type SnapshotOptions } from './metric.js';
import { FIRST_BUCKET, type HistogramFamily, histogramSeries, MAX, MIN, SUM } from './snapshot.js';

/** How often values of which size occurred: durations, sizes, amounts. */
export class Histogram<L extends string = never> extends Metric<L> {
  override readonly type = 'histogram';
  /** The finite upper bounds in ascending order; one more bucket, up to +Inf, follows them. */
  readonly upperBounds: readonly number[];
  /** For percentiles: the exponential histogram of each row. */
  private readonly exponential: ExponentialHistogram[] = [];
  private readonly single: HistogramSeries | undefined;

  /** @internal */
  constructor(definition: MetricDefinition, buckets: readonly number[], host: MetricHost) {
    const upperBounds = assertBuckets(`${definition.kind} ${definition.name}`, buckets);
    super(definition, host, FIRST_BUCKET + upperBounds.length + 1);
    this.upperBounds = upperBounds;
    this.restart();
    if (this.labelNames.length === 0) this.single = new HistogramSeries(this, {});
  }

  /**
   * Records one value. NaN and infinities are refused and counted in `monitoring_dropped_samples_total`.
   *
   * @param exemplar labels that tell where the value came from, such as a `trace_id`, 128 characters in all; one a
   *   second is kept
   */
  observe(...args: SampleArguments<L, [value: number, exemplar?: ExemplarLabels]>): void;
  observe(first: unknown, second?: unknown, third?: ExemplarLabels): void {
    if (typeof first === 'object' && first !== null)
      this.observeAt(this.slotFor(first, second ?? NaN), second as number, third);
    else if (this.single !== undefined) this.single.observe(first as number, second as ExemplarLabels);
    else this.observeAt(this.slotFor({}, first ?? NaN), first as number, second as ExemplarLabels);
  }

  /** One series, looked up once: keep it where the series is used often. */
  labels(labels: Labels<L>): HistogramSeries {
    return new HistogramSeries(this, labels);
  }

  /**
   * The value that the share `q` of all observed values, whatever their labels, did not exceed: 0.95 for the
   * 95th percentile. At most 1 % off between 1 n and 1 P, and exact for 0 and 1.
   *
   * @param q between 0 and 1
   * @returns NaN before the first observation
   */
  percentile(q: number): number {
    const all = new ExponentialHistogram();
    let min = Infinity;
    let max = -Infinity;
    for (let slot = 0; slot < this.table.slots; slot++) {
      const page = this.rows.page(slot);
      const offset = this.rows.offset(slot);
      if (this.isDead(slot) || Number.isNaN(page[offset + MIN])) continue;
      all.merge(this.exponential[slot]);
      min = Math.min(min, page[offset + MIN]);
      max = Math.max(max, page[offset + MAX]);
    }
    return clampedQuantile(all, q, min, max);
  }

  /** How many values one series has; 0 if there is no such series. */
  count(...args: SampleArguments<L, []>): number;
  count(labels: object = {}): number {
    const slot = this.peek(labels);
    return slot < 0 ? 0 : sumOfBuckets(this.rows.page(slot), this.rows.offset(slot), this.upperBounds.length);
  }

  /** The sum of all values of one series; 0 if there is no such series. */
  sum(...args: SampleArguments<L, []>): number;
  sum(labels: object = {}): number {
    const slot = this.peek(labels);
    return slot < 0 ? 0 : this.rows.page(slot)[this.rows.offset(slot) + SUM];
  }

  /** The exponential histogram of a row, for the series that is bound to it. */
  exponentialOf(slot: number): ExponentialHistogram {
    return this.exponential[slot];
  }

  /** @internal */
  override snapshot({ exponential: wanted = false }: SnapshotOptions): HistogramFamily {
    const { name, help, type, labelNames, seriesLimit, upperBounds } = this;
    const columns = this.columns();
    const exponential = (typeof wanted === 'boolean' ? wanted : wanted.has(name))
      ? this.exponential.map((histogram) => histogram.snapshot())
      : undefined;
    const series = histogramSeries(columns, upperBounds, exponential);
    return { name, help, type, labelNames, seriesLimit, upperBounds, ...columns, series };
  }

  protected override beginRow(slot: number, page: Float64Array, offset: number): void {
    super.beginRow(slot, page, offset);
    page[offset + MIN] = NaN;
    page[offset + MAX] = NaN;
    this.exponential[slot] = new ExponentialHistogram();
  }

  protected override restart(): void {
    this.exponential.length = 0;
    super.restart();
  }

  protected override moveRow(from: number, to: number): void {
    // Rows only ever move towards the start, so nothing still needed is overwritten.
    this.exponential[to] = this.exponential[from]!;
  }

  private observeAt(slot: number, value: number, exemplar: ExemplarLabels | undefined): void {
    if (slot < 0) {
      this.refuseSample(slot, value);
      return;
    }
    const at = this.rows.offset(slot);
    const column = record(this.rows.page(slot), at, this.upperBounds, this.exponential[slot], value);
    if (column === REFUSED) this.refuse(value);
    else if (exemplar !== undefined || this.asksForExemplars)
      this.offerExemplar(slot, column, value, exemplar);
  }
}

/** What a series needs to know of its histogram, whatever its labels. */
type AnyHistogram = Metric & Pick<Histogram, 'upperBounds' | 'exponentialOf'>;

/** One series of a {@link Histogram}. */
export class HistogramSeries extends BoundSeries<AnyHistogram> {
  // Only declared: `place` sets it while the constructor of the base class runs.
  declare private exponential: ExponentialHistogram;

  /**
   * Records one value; refused and counted if it is not finite.
   *
   * @param exemplar labels that tell where the value came from, such as a `trace_id`, 128 characters in all; one a
   *   second is kept
   */
  observe(value: number, exemplar?: ExemplarLabels): void {
    if (!this.ready()) return;
    const { page, offset, metric } = this;
    const column = record(page, offset, metric.upperBounds, this.exponential, value);
    if (column === REFUSED) metric.refuse(value);
    else if (exemplar !== undefined || metric.asksForExemplars)
      metric.offerExemplar(this.slot, column, value, exemplar);
  }

  /**
   * The value that the share `q` of the observed values did not exceed: 0.95 for the 95th percentile. At most
   * 1 % off between 1 n and 1 P, and exact for 0 and 1.
   *
   * @param q between 0 and 1
   * @returns NaN before the first observation
   */
  percentile(q: number): number {
    if (!this.exists()) return NaN;
    return clampedQuantile(this.exponential, q, this.current(MIN), this.current(MAX));
  }

  /** How many values were observed. */
  count(): number {
    if (!this.exists()) return 0;
    return sumOfBuckets(this.page, this.offset, this.metric.upperBounds.length);
  }

  /** The sum of the observed values. */
  sum(): number {
    return this.current(SUM);
  }

  protected override place(): void {
    super.place();
    this.exponential = this.metric.exponentialOf(this.slot);
  }
}

const REFUSED = -1;

/** @returns the column of the bucket that the value went into; `REFUSED` if it is not a finite number */
function record(
  page: Float64Array,
  offset: number,
  upperBounds: readonly number[],
  exponential: ExponentialHistogram,
  value: number,
): number {
  // First of all: to add what is no number may throw.
  if (typeof value !== 'number') return REFUSED;
  const sum = page[offset + SUM] + value;
  if (!Number.isFinite(sum)) return REFUSED;
  page[offset + SUM] = sum;
  // Both are NaN before the first value, and nothing compares with NaN.
  if (!(page[offset + MIN] <= value)) page[offset + MIN] = value;
  if (!(page[offset + MAX] >= value)) page[offset + MAX] = value;
  let bucket = 0;
  while (bucket < upperBounds.length && upperBounds[bucket] < value) bucket++;
  const column = FIRST_BUCKET + bucket;
  page[offset + column]++;
  exponential.record(value);
  return column;
}

function sumOfBuckets(page: Float64Array, offset: number, bounds: number): number {
  let count = 0;
  for (let i = 0; i <= bounds; i++) count += page[offset + FIRST_BUCKET + i];
  return count;
}

function clampedQuantile(histogram: ExponentialHistogram, q: number, min: number, max: number): number {
  if (q === 0) return Number.isFinite(min) ? min : NaN;
  if (q === 1) return Number.isFinite(max) ? max : NaN;
  return Math.min(Math.max(quantileOf(histogram.snapshot(), q), min), max);
}
