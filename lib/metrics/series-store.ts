import { Exemplars, type ExemplarLabels } from './exemplars.js';
import { prefixesOf } from './exposition-prefix.js';
import type { MetricDefinition } from './metric-definition.js';
import type { DropReason, MetricHost } from './metric-host.js';
import { NumberRows } from './number-rows.js';
import { SeriesTable, UNKNOWN_LABEL } from './series-table.js';
import { CREATED, CREATED_UNKNOWN, type SeriesColumns } from './snapshot.js';
import { ABSENT } from './tuple-index.js';

/** The result of {@link SeriesStore.slotFor} for a new series whose first sample is invalid. */
const INVALID_SAMPLE = -4;

/** Data that a kind of metric keeps for each row beside its numbers. */
export interface RowExtension {
  /** Initializes a row before its first sample. */
  beginRow(slot: number, page: Float64Array, offset: number): void;
  /** Moves a row. Rows only ever move towards the start. */
  moveRow(from: number, to: number): void;
  clear(): void;
}

/**
 * The series of one metric: their identities, their numbers and their exemplars. A series has a slot, which is negative
 * if there is none.
 */
export class SeriesStore<Extension extends RowExtension | undefined = RowExtension | undefined> {
  /** A number that changes when a bound series must look up its row again. */
  generation = 0;
  /** True if the exemplar source provides the labels of samples that come without. */
  readonly asksForExemplars: boolean;
  private table: SeriesTable;
  private rows: NumberRows;
  private readonly exemplars: Exemplars;
  /** An object that another one replaces when every series is removed. */
  epoch: object = {};
  private mirrors = false;
  /** The writers of samples that are held back. */
  private readonly heldBack: (() => void)[] = [];

  /** @param stride numbers in a row */
  constructor(
    private definition: MetricDefinition,
    readonly host: MetricHost,
    private readonly stride: number,
    readonly extension: Extension,
  ) {
    this.asksForExemplars = host.exemplarSource !== undefined;
    this.exemplars = new Exemplars(host.clock, host.exemplarSource, () => this.drop('invalid_exemplar'));
    this.table = this.newTable();
    this.rows = this.newRows();
    this.addUnlabelled();
  }

  /**
   * Adds a function that writes the samples that a recorder holds back. It is called before each read, and must not read
   * this metric.
   *
   * @returns a function that writes them a last time and removes it
   */
  holdBack(write: () => void): () => void {
    this.heldBack.push(write);
    return () => {
      write();
      const at = this.heldBack.indexOf(write);
      if (at >= 0) this.heldBack.splice(at, 1);
    };
  }

  /** Writes the samples that are held back. */
  settle(): void {
    for (const write of this.heldBack) write();
  }

  /** The number of live series, the overflow series not counted. */
  get liveCount(): number {
    return this.table.live;
  }

  /** The number of slots, those of removed series included. */
  get slots(): number {
    return this.table.slots;
  }

  /** Returns the page of numbers that a row is in. */
  pageOf(slot: number): Float64Array {
    return this.rows.page(slot);
  }

  /** Returns the offset of a row in its page. */
  offsetOf(slot: number): number {
    return this.rows.offset(slot);
  }

  isLive(slot: number): boolean {
    return !Number.isNaN(this.rows.page(slot)[this.rows.offset(slot) + CREATED]);
  }

  /** Returns the slot of existing labels. */
  peek(labels: object): number {
    this.settle();
    return Math.max(this.find(labels), ABSENT);
  }

  /**
   * Returns the slot of labels, and adds a series if they are new. A negative result is for {@link dropSample}. The
   * value is checked only for a new series, so that an invalid sample adds none.
   */
  slotFor(labels: object, value?: unknown): number {
    const slot = this.table.findUsual(labels);
    return slot >= 0 ? slot : this.slotForOther(labels, value);
  }

  /** Returns the slot of values in the order of the label names, and adds a series if they are new. */
  slotForValues(values: readonly string[]): number {
    const slot = this.table.findValues(values);
    return slot >= 0 ? slot : this.slotForMissing(slot);
  }

