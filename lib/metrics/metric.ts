import type { Clock } from './clock.js';
import { type ExemplarLabels, Exemplars, type ExemplarSource } from './exemplars.js';
import type { Labels } from './labels.js';
import { lineStarts } from './line-starts.js';
import type { Aggregation, MetricDefinition, MetricKind } from './metric-definition.js';
import type { MetricType } from './naming.js';
import { NumberRows } from './number-rows.js';
import { ABSENT, SeriesTable, UNKNOWN_LABEL } from './series-table.js';
import { CREATED, CREATED_UNKNOWN, type MetricFamily, type SeriesColumns } from './snapshot.js';

/** Why a sample was refused: the values of the label `reason` of `monitoring_dropped_samples_total`. */
export type DropReason =
  | 'not_a_number'
  | 'infinite'
  | 'negative'
  | 'unknown_label'
  | 'unreadable_label'
  // Only the exemplar: the sample that it came with counts.
  | 'invalid_exemplar'
  // Of a decorator or a job whose metric cannot be made: its name is taken by another, or is no name.
  | 'conflicting_definition'
  | 'refused_definition';

/** What a metric needs of the registry that it lives in. */
export interface MetricHost {
  readonly clock: Clock;
  readonly defaultLabels: Readonly<Record<string, string>>;
  readonly exemplarSource: ExemplarSource | undefined;
  sampleDropped(metric: string, reason: DropReason): void;
  seriesOverflowed(metric: string, limit: number): void;
  readonly labelValueLengthLimit: number;
  labelValueCut(metric: string): void;
}

/** What {@link Metric.slotFor} gives beside the codes of the table. */
const NO_SAMPLE = -4;

/** The arguments of a sample: first the labels, where the metric has some. */
export type SampleArguments<L extends string, Rest extends unknown[]> = [L] extends [never]
  ? Rest
  : [labels: Labels<L>, ...rest: Rest];

/** What a snapshot should hold beyond the numbers. */
export interface SnapshotOptions {
  /**
   * Copies the exponential histograms too, which percentiles are read from: those of every metric, or of these.
   * @default false
   */
  readonly exponential?: boolean | ReadonlySet<string>;
}

/**
 * What counters, gauges, histograms and timers share: a name, label names and the series under them.
 *
 * @typeParam L the label names; `never` for a metric without labels
 */
export abstract class Metric<L extends string = string> {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly labelNames: readonly L[];
  abstract readonly type: MetricType;

  /** @internal Changes whenever a bound series must look up its row anew. */
  generation = 0;
  /** @internal */
  readonly host: MetricHost;
  /** @internal */
  readonly seriesLimit: number;
  /** @internal */
  readonly aggregate: Aggregation | undefined;
  protected table!: SeriesTable;
  protected rows!: NumberRows;
  /** @internal Whether samples have exemplars even if none are given with them. */
  readonly asksForExemplars: boolean;
  private readonly exemplars: Exemplars;
  private epoch: object = {};
  private beganElsewhere = false;

  constructor(
    definition: MetricDefinition,
    host: MetricHost,
    private readonly stride: number,
  ) {
    this.name = definition.name;
    this.help = definition.help;
    this.kind = definition.kind;
    this.labelNames = definition.labelNames as readonly L[];
    this.seriesLimit = definition.seriesLimit;
    this.aggregate = definition.aggregate;
    this.host = host;
    this.asksForExemplars = host.exemplarSource !== undefined;
    this.exemplars = new Exemplars(host.clock, host.exemplarSource, () =>
      host.sampleDropped(this.name, 'invalid_exemplar'),
    );
  }

  /** How many series there are, the overflow series not counted. */
  get seriesCount(): number {
    return this.table.live;
  }

  /**
   * Forgets one series; its labels begin anew at zero if they are used again.
   *
   * @returns whether there was such a series
   */
  remove(labels: Labels<L>): boolean {
    const slot = this.find(labels);
    if (slot < 0) return false;
    this.generation++;
    this.table.remove(slot);
    this.rows.page(slot)[this.rows.offset(slot) + CREATED] = NaN;
    if (this.labelNames.length === 0) this.restart();
    else if (this.table.wasteful) this.compact();
    return true;
  }

  /** Forgets every series. A metric without labels is at zero again. */
  reset(): void {
    this.generation++;
    this.restart();
  }

  /**
   * @internal The row of these labels, made if need be; negative if they are refused, see {@link refuseSample}.
   * What the value says is only asked of a series that is not there yet: a sample that is refused makes none.
   */
  slotFor(labels: object, value: unknown = 0): number {
    const slot = this.find(labels);
    if (slot >= 0) return slot;
    return slot === ABSENT && !isSample(value, this.type) ? NO_SAMPLE : this.slotForMissing(slot);
  }

  /**
   * @internal Declares that something else keeps the count and this metric repeats it: its series were not zero when
   * they were created here.
   */
  mirrorsOther(): void {
    this.beganElsewhere = true;
    for (let slot = 0; slot < this.table.slots; slot++) {
      if (!this.isDead(slot)) this.rows.page(slot)[this.rows.offset(slot) + CREATED] = CREATED_UNKNOWN;
    }
  }

  /** @internal As {@link slotFor}, for values in the order of the label names. */
  slotForValues(values: readonly string[]): number {
    const slot = this.table.findValues(values);
    return slot >= 0 ? slot : this.slotForMissing(slot);
  }

  /** @internal */
  hasSeries(values: readonly string[]): boolean {
    return this.table.findValues(values) >= 0;
  }

