import { BoundSeries } from './bound-series.js';
import { assertBuckets } from './buckets.js';
import type { ExemplarLabels } from './exemplars.js';
import { ExponentialHistogram, quantileOf } from './exponential-histogram.js';
import { ExponentialRows } from './exponential-rows.js';
import type { Labels } from './labels.js';
import type { MetricDefinition } from './metric-definition.js';
import type { MetricHost } from './metric-host.js';
import { Metric, type SampleArguments, type SnapshotOptions } from './metric.js';
import { SeriesStore } from './series-store.js';
import { FIRST_BUCKET, type HistogramFamily, histogramSeries, MAX, MIN, SUM } from './snapshot.js';

/** A distribution of values, such as durations, sizes or amounts. */
export class Histogram<L extends string = never> extends Metric<L> {
  override readonly type = 'histogram';
  /** The finite upper bounds in ascending order; one more bucket, up to +Inf, follows them. */
  readonly upperBounds: readonly number[];
  /** @internal */
  override readonly store: SeriesStore<ExponentialRows>;
  private readonly single: HistogramSeries | undefined;

  /** @internal */
  constructor(definition: MetricDefinition, buckets: readonly number[], host: MetricHost) {
    const minCount = definition.openLabels === true ? 0 : 1;
    const upperBounds = assertBuckets(`${definition.kind} ${definition.name}`, buckets, minCount);
    super(definition);
    this.upperBounds = upperBounds;
    const stride = FIRST_BUCKET + upperBounds.length + 1;
    this.store = new SeriesStore(definition, host, stride, new ExponentialRows());
    if (this.labelNames.length === 0 && !this.openLabels)
      this.single = new HistogramSeries(this.store, {}, upperBounds);
  }

  /**
   * Records one value. A non-finite value is dropped and counted in `monitoring_dropped_samples_total`.
   *
   * @param args the labels, if the metric has any, the value, and an exemplar: labels that identify the origin of the
   *   value, such as a `trace_id`, of at most 128 characters in all; one exemplar a second is kept
   */
  observe(...args: SampleArguments<L, [value: number, exemplar?: ExemplarLabels]>): void;
  observe(first: unknown, second?: unknown, third?: ExemplarLabels): void {
    if (typeof first === 'object' && first !== null)
      this.observeAt(this.store.slotFor(first, second ?? NaN), second as number, third);
    else if (this.single !== undefined) this.single.observe(first as number, second as ExemplarLabels);
    else this.observeAt(this.store.slotFor({}, first ?? NaN), first as number, second as ExemplarLabels);
  }

  /** Returns one series, looked up once, for a series that is used often. */
  labels(labels: Labels<L>): HistogramSeries {
    return new HistogramSeries(this.store, labels, this.upperBounds);
  }

  /**
   * Returns a percentile of the observed values of all series, with an error of at most 1 % between 1e-9 and 1e15, and
   * exact for 0 and 1.
   *
   * @param q between 0 and 1, such as 0.95 for the 95th percentile
   * @returns NaN before the first observation
   */
  percentile(q: number): number {
    const { store } = this;
    store.settle();
    const all = new ExponentialHistogram();
    let min = Infinity;
    let max = -Infinity;
    for (let slot = 0; slot < store.slots; slot++) {
      const offset = store.offsetOf(slot);
      const page = store.pageOf(slot);
      const rowMin = page[offset + MIN] ?? NaN;
      if (!store.isLive(slot) || Number.isNaN(rowMin)) continue;
      all.merge(store.extension.at(slot));
      min = Math.min(min, rowMin);
      max = Math.max(max, page[offset + MAX] ?? NaN);
    }
    return clampedQuantile(all, q, min, max);
  }

  /** Returns the number of values of one series; 0 if there is no such series. */
  count(...args: SampleArguments<L, []>): number;
  count(labels: object = {}): number {
    const { store } = this;
    const slot = store.peek(labels);
    return slot < 0 ? 0 : sumOfBuckets(store.pageOf(slot), store.offsetOf(slot), this.upperBounds.length);
  }

  /** Returns the sum of the values of one series; 0 if there is no such series. */
  sum(...args: SampleArguments<L, []>): number;
  sum(labels: object = {}): number {
    const slot = this.store.peek(labels);
    return slot < 0 ? 0 : (this.store.pageOf(slot)[this.store.offsetOf(slot) + SUM] ?? 0);
  }

