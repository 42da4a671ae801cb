import { boundedLabelValue } from '../primitives/label-values.js';
import { ownText } from '../primitives/own-text.js';
import { OVERFLOW_LABEL, renderLabel, toLabelString } from './labels.js';

/** What {@link SeriesTable.find} answers when there is no slot to give. */
export const ABSENT = -1;
export const UNKNOWN_LABEL = -2;
export const UNREADABLE_LABEL = -3;

const EMPTY = 0;
const REMOVED = -1;
const OVERFLOW_ID = 0xffff_ffff;

/**
 * The identities of a metric's series: which label values have which slot.
 *
 * Each distinct value of a label gets a small number, and a series is the tuple of these numbers, compared
 * number by number. Two series are therefore one only if every label value is equal: no separator, no escape,
 * no hash collision can merge them. Looking one up allocates nothing.
 *
 * Slots, values and tuples are only ever added; whoever holds the table may read a slot it knows for ever.
 */
export class SeriesTable {
  /** How many slots have been given out, removed ones included. */
  slots = 0;
  /** How many series are alive, the overflow series not counted. */
  live = 0;
  private overflow = ABSENT;

  private readonly valueIds: Map<string, number>[];
  private readonly values: string[][];
  private readonly lineStarts: string[] = [];
  /** The value numbers of slot `s` stand at `s * width`. */
  private tuples: Uint32Array;
  /** Open addressing: 0 is empty, -1 removed, else slot + 1. */
  private buckets = new Int32Array(8);
  private usedBuckets = 0;

  /** The values that {@link find} could not find at once, for {@link add}. */
  private readonly readValues: string[];
  private readonly readIds: Uint32Array;
  private reading = 0;

  /**
   * @param renderLineStart makes of the labels of a series how its lines begin
   * @param valueLengthLimit the length that longer values are cut to
   * @param valueCut called for each value that is cut
   */
  constructor(
    private readonly labelNames: readonly string[],
    private readonly renderLineStart: (labels: string) => string,
    private readonly valueLengthLimit = Infinity,
    private readonly valueCut: () => void = () => undefined,
  ) {
    const width = labelNames.length;
    this.valueIds = labelNames.map(() => new Map<string, number>());
    this.values = labelNames.map(() => []);
    this.tuples = new Uint32Array(8 * width);
    this.readValues = labelNames.map(() => '');
    this.readIds = new Uint32Array(width);
  }

  /** The slot of these labels, or why there is none. Missing labels count as empty. Never throws. */
  find(labels: object): number {
    const slot = this.findKnown(labels as Readonly<Record<string, unknown>>);
    return slot >= 0 ? slot : this.findUnusual(labels);
  }

  /** The slot of these values, given in the order of the label names. */
  findValues(values: readonly string[]): number {
    this.reading++;
    for (let i = 0; i < values.length; i++) this.readValues[i] = values[i]!;
    return this.findRead();
  }

  /** The label values behind the last answer of `find`, in the order of the label names. */
  valuesFound(slot: number): string[] {
    return slot < 0 || this.isOverflow(slot) ? this.readValues.slice() : this.valuesOf(slot);
  }

  /** Gives a new slot to the labels that {@link find} last found absent. */
  add(): number {
    const width = this.labelNames.length;
    const slot = this.nextSlot();
    for (let i = 0; i < width; i++) {
      const ids = this.valueIds[i];
      let id = ids.get(this.readValues[i]);
      if (id === undefined) {
        const value = ownText(this.readValues[i]);
        id = this.values[i].push(value) - 1;
        ids.set(value, id);
      }
      this.tuples[slot * width + i] = id;
    }
    this.live++;
    if (++this.usedBuckets * 2 > this.buckets.length) this.rehash();
    else this.insert(slot);
    return slot;
  }

  /** The one slot for everything beyond the series limit. */
  overflowSlot(): number {
    if (this.overflow === ABSENT) {
      this.overflow = this.nextSlot();
      this.tuples.fill(OVERFLOW_ID, this.overflow * this.labelNames.length);
      this.lineStarts[this.overflow] = this.renderLineStart(renderLabel(OVERFLOW_LABEL, 'true'));
    }
    return this.overflow;
  }

  /** Forgets the identity of a slot: its labels are absent from now on. */
  remove(slot: number): void {
    const mask = this.buckets.length - 1;
    for (let at = spread(this.hashOf(slot)) & mask; this.buckets[at] !== EMPTY; at = (at + 1) & mask) {
      if (this.buckets[at] === slot + 1) {
        this.buckets[at] = REMOVED;
        this.live--;
        return;
      }
    }
  }

  /** Whether enough slots are dead that a fresh table would be worth its making. */
  get wasteful(): boolean {
    return this.slots > 2 * this.live + 64;
  }

  isOverflow(slot: number): boolean {
    return slot === this.overflow;
  }

  /** The label values of a slot in the order of the label names. */
  valuesOf(slot: number): string[] {
    return this.values.map((values, i) => values[this.tuples[slot * this.values.length + i]]);
  }

  /** The labels of a slot by name. */
  labelsOf(slot: number): Record<string, string> {
    if (slot === this.overflow) return { [OVERFLOW_LABEL]: 'true' };
    const values = this.valuesOf(slot);
    return Object.fromEntries(this.labelNames.map((name, i) => [name, values[i]]));
  }

