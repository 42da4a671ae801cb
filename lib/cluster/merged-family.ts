import { type ExponentialHistogramSnapshot, sumOfExponentials } from '../metrics/exponential-histogram.js';
import { OVERFLOW_LABEL } from '../metrics/labels.js';
import { expositionPrefixes } from '../metrics/exposition-prefix.js';
import { WORKER_LABEL } from '../metrics/metric-definition.js';
import { SeriesTable } from '../metrics/series-table.js';
import { ABSENT } from '../metrics/tuple-index.js';
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
  type SeriesIdentities,
  SUM,
  VALUE,
} from '../metrics/snapshot.js';
import type { AggregationRule } from './aggregation-rules.js';
import type { Worker } from './contribution.js';

/** A metric as one worker has it. */
export interface Piece<F extends MetricFamily = MetricFamily> {
  readonly worker: Worker;
  readonly family: F;
}

/**
 * One metric of all workers. It remembers which row of which worker is which of its own, so that merging once more
 * is adding up columns.
 */
export class MergedFamily {
  private table: SeriesTable;
  /** By the identities of a worker, which stay the same object: the row here of each row there. */
  private slots = new WeakMap<SeriesIdentities, number[]>();
  private readonly epoch: object = {};

  constructor(
    private readonly definition: MetricFamily,
    private readonly rule: AggregationRule,
    private readonly defaultLabels: Readonly<Record<string, string>>,
  ) {
    this.table = this.newTable();
  }

  /** Whether a metric is the same one, so that it can be added. */
  accepts(family: MetricFamily): boolean {
    const { definition } = this;
    return (
      family.type === definition.type &&
      sameList(family.labelNames.toSorted(), definition.labelNames.toSorted()) &&
      sameList(boundsOf(family), boundsOf(definition))
    );
  }

  merge(pieces: readonly Piece[]): MetricFamily {
    const { definition } = this;
    // First of all, since it makes the rows.
    for (const piece of pieces) this.slotsOf(piece);
    const numbers = new Float64Array(this.table.slots * definition.stride);
    for (let at = CREATED; at < numbers.length; at += definition.stride) numbers[at] = NaN;
    const merged =
      definition.type === 'histogram'
        ? this.histogram(definition, pieces as readonly Piece<HistogramFamily>[], numbers)
        : this.scalar(definition, pieces as readonly Piece<ScalarFamily>[], numbers);
    if (isWasteful(numbers, definition.stride)) this.restart();
    else if (definition.type !== 'gauge') this.forgetGone(numbers);
    return merged;
  }

  /** A series that no worker has any more is another one when it comes again, and gets a row of its own. */
  private forgetGone(numbers: Float64Array): void {
    const { table } = this;
    const before = table.live;
    for (let at = CREATED, slot = 0; at < numbers.length; at += this.definition.stride, slot++) {
      if (Number.isNaN(numbers[at])) table.remove(slot);
    }
    if (table.live < before) this.slots = new WeakMap();
  }

  private scalar(
    definition: ScalarFamily,
    pieces: readonly Piece<ScalarFamily>[],
    numbers: Float64Array,
  ): ScalarFamily {
    const { stride } = definition;
    const counts = this.rule.aggregate === 'average' ? new Uint32Array(this.table.slots) : undefined;
    for (const piece of pieces) {
      const slots = this.slotsOf(piece);
      const { numbers: theirs } = piece.family;
      for (const row of liveRows(piece.family)) {
        const at = slots[row] * stride;
        const createdAt = theirs[row * stride + CREATED];
        const value = theirs[row * stride + VALUE];
        if (counts !== undefined) counts[slots[row]]++;
        numbers[at + VALUE] = Number.isNaN(numbers[at + CREATED])
          ? value
          : this.combined(numbers[at + VALUE], value, createdAt - numbers[at + CREATED]);
        numbers[at + CREATED] = this.began(numbers[at + CREATED], createdAt);
      }
    }
    counts?.forEach((count, slot) => (numbers[slot * stride + VALUE] /= Math.max(count, 1)));
    const columns = this.columns(pieces, numbers);
    return { ...this.head(definition), type: definition.type, ...columns, series: scalarSeries(columns) };
  }

