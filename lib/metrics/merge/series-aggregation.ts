import { type ExponentialHistogramSnapshot, sumOfExponentials } from '../exponential-histogram.js';
import type { Aggregation } from '../metric-definition.js';
import {
  CREATED,
  type Exemplar,
  FIRST_BUCKET,
  type HistogramFamily,
  histogramSeries,
  liveRows,
  MAX,
  type MetricFamily,
  MIN,
  type ScalarFamily,
  scalarSeries,
  type SeriesColumns,
  SUM,
  VALUE,
} from '../snapshot.js';
import { MergedRows, type SeriesOwner } from './merged-rows.js';
import { numberAt } from './number-at.js';
import { isSameList } from '../../primitives/same-list.js';

/** One metric of one worker. */
export interface Piece<F extends MetricFamily = MetricFamily, O extends SeriesOwner = SeriesOwner> {
  readonly worker: O;
  readonly family: F;
}

/** Returns the aggregation of a metric: that of its definition, else the sum. */
export function aggregationOf(family: MetricFamily): Aggregation {
  return (family.type === 'histogram' ? undefined : family.aggregate) ?? 'sum';
}

/**
 * The aggregation of one metric over all workers, or of several metrics into one of another convention: the sum, or as
 * the `aggregate` of its definition says. It keeps the rows of its series, so that the next merge only adds up columns.
 */
export class SeriesAggregation {
  private readonly rows: MergedRows;
  private readonly epoch: object = {};

  constructor(
    private readonly definition: MetricFamily,
    private readonly aggregate: Aggregation,
    defaultLabels: Readonly<Record<string, string>>,
    openLabels?: boolean,
  ) {
    this.rows = new MergedRows(definition, aggregate === 'worker', defaultLabels, openLabels);
  }

  /** Returns true if a metric has the same definition, so that it can be merged. */
  accepts(family: MetricFamily): boolean {
    const { definition } = this;
    return (
      family.type === definition.type &&
      this.acceptsLabels(family) &&
      isSameList(boundsOf(family), boundsOf(definition))
    );
  }

  /** Merges the metric of several workers. */
  merge(pieces: readonly Piece[]): MetricFamily {
    const { definition, rows } = this;
    if (definition.openLabels === true)
      for (const { family } of pieces) rows.addLabelNames(family.labelNames);
    // Before the numbers are allocated, because it adds the rows of new series.
    for (const { worker, family } of pieces) rows.mappingOf(worker, family);
    const numbers = new Float64Array(rows.count * definition.stride);
    for (let at = CREATED; at < numbers.length; at += definition.stride) numbers[at] = NaN;
    const merged =
      definition.type === 'histogram'
        ? this.histogram(definition, pieces as readonly Piece<HistogramFamily>[], numbers)
        : this.scalar(definition, pieces as readonly Piece<ScalarFamily>[], numbers);
    if (!rows.compact(numbers) && definition.type !== 'gauge') rows.removeDead(numbers);
    return merged;
  }

  private acceptsLabels({ openLabels = false, labelNames }: MetricFamily): boolean {
    const { definition } = this;
    if (openLabels !== (definition.openLabels ?? false)) return false;
    return openLabels || isSameList(labelNames.toSorted(), definition.labelNames.toSorted());
  }

  private scalar(
    definition: ScalarFamily,
    pieces: readonly Piece<ScalarFamily>[],
    numbers: Float64Array,
  ): ScalarFamily {
    const { stride } = definition;
    const counts = this.aggregate === 'average' ? new Uint32Array(this.rows.count) : undefined;
    for (const { worker, family } of pieces) {
      const mapping = this.rows.mappingOf(worker, family);
      const { numbers: theirs } = family;
      for (const row of liveRows(family)) {
        const target = mapping[row];
        if (target === undefined) continue;
        const at = target * stride;
        const createdAt = numberAt(theirs, row * stride + CREATED);
        const value = numberAt(theirs, row * stride + VALUE);
        const oldCreatedAt = numberAt(numbers, at + CREATED);
        if (counts !== undefined) counts[target] = (counts[target] ?? 0) + 1;
        numbers[at + VALUE] = Number.isNaN(oldCreatedAt)
          ? value
          : this.aggregated(numberAt(numbers, at + VALUE), value, createdAt - oldCreatedAt);
        numbers[at + CREATED] = this.created(oldCreatedAt, createdAt);
      }
    }
    counts?.forEach((count, row) => {
      numbers[row * stride + VALUE] = numberAt(numbers, row * stride + VALUE) / Math.max(count, 1);
    });
    const columns = this.columns(pieces, numbers);
    return { ...this.head(definition), type: definition.type, ...columns, series: scalarSeries(columns) };
  }