  hasSeries(values: readonly string[]): boolean {
    return this.table.findValues(values) >= 0;
  }

  isOverflow(slot: number): boolean {
    return this.table.isOverflow(slot);
  }

  /** Returns the slot of the overflow series; negative if there is none. */
  peekOverflow(): number {
    return this.table.overflow;
  }

  /** Returns the label values that {@link slotFor} has just returned this slot for. */
  valuesFound(slot: number): string[] {
    return this.table.valuesFound(slot);
  }

  /** Removes one series. @returns false if there was none */
  remove(labels: object): boolean {
    this.settle();
    const slot = this.find(labels);
    if (slot < 0) return false;
    this.generation++;
    this.table.remove(slot);
    this.rows.page(slot)[this.rows.offset(slot) + CREATED] = NaN;
    if (this.isUnlabelled) this.clear();
    else if (this.table.isSparse) this.compact();
    // A number that outlives its series starts it again at once, before another writer can.
    this.settle();
    return true;
  }

  /** Removes every series. */
  reset(): void {
    this.settle();
    this.generation++;
    this.clear();
    this.settle();
  }

  /** Replaces the label names of a metric with open labels by a list that begins with them. */
  useLabelNames(labelNames: readonly string[]): void {
    this.settle();
    this.generation++;
    this.definition = { ...this.definition, labelNames };
    this.compact();
  }

  /** Marks the creation time of every series as unknown: the counts began elsewhere. */
  mirrorsOther(): void {
    this.mirrors = true;
    for (let slot = 0; slot < this.table.slots; slot++) {
      if (this.isLive(slot)) this.rows.page(slot)[this.rows.offset(slot) + CREATED] = CREATED_UNKNOWN;
    }
  }

  /** Counts a dropped sample. @param slot the negative result of {@link slotFor} */
  dropSample(slot: number, value: unknown): void {
    if (slot === INVALID_SAMPLE) this.dropValue(value);
    else this.drop(slot === UNKNOWN_LABEL ? 'unknown_label' : 'unreadable_label');
  }

  /** Counts a sample that was dropped for its value. */
  dropValue(value: unknown): void {
    this.drop(this.reasonAgainst(value));
  }

  /** Offers an exemplar of the number in a column of a row. */
  offerExemplar(slot: number, column: number, value: number, given: ExemplarLabels | undefined): void {
    this.exemplars.offer(slot * this.stride + column, value, given);
  }

  /** Returns a copy of the numbers and exemplars of every series. */
  columns(): SeriesColumns {
    this.settle();
    const exemplars = this.exemplars.copy();
    return {
      numbers: this.rows.copy(this.table.slots),
      stride: this.stride,
      identities: this.table,
      epoch: this.epoch,
      ...(exemplars && { exemplars }),
    };
  }

  private drop(reason: DropReason): void {
    this.host.sampleDropped(this.definition.name, reason);
  }

  private isSample(value: unknown): boolean {
    return Number.isFinite(value) && (this.definition.kind !== 'counter' || (value as number) >= 0);
  }

  private reasonAgainst(value: unknown): DropReason {
    if (typeof value !== 'number' || Number.isNaN(value)) return 'not_a_number';
    // Any other finite value that is dropped would have made the sum infinite.
    const isNegative = this.definition.kind === 'counter' && value < 0 && value !== -Infinity;
    return isNegative ? 'negative' : 'infinite';
  }

  private find(labels: object): number {
    const slot = this.table.findUsual(labels);
    return slot >= 0 ? slot : this.findOther(labels);
  }

  private findOther(labels: object): number {
    const { table } = this;
    const slot = table.findOther(labels);
    // A getter or a toString() among the labels used this very metric, which has a new table since: search that one.
    return table === this.table || slot < ABSENT ? slot : this.table.findValues(table.valuesFound(slot));
  }

  private slotForOther(labels: object, value: unknown = 0): number {
    const slot = this.findOther(labels);
    if (slot >= 0) return slot;
    return slot === ABSENT && !this.isSample(value) ? INVALID_SAMPLE : this.slotForMissing(slot);
  }

