import { boundedLabelValue } from '../primitives/bounded-label-values.js';
import { copyString } from '../primitives/copy-string.js';
import type { SeriesPrefixes } from './exposition-prefix.js';
import { escapeLabelValue } from './label-escaping.js';
import { OVERFLOW_LABEL, toLabelString } from './labels.js';
import { ABSENT, TupleIndex } from './tuple-index.js';

/** The result of a search with a label that the metric does not have. */
export const UNKNOWN_LABEL = -2;
/** The result of a search with labels that throw when they are read. */
const UNREADABLE_LABEL = -3;

/** The number of an unknown value, and of every value of the overflow series. */
const NO_ID = -1;

/** Slots that differ from one slot in one label value alone: all the other text of their prefixes is the same. */
interface Stretch {
  readonly slot: number;
  /** The position of the label value. */
  readonly position: number;
  readonly before: string;
  readonly after: string;
}

/**
 * The identities of the series of a metric: a slot for each distinct set of label values.
 *
 * Each distinct value of a label gets a small number, and a series is the tuple of these numbers. Two series are
 * therefore one only if every label value is equal: no separator, escape or hash collision can merge them.
 *
 * Slots, values and tuples are only ever added, so a slot stays readable as long as the table is referenced.
 *
 * Every index on the hot path is in range by construction: `!` is used instead of a check.
 */
export class SeriesTable {
  /** The number of live series, the overflow series not counted. */
  live = 0;
  /** The label name for which the latest search returned {@link UNKNOWN_LABEL}. */
  unknownLabel = '';
  /** The slot of the overflow series, or {@link ABSENT}. */
  overflow = ABSENT;

  /** The number of each value of a label, by its text, and by the number or boolean that was given for the text. */
  private readonly valueIds: Map<unknown, number>[];
  private readonly values: string[][];
  private readonly keptPrefixes: string[] = [];
  private readonly index: TupleIndex;

  /** The number of values of each label that are known to be the same when escaped, from the first one on. */
  private readonly plainValues: number[];
  private readonly escapedValues: string[];
  private stretch: Stretch | undefined;
  private lastRendered = ABSENT;

  /** The values of the latest search, for {@link add}. */
  private readonly readValues: string[];
  private readonly readIds: Int32Array;
  /**
   * A number by which a search notices that another one ran while it read the labels. It grows with each search but the
   * usual ones, which write nothing.
   */
  private reading = 0;

  /**
   * @param valueLengthLimit length that longer values are cut to
   * @param valueCut called for each value that is cut
   */
  constructor(
    private readonly labelNames: readonly string[],
    private readonly prefixes: SeriesPrefixes,
    private readonly valueLengthLimit = Infinity,
    private readonly valueCut: () => void = () => undefined,
  ) {
    this.valueIds = labelNames.map(() => new Map<unknown, number>());
    this.values = labelNames.map(() => []);
    this.index = new TupleIndex(labelNames.length);
    this.readValues = labelNames.map(() => '');
    this.readIds = new Int32Array(labelNames.length);
    this.plainValues = labelNames.map(() => 0);
    this.escapedValues = labelNames.map(() => '');
  }

  /** The number of slots, the removed ones included. */
  get slots(): number {
    return this.index.slots;
  }

  /**
   * Returns the slot of labels, or {@link ABSENT}, {@link UNKNOWN_LABEL} or {@link UNREADABLE_LABEL}. Missing labels
   * count as empty. Never throws.
   */
  find(labels: object): number {
    const slot = this.findUsual(labels);
    return slot >= 0 ? slot : this.findOther(labels);
  }

  /**
   * Returns the slot of labels in the usual case: known values in the order of the label names. A negative result
   * requires a call of {@link findOther}. Never throws.
   */
  findUsual(labels: object): number {
    const { labelNames, valueIds, index, reading } = this;
    const { shifts } = index;
    let count = 0;
    let key = 0;
    try {
      for (const name in labels) {
        if (labelNames[count] !== name) return ABSENT;
        // A new value is left to findOther(): every line of this function is on the path of every sample.
        const id = valueIds[count]!.get((labels as Readonly<Record<string, unknown>>)[name]);
        if (id === undefined) return ABSENT;
        key ^= id << shifts[count++]!;
      }
    } catch {
      return ABSENT;
    }
    // A getter among the labels may have used this very metric.
    return count === labelNames.length && reading === this.reading ? index.findKey(key) : ABSENT;
  }