  private histogram(
    definition: HistogramFamily,
    pieces: readonly Piece<HistogramFamily>[],
    numbers: Float64Array,
  ): HistogramFamily {
    const { upperBounds } = definition;
    const exponentials: (ExponentialHistogramSnapshot | undefined)[] = [];
    let areRequested = false;
    for (const { worker, family } of pieces) {
      const mapping = this.rows.mappingOf(worker, family);
      areRequested ||= family.exponentials !== undefined;
      for (const row of liveRows(family)) {
        const target = mapping[row];
        if (target === undefined) continue;
        this.addHistogramRow(numbers, target, family.numbers, row);
        const theirs = family.exponentials?.at(row);
        const ours = exponentials[target];
        exponentials[target] = ours && theirs ? sumOfExponentials(ours, theirs) : (ours ?? theirs);
      }
    }
    const columns = this.columns(pieces, numbers);
    const series = histogramSeries(columns, upperBounds, exponentials);
    const head = { ...this.head(definition), type: 'histogram' as const, upperBounds };
    return { ...head, ...columns, ...(areRequested && { exponentials }), series };
  }

  private addHistogramRow(numbers: Float64Array, target: number, theirs: Float64Array, row: number): void {
    const { stride } = this.definition;
    const at = target * stride;
    const from = row * stride;
    const isFirst = Number.isNaN(numberAt(numbers, at + CREATED));
    const min = numberAt(theirs, from + MIN);
    const max = numberAt(theirs, from + MAX);
    numbers[at + CREATED] = this.created(numberAt(numbers, at + CREATED), numberAt(theirs, from + CREATED));
    numbers[at + SUM] = numberAt(numbers, at + SUM) + numberAt(theirs, from + SUM);
    numbers[at + MIN] = isFirst ? min : smaller(numberAt(numbers, at + MIN), min);
    numbers[at + MAX] = isFirst ? max : larger(numberAt(numbers, at + MAX), max);
    for (let i = FIRST_BUCKET; i < stride; i++) {
      numbers[at + i] = numberAt(numbers, at + i) + numberAt(theirs, from + i);
    }
  }

  /** @param youngerBy time by which the other series was created later */
  private aggregated(value: number, other: number, youngerBy: number): number {
    switch (this.aggregate) {
      case 'max':
      case 'shared':
        return Math.max(value, other);
      case 'min':
        return Math.min(value, other);
      case 'first':
        return youngerBy < 0 ? other : value;
      case 'latest':
        return youngerBy > 0 ? other : value;
      default:
        return value + other;
    }
  }

  /** Returns the creation time of a merged series: that of the first one, or of the latest if that is shown. */
  private created(createdAt: number, other: number): number {
    return this.aggregate === 'latest' ? larger(createdAt, other) : smaller(createdAt, other);
  }

  private head({ name, help, openLabels, seriesLimit }: MetricFamily) {
    const { labelNames } = this.rows;
    return { name, help, labelNames, ...(openLabels && { openLabels }), seriesLimit };
  }

  private columns(pieces: readonly Piece[], numbers: Float64Array): SeriesColumns {
    const exemplars = this.exemplars(pieces);
    return {
      numbers,
      stride: this.definition.stride,
      identities: this.rows.identities,
      epoch: this.epoch,
      ...(exemplars && { exemplars }),
    };
  }

  /** Returns the latest exemplar of each number. */
  private exemplars(pieces: readonly Piece[]): Map<number, Exemplar> | undefined {
    let latest: Map<number, Exemplar> | undefined;
    const { stride } = this.definition;
    for (const { worker, family } of pieces) {
      for (const [place, exemplar] of family.exemplars ?? []) {
        const target = this.rows.mappingOf(worker, family)[Math.floor(place / stride)];
        if (target === undefined) continue;
        latest ??= new Map();
        const at = target * stride + (place % stride);
        const other = latest.get(at);
        if (other === undefined || other.timestamp < exemplar.timestamp) latest.set(at, exemplar);
      }
    }
    return latest;
  }
}

/** Returns the smaller number; NaN counts as none. */
function smaller(a: number, b: number): number {
  return a <= b || Number.isNaN(b) ? a : b;
}

/** Returns the larger number; NaN counts as none. */
function larger(a: number, b: number): number {
  return a >= b || Number.isNaN(b) ? a : b;
}

function boundsOf(family: MetricFamily): readonly number[] {
  return family.type === 'histogram' ? family.upperBounds : [];
}