  private slotForMissing(result: number): number {
    const { name, labelNames, seriesLimit, openLabels } = this.definition;
    if (result === UNKNOWN_LABEL && openLabels === true) return this.slotForTooManyNames();
    if (result === UNKNOWN_LABEL) this.host.unknownLabelUsed(name, this.table.unknownLabel, labelNames);
    if (result !== ABSENT) return result;
    if (this.table.live < seriesLimit) return this.begin(this.table.add());
    const slot = this.overflowSlot();
    this.host.seriesOverflowed(name, seriesLimit);
    return slot;
  }

  /** Returns the slot of the overflow series, for labels whose names could not be added. */
  private slotForTooManyNames(): number {
    const { name, labelNames, seriesLimit } = this.definition;
    if (this.table.live >= seriesLimit) this.host.seriesOverflowed(name, seriesLimit);
    else this.host.seriesOverflowed(name, labelNames.length, 'label names');
    return this.overflowSlot();
  }

  private overflowSlot(): number {
    const before = this.table.slots;
    const slot = this.table.overflowSlot();
    return slot === before ? this.begin(slot) : slot;
  }

  private begin(slot: number): number {
    if (this.rows.ensure(slot)) this.generation++;
    const page = this.rows.page(slot);
    const offset = this.rows.offset(slot);
    page[offset + CREATED] = this.mirrors ? CREATED_UNKNOWN : this.host.clock.now();
    this.extension?.beginRow(slot, page, offset);
    return slot;
  }

  private clear(): void {
    this.epoch = {};
    this.table.retire();
    this.table = this.newTable();
    this.rows = this.newRows();
    this.exemplars.clear();
    this.extension?.clear();
    this.addUnlabelled();
  }

  /** True if there is exactly one series, which needs no sample to be there. */
  private get isUnlabelled(): boolean {
    return this.definition.labelNames.length === 0 && this.definition.openLabels !== true;
  }

  /** Adds the one series of a metric without labels, so that its zero is seen before the first sample. */
  private addUnlabelled(): void {
    if (this.isUnlabelled) this.slotFor({});
  }

  private newTable(): SeriesTable {
    const { name, kind, labelNames, openLabels = false } = this.definition;
    const isHistogram = kind === 'histogram' || kind === 'timer';
    const { defaultLabels, labelValueLengthLimit } = this.host;
    return new SeriesTable(
      labelNames,
      prefixesOf({ name, isHistogram, labelNames, openLabels }, defaultLabels),
      labelValueLengthLimit,
      () => this.host.labelValueCut(name),
    );
  }

  private newRows(): NumberRows {
    return new NumberRows(this.stride, this.definition.labelNames.length === 0 ? 1 : 8);
  }

  /** Moves the live series to a new table, to free the memory of the removed ones. */
  private compact(): void {
    const { table: oldTable, rows: oldRows, stride } = this;
    const oldExemplars = this.exemplars.copy();
    oldTable.retire();
    this.table = this.newTable();
    this.rows = this.newRows();
    this.exemplars.clear();
    for (let from = 0; from < oldTable.slots; from++) {
      const page = oldRows.page(from);
      const offset = oldRows.offset(from);
      if (Number.isNaN(page[offset + CREATED])) continue;
      const to = this.slotForMoved(oldTable, from);
      this.rows.ensure(to);
      this.rows.page(to).set(page.subarray(offset, offset + stride), this.rows.offset(to));
      this.extension?.moveRow(from, to);
      for (let i = 0; i < stride; i++) {
        const exemplar = oldExemplars?.get(from * stride + i);
        if (exemplar) this.exemplars.keep(to * stride + i, exemplar);
      }
    }
  }

  private slotForMoved(oldTable: SeriesTable, from: number): number {
    if (oldTable.isOverflow(from)) return this.table.overflowSlot();
    this.table.findValues(oldTable.valuesOf(from));
    return this.table.add();
  }
}