  /** Searches where {@link findUsual} has not found anything. @returns the same as {@link find} */
  findOther(labels: object): number {
    const turn = ++this.reading;
    let result: number;
    try {
      result = this.read(labels as Readonly<Record<string, unknown>>);
      // A getter or a toString() among the labels used this very metric: read again, from a plain copy.
      if (turn !== this.reading) result = this.read(stringValues(labels));
    } catch {
      return UNREADABLE_LABEL;
    }
    return result === 0 ? this.findRead() : result;
  }

  /** Returns the slot of values in the order of the label names, or {@link ABSENT}. Missing ones count as empty. */
  findValues(values: readonly string[]): number {
    this.reading++;
    // Open labels may have got further names since the values were read.
    for (let i = 0; i < this.readValues.length; i++) this.readValues[i] = values[i] ?? '';
    return this.findRead();
  }

  /** Returns the label values of the latest search, in the order of the label names. @param slot its result */
  valuesFound(slot: number): string[] {
    return slot < 0 || this.isOverflow(slot) ? this.readValues.slice() : this.valuesOf(slot);
  }

  /** Adds a series with the labels that the latest search found absent. @returns its slot */
  add(): number {
    for (let i = 0; i < this.labelNames.length; i++) {
      if (this.readIds[i] === NO_ID) this.readIds[i] = this.addValue(i, this.readValues[i]!);
    }
    this.live++;
    return this.index.add(this.readIds);
  }

  /** Returns the slot of the overflow series, and adds the series if it is missing. */
  overflowSlot(): number {
    if (this.overflow === ABSENT) {
      this.overflow = this.index.append(new Int32Array(this.labelNames.length).fill(NO_ID));
      this.keptPrefixes[this.overflow] = this.prefixes.overflow;
    }
    return this.overflow;
  }

  /** Removes the identity of a slot: its labels are absent from now on. */
  remove(slot: number): void {
    if (this.index.remove(slot)) this.live--;
  }

  /** True if so many slots are dead that compaction is worth its cost. */
  get isSparse(): boolean {
    return this.slots > 2 * this.live + 64;
  }

  /** Makes a search in progress read the labels again, after another table has replaced this one. */
  retire(): void {
    this.reading++;
  }

  isOverflow(slot: number): boolean {
    return slot === this.overflow;
  }

  /** Returns the label values of a slot in the order of the label names. */
  valuesOf(slot: number): string[] {
    return this.values.map((values, i) => values[this.index.numberAt(slot, i)]!);
  }

  /** Returns the labels of a slot by name. */
  labelsOf(slot: number): Record<string, string> {
    if (slot === this.overflow) return { [OVERFLOW_LABEL]: 'true' };
    // A loop, since protobuf needs them for each series of a scrape. No label is called __proto__.
    const { labelNames, values, index } = this;
    const { omitsEmpty } = this.prefixes;
    const labels: Record<string, string> = {};
    for (let i = 0; i < labelNames.length; i++) {
      const value = values[i]![index.numberAt(slot, i)]!;
      if (value !== '' || !omitsEmpty) labels[labelNames[i]!] = value;
    }
    return labels;
  }

  /** Returns the exposition prefix of a slot, which is rendered once and kept. */
  expositionPrefixOf(slot: number): string {
    return (this.keptPrefixes[slot] ??= this.prefixes.of(this.escapedValuesOf(slot)));
  }

  /** Returns the exposition prefix of a slot without keeping it. */
  renderPrefixOf(slot: number): string {
    const kept = this.keptPrefixes[slot];
    if (kept !== undefined) return kept;
    const { stretch, index } = this;
    if (stretch === undefined) return this.renderFirstOfStretch(slot);
    const { position } = stretch;
    if (!index.areAlikeBut(position, slot, stretch.slot)) return this.renderFirstOfStretch(slot);
    return stretch.before + this.escapedValue(position, index.numberAt(slot, position)) + stretch.after;
  }