  /** How the lines of a series begin in an exposition, rendered once. */
  lineStartOf(slot: number): string {
    return (this.lineStarts[slot] ??= this.renderLineStart(this.labelTextOf(slot)));
  }

  private labelTextOf(slot: number): string {
    const width = this.labelNames.length;
    let text = '';
    for (let i = 0; i < width; i++) {
      const value = this.values[i][this.tuples[slot * width + i]];
      text += (i === 0 ? '' : ',') + renderLabel(this.labelNames[i], value);
    }
    return text;
  }

  /** The usual case: strings, all seen before, in the order of the label names. Otherwise negative. */
  private findKnown(labels: Readonly<Record<string, unknown>>): number {
    const { labelNames, valueIds, readIds } = this;
    const turn = ++this.reading;
    let count = 0;
    let hash = 0;
    try {
      for (const name in labels) {
        if (labelNames[count] !== name) return ABSENT;
        const value = labels[name];
        if (typeof value !== 'string') return ABSENT;
        const id = valueIds[count].get(value);
        if (id === undefined) return ABSENT;
        readIds[count++] = id;
        hash = mix(hash, id);
      }
    } catch {
      return ABSENT;
    }
    // A getter among the labels may have used this very metric.
    return count === labelNames.length && turn === this.reading ? this.probe(hash) : ABSENT;
  }

  private findUnusual(labels: object): number {
    const turn = ++this.reading;
    let refusal: number;
    try {
      refusal = this.read(labels as Readonly<Record<string, unknown>>);
      // A getter or a toString() among the labels used this very metric: read again, from a plain copy.
      if (turn !== this.reading) refusal = this.read(stringValues(labels));
    } catch {
      return UNREADABLE_LABEL;
    }
    return refusal === 0 ? this.findRead() : refusal;
  }

  /** Reads the values into `readValues`; 0 or a refusal. */
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
      if (position < 0) return UNKNOWN_LABEL;
      const value = labels[name];
      this.readValues[position] = typeof value === 'string' ? value : toLabelString(value);
      count++;
    }
    return count;
  }

  private findRead(): number {
    const width = this.labelNames.length;
    let hash = 0;
    for (let i = 0; i < width; i++) {
      let id = this.valueIds[i].get(this.readValues[i]);
      if (id === undefined) {
        const value = this.newValue(this.readValues[i]);
        this.readValues[i] = value;
        id = this.valueIds[i].get(value);
        // Go on: the later values must be made well-formed too before they are added.
        if (id === undefined) id = OVERFLOW_ID;
      }
      this.readIds[i] = id;
      hash = mix(hash, id);
    }
    return this.probe(hash);
  }

  /** The value as it is kept. Only values that are not known yet come here: those that are cut never are. */
  private newValue(given: string): string {
    const value = toLabelString(given);
    if (value.length <= this.valueLengthLimit) return value;
    this.valueCut();
    return boundedLabelValue(value, this.valueLengthLimit);
  }

  /** The slot of the tuple in `readIds`. */
  private probe(hash: number): number {
    const { buckets, tuples, readIds } = this;
    const width = readIds.length;
    const mask = buckets.length - 1;
    for (let at = spread(hash) & mask; ; at = (at + 1) & mask) {
      const entry = buckets[at];
      if (entry === EMPTY) return ABSENT;
      if (entry === REMOVED) continue;
      const base = (entry - 1) * width;
      let i = 0;
      while (i < width && tuples[base + i] === readIds[i]) i++;
      if (i === width) return entry - 1;
    }
  }

  private nextSlot(): number {
    const width = this.labelNames.length;
    const slot = this.slots++;
    if (this.slots * width > this.tuples.length) {
      const grown = new Uint32Array(this.tuples.length * 2);
      grown.set(this.tuples);
      this.tuples = grown;
    }
    return slot;
  }

  private hashOf(slot: number): number {
    const width = this.labelNames.length;
    let hash = 0;
    for (let i = 0; i < width; i++) hash = mix(hash, this.tuples[slot * width + i]);
    return hash;
  }

  private insert(slot: number): void {
    const mask = this.buckets.length - 1;
    let at = spread(this.hashOf(slot)) & mask;
    while (this.buckets[at] !== EMPTY) at = (at + 1) & mask;
    this.buckets[at] = slot + 1;
  }

  private rehash(): void {
    const kept = this.buckets.filter((entry) => entry > 0);
    const latest = this.slots;
    this.buckets = new Int32Array(Math.max(8, 2 ** Math.ceil(Math.log2((kept.length + 1) * 3))));
    for (const entry of kept) this.insert(entry - 1);
    this.insert(latest - 1);
    this.usedBuckets = kept.length + 1;
  }
}

/** One step of FNV-1a, which small numbers in a row do not trouble. */
function mix(hash: number, id: number): number {
  return Math.imul(hash ^ id, 0x0100_0193);
}

/** Brings the high bits of a hash down to the low ones, which choose the bucket. */
function spread(hash: number): number {
  return hash ^ (hash >>> 15) ^ (hash >>> 7);
}

function stringValues(labels: object): Record<string, unknown> {
  // No prototype: a label may be called __proto__ or constructor without being one.
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(labels)) copy[name] = toLabelString(value);
  return copy;
}