  /** @internal */
  override snapshot({
    exponential: requested = false,
    exponentialBuckets,
  }: SnapshotOptions): HistogramFamily {
    const { name, help, type, labelNames, seriesLimit, openLabels, upperBounds, store } = this;
    const columns = store.columns();
    const isRequested = typeof requested === 'boolean' ? requested : requested.has(name);
    const exponentials = isRequested ? store.extension.snapshots(exponentialBuckets) : undefined;
    const series = histogramSeries(columns, upperBounds, exponentials);
    const further = {
      ...(openLabels && { openLabels }),
      ...columns,
      ...(exponentials && { exponentials }),
      series,
    };
    return { name, help, type, labelNames, seriesLimit, upperBounds, ...further };
  }

  private observeAt(slot: number, value: number, exemplar: ExemplarLabels | undefined): void {
    const { store } = this;
    if (slot < 0) {
      store.dropSample(slot, value);
      return;
    }
    const offset = store.offsetOf(slot);
    const column = record(store.pageOf(slot), offset, this.upperBounds, store.extension.at(slot), value);
    if (column === INVALID) store.dropValue(value);
    else if (exemplar !== undefined || store.asksForExemplars)
      store.offerExemplar(slot, column, value, exemplar);
  }
}

/** One series of a {@link Histogram}. */
export class HistogramSeries extends BoundSeries<ExponentialRows> {
  // Only declared: `place` sets it while the constructor of the base class runs.
  declare private exponential: ExponentialHistogram;

  /** @internal */
  constructor(
    store: SeriesStore<ExponentialRows>,
    labels: object,
    private readonly upperBounds: readonly number[],
  ) {
    super(store, labels);
  }

  /**
   * Records one value. A non-finite value is dropped and counted.
   *
   * @param exemplar labels that identify the origin of the value, such as a `trace_id`, of at most 128 characters in
   *   all; one exemplar a second is kept
   */
  observe(value: number, exemplar?: ExemplarLabels): void {
    if (!this.ready()) return;
    const { page, offset, store } = this;
    const column = record(page, offset, this.upperBounds, this.exponential, value);
    if (column === INVALID) store.dropValue(value);
    else if (exemplar !== undefined || store.asksForExemplars)
      store.offerExemplar(this.slot, column, value, exemplar);
  }

  /**
   * Returns a percentile of the observed values, with an error of at most 1 % between 1e-9 and 1e15, and exact for 0
   * and 1.
   *
   * @param q between 0 and 1, such as 0.95 for the 95th percentile
   * @returns NaN before the first observation
   */
  percentile(q: number): number {
    if (!this.exists()) return NaN;
    return clampedQuantile(this.exponential, q, this.current(MIN), this.current(MAX));
  }

  /** Returns the number of observed values. */
  count(): number {
    if (!this.exists()) return 0;
    return sumOfBuckets(this.page, this.offset, this.upperBounds.length);
  }

  /** Returns the sum of the observed values. */
  sum(): number {
    return this.current(SUM);
  }

  protected override place(): void {
    super.place();
    this.exponential = this.store.extension.at(this.slot);
  }
}

/** The result of {@link record} for a value that is not a finite number. */
const INVALID = -1;

/**
 * Records a value on the hot path, where every index is known to be in range.
 *
 * @returns the column of the bucket of the value, or `INVALID`
 */
function record(
  page: Float64Array,
  offset: number,
  upperBounds: readonly number[],
  exponential: ExponentialHistogram,
  value: number,
): number {
  // First of all, since an addition may throw for a value of another type.
  if (typeof value !== 'number') return INVALID;
  const sum = page[offset + SUM]! + value;
  if (!Number.isFinite(sum)) return INVALID;
  page[offset + SUM] = sum;
  // Both are NaN before the first value, and every comparison with NaN is false.
  if (!(page[offset + MIN]! <= value)) page[offset + MIN] = value;
  if (!(page[offset + MAX]! >= value)) page[offset + MAX] = value;
  let bucket = 0;
  while (bucket < upperBounds.length && upperBounds[bucket]! < value) bucket++;
  const column = FIRST_BUCKET + bucket;
  page[offset + column]!++;
  exponential.record(value);
  return column;
}

function sumOfBuckets(page: Float64Array, offset: number, bounds: number): number {
  const start = offset + FIRST_BUCKET;
  return page.subarray(start, start + bounds + 1).reduce((sum, count) => sum + count, 0);
}

function clampedQuantile(histogram: ExponentialHistogram, q: number, min: number, max: number): number {
  if (q === 0) return Number.isFinite(min) ? min : NaN;
  if (q === 1) return Number.isFinite(max) ? max : NaN;
  return Math.min(Math.max(quantileOf(histogram.snapshot(), q), min), max);
}