  /** @internal The label values that {@link slotFor} has just found this slot for, to look them up again. */
  valuesFound(slot: number): string[] {
    return this.table.valuesFound(slot);
  }

  /** @internal */
  pageOf(slot: number): Float64Array {
    return this.rows.page(slot);
  }

  /** @internal */
  offsetOf(slot: number): number {
    return this.rows.offset(slot);
  }

  /** @internal Counts a sample that {@link slotFor} gave this code for instead of a row. */
  refuseSample(code: number, value: unknown): void {
    if (code === NO_SAMPLE) this.refuse(value);
    else this.refuseLabels(code);
  }

  /** @internal Counts a sample whose labels were refused with this code. */
  refuseLabels(code: number): void {
    this.host.sampleDropped(this.name, code === UNKNOWN_LABEL ? 'unknown_label' : 'unreadable_label');
  }

  /** @internal Counts a sample that was not one: NaN, an infinity, no number at all or a negative increment. */
  refuse(value: unknown): void {
    this.host.sampleDropped(this.name, dropReason(value, this.type));
  }

  /** @internal Takes an exemplar of the number in this column of a row: the one given, or of the source. */
  offerExemplar(slot: number, column: number, value: number, given: ExemplarLabels | undefined): void {
    this.exemplars.offer(slot * this.stride + column, value, given);
  }

  /** @internal */
  abstract snapshot(options: SnapshotOptions): MetricFamily;

  protected columns(): SeriesColumns {
    const exemplars = this.exemplars.copy();
    return {
      numbers: this.rows.copy(this.table.slots),
      stride: this.stride,
      identities: this.table,
      epoch: this.epoch,
      ...(exemplars && { exemplars }),
    };
  }

  /** The slot of existing labels, or -1. */
  protected peek(labels: object): number {
    return Math.max(this.find(labels), -1);
  }

  protected isDead(slot: number): boolean {
    return Number.isNaN(this.rows.page(slot)[this.rows.offset(slot) + CREATED]);
  }

  /** Writes what a row holds before its first sample. */
  protected beginRow(_slot: number, page: Float64Array, offset: number): void {
    page[offset + CREATED] = this.beganElsewhere ? CREATED_UNKNOWN : this.host.clock.now();
  }

  /** Moves what is kept beside the rows, when a row moves. */
  protected moveRow(_from: number, _to: number): void {}

  /** Starts with an empty table; subclasses do so at the end of their constructors. */
  protected restart(): void {
    this.epoch = {};
    this.table = this.newTable();
    this.rows = this.newRows();
    this.exemplars.clear();
    // A metric without labels has its one series from the start, so that its zero is seen.
    if (this.labelNames.length === 0) this.slotFor({});
  }

  /** The slot of these labels; negative if there is none, or if they are refused. */
  private find(labels: object): number {
    const table = this.table;
    const slot = table.find(labels);
    // A getter or a toString() among the labels gave this very metric a new table: look there.
    return table === this.table || slot < ABSENT ? slot : this.table.findValues(table.valuesFound(slot));
  }

  private newTable(): SeriesTable {
    const { name, kind, labelNames, host } = this;
    const isHistogram = kind === 'histogram' || kind === 'timer';
    return new SeriesTable(
      labelNames,
      lineStarts(name, isHistogram, labelNames, host.defaultLabels),
      host.labelValueLengthLimit,
      () => host.labelValueCut(name),
    );
  }

  private newRows(): NumberRows {
    return new NumberRows(this.stride, this.labelNames.length === 0 ? 0 : 3);
  }

  private slotForMissing(refusal: number): number {
    if (refusal !== ABSENT) return refusal;
    if (this.table.live < this.seriesLimit) return this.begin(this.table.add());
    const before = this.table.slots;
    const slot = this.table.overflowSlot();
    if (slot === before) this.begin(slot);
    this.host.seriesOverflowed(this.name, this.seriesLimit);
    return slot;
  }

  private begin(slot: number): number {
    this.rows.ensure(slot);
    this.beginRow(slot, this.rows.page(slot), this.rows.offset(slot));
    return slot;
  }

  /** Moves the living series to a fresh table, so that what was removed takes no room. */
  private compact(): void {
    const { table: oldTable, rows: oldRows } = this;
    const oldExemplars = this.exemplars.copy();
    this.table = this.newTable();
    this.rows = this.newRows();
    this.exemplars.clear();
    for (let from = 0; from < oldTable.slots; from++) {
      const page = oldRows.page(from);
      const offset = oldRows.offset(from);
      if (Number.isNaN(page[offset + CREATED])) continue;
      let to: number;
      if (oldTable.isOverflow(from)) to = this.table.overflowSlot();
      else {
        this.table.findValues(oldTable.valuesOf(from));
        to = this.table.add();
      }
      this.rows.ensure(to);
      this.rows.page(to).set(page.subarray(offset, offset + this.stride), this.rows.offset(to));
      this.moveRow(from, to);
      for (let i = 0; i < this.stride; i++) {
        const exemplar = oldExemplars?.get(from * this.stride + i);
        if (exemplar) this.exemplars.keep(to * this.stride + i, exemplar);
      }
    }
  }
}

function isSample(value: unknown, type: MetricType): boolean {
  return Number.isFinite(value) && (type !== 'counter' || (value as number) >= 0);
}

function dropReason(value: unknown, type: MetricType): DropReason {
  if (typeof value !== 'number' || Number.isNaN(value)) return 'not_a_number';
  // Any other finite value that is refused would have made the sum infinite.
  return type === 'counter' && value < 0 && value !== -Infinity ? 'negative' : 'infinite';
}