  private histogram(
    definition: HistogramFamily,
    pieces: readonly Piece<HistogramFamily>[],
    numbers: Float64Array,
  ): HistogramFamily {
    const { stride, upperBounds } = definition;
    const exponential: (ExponentialHistogramSnapshot | undefined)[] = [];
    for (const piece of pieces) {
      const slots = this.slotsOf(piece);
      const { numbers: theirs, series } = piece.family;
      const rows = liveRows(piece.family);
      for (const { exponential: fine } of series) {
        const row = rows.next().value as number;
        const slot = slots[row];
        const from = row * stride;
        const at = slot * stride;
        const isFirst = Number.isNaN(numbers[at + CREATED]);
        numbers[at + CREATED] = this.began(numbers[at + CREATED], theirs[from + CREATED]);
        numbers[at + SUM] += theirs[from + SUM];
        numbers[at + MIN] = isFirst ? theirs[from + MIN] : least(numbers[at + MIN], theirs[from + MIN]);
        numbers[at + MAX] = isFirst ? theirs[from + MAX] : most(numbers[at + MAX], theirs[from + MAX]);
        for (let i = FIRST_BUCKET; i < stride; i++) numbers[at + i] += theirs[from + i];
        const before = exponential[slot];
        exponential[slot] = before && fine ? sumOfExponentials(before, fine) : (before ?? fine);
      }
    }
    const columns = this.columns(pieces, numbers);
    const series = histogramSeries(columns, upperBounds, exponential);
    return { ...this.head(definition), type: 'histogram', upperBounds, ...columns, series };
  }

  /** @param youngerBy how much later the other series began */
  private combined(value: number, other: number, youngerBy: number): number {
    switch (this.rule.aggregate) {
      case 'max':
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

  /** When a series of several workers began: with the first of them, unless it is the latest that is shown. */
  private began(at: number, other: number): number {
    return this.rule.aggregate === 'latest' ? most(at, other) : least(at, other);
  }

  private head({ name, help, seriesLimit }: MetricFamily) {
    return { name, help, labelNames: this.labelNames, seriesLimit };
  }

  private columns(pieces: readonly Piece[], numbers: Float64Array): SeriesColumns {
    const exemplars = this.exemplars(pieces);
    return {
      numbers,
      stride: this.definition.stride,
      identities: this.table,
      epoch: this.epoch,
      ...(exemplars && { exemplars }),
    };
  }

  /** Of the examples for one number, the latest. */
  private exemplars(pieces: readonly Piece[]): Map<number, Exemplar> | undefined {
    let all: Map<number, Exemplar> | undefined;
    const { stride } = this.definition;
    for (const piece of pieces) {
      for (const [place, exemplar] of piece.family.exemplars ?? []) {
        const slot = this.slotsOf(piece)[Math.floor(place / stride)];
        if (slot === undefined) continue;
        all ??= new Map();
        const here = slot * stride + (place % stride);
        const other = all.get(here);
        if (other === undefined || other.timestamp < exemplar.timestamp) all.set(here, exemplar);
      }
    }
    return all;
  }

  private get labelNames(): readonly string[] {
    const { labelNames } = this.definition;
    return this.rule.aggregate === 'worker' ? [...labelNames, WORKER_LABEL] : labelNames;
  }

  private slotsOf({ worker, family }: Piece): number[] {
    let slots = this.slots.get(family.identities);
    if (slots === undefined) {
      slots = [];
      this.slots.set(family.identities, slots);
    }
    for (const row of liveRows(family)) {
      slots[row] ??= this.slotOf(family.identities.labelsOf(row), worker);
    }
    return slots;
  }

  private slotOf(labels: Readonly<Record<string, string>>, worker: Worker): number {
    const { table } = this;
    if (labels[OVERFLOW_LABEL] !== undefined) return table.overflowSlot();
    const values = this.definition.labelNames.map((name) => labels[name]);
    if (this.rule.aggregate === 'worker') values.push(String(worker.index));
    const slot = table.findValues(values);
    if (slot !== ABSENT) return slot;
    return table.live < this.definition.seriesLimit ? table.add() : table.overflowSlot();
  }

  private restart(): void {
    this.table = this.newTable();
    this.slots = new WeakMap();
  }

  private newTable(): SeriesTable {
    const { name, type } = this.definition;
    const { labelNames } = this;
    return new SeriesTable(
      labelNames,
      expositionPrefixes(name, type === 'histogram', labelNames, this.defaultLabels),
    );
  }
}

/** Whether most rows belong to no series any more, so that a fresh table is worth its making. */
function isWasteful(numbers: Float64Array, stride: number): boolean {
  const rows = numbers.length / stride;
  let dead = 0;
  for (let at = CREATED; at < numbers.length; at += stride) if (Number.isNaN(numbers[at])) dead++;
  return dead > (rows - dead) * 2 + 64;
}

/** The smaller one; NaN is none. */
function least(a: number, b: number): number {
  return a <= b || Number.isNaN(b) ? a : b;
}

function most(a: number, b: number): number {
  return a >= b || Number.isNaN(b) ? a : b;
}

function boundsOf(family: MetricFamily): readonly number[] {
  return family.type === 'histogram' ? family.upperBounds : [];
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((element, i) => element === b[i]);
}