  /** Renders the prefix of a slot, and begins a stretch if one value alone has changed since the last call. */
  private renderFirstOfStretch(slot: number): string {
    const values = this.escapedValuesOf(slot);
    const position = this.lastRendered === ABSENT ? -1 : this.index.onlyDifference(slot, this.lastRendered);
    this.lastRendered = slot;
    if (position >= 0) {
      const around = this.prefixes.around(values, position);
      if (around !== undefined) this.stretch = { slot, position, before: around[0], after: around[1] };
    }
    return this.prefixes.of(values);
  }

  /** Returns the escaped label values of a slot, in an array that the next call changes. */
  private escapedValuesOf(slot: number): readonly string[] {
    const { escapedValues, index } = this;
    for (let i = 0; i < escapedValues.length; i++) {
      escapedValues[i] = this.escapedValue(i, index.numberAt(slot, i));
    }
    return escapedValues;
  }

  private escapedValue(position: number, id: number): string {
    const value = this.values[position]![id]!;
    const plain = this.plainValues[position]!;
    if (id < plain) return value;
    const escaped = escapeLabelValue(value);
    if (escaped === value && id === plain) this.plainValues[position] = plain + 1;
    return escaped;
  }

  /** Reads the values into `readValues`. @returns 0, or `UNKNOWN_LABEL` */
  private read(labels: Readonly<Record<string, unknown>>): number {
    const count = this.readPresent(labels);
    if (count < 0) return count;
    if (count < this.labelNames.length) {
      this.readValues.fill('');
      this.readPresent(labels);
    }
    return 0;
  }

  private readPresent(labels: Readonly<Record<string, unknown>>): number {
    const names = this.labelNames;
    const width = names.length;
    let count = 0;
    for (const name in labels) {
      // Labels mostly come in the order in which they were declared.
      const position = count < width && names[count] === name ? count : names.indexOf(name);
      if (position < 0) {
        this.unknownLabel = name;
        return UNKNOWN_LABEL;
      }
      const value = labels[name];
      this.readValues[position] = typeof value === 'string' ? value : this.textOf(value, position);
      count++;
    }
    return count;
  }

  /** Returns the text of a value that is no string. A known number or boolean is found without it from then on. */
  private textOf(value: unknown, position: number): string {
    const text = toLabelString(value);
    const ids = this.valueIds[position]!;
    const id = ids.get(text);
    // Each text has at most one of them, so the map stays bounded. An object may have another text each time.
    if (id !== undefined && (typeof value === 'number' || typeof value === 'boolean')) ids.set(value, id);
    return text;
  }

  private findRead(): number {
    const { labelNames, valueIds, readValues, readIds } = this;
    let areKnown = true;
    for (let i = 0; i < labelNames.length; i++) {
      const id = valueIds[i]!.get(readValues[i]!) ?? this.idOfStored(i);
      // The search goes on, since the other values must be well-formed too before they are added.
      if (id === NO_ID) areKnown = false;
      readIds[i] = id;
    }
    return areKnown ? this.index.find(readIds) : ABSENT;
  }

  /** Replaces an unknown value by the form in which it is stored. @returns the number of that; `NO_ID` if it is new */
  private idOfStored(position: number): number {
    const given = this.readValues[position]!;
    const value = this.newValue(given);
    if (value === given) return NO_ID;
    this.readValues[position] = value;
    return this.valueIds[position]!.get(value) ?? NO_ID;
  }

  private addValue(position: number, given: string): number {
    const value = copyString(given);
    const id = this.values[position]!.push(value) - 1;
    this.valueIds[position]!.set(value, id);
    return id;
  }

  /** Returns an unknown value as it is stored: well-formed, and cut to the length limit. */
  private newValue(given: string): string {
    const value = toLabelString(given);
    if (value.length <= this.valueLengthLimit) return value;
    this.valueCut();
    return boundedLabelValue(value, this.valueLengthLimit);
  }
}

function stringValues(labels: object): Record<string, unknown> {
  // No prototype: a label may be called __proto__ or constructor without being one.
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(labels)) copy[name] = toLabelString(value);
  return copy;
}
