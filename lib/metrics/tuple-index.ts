/** The result of a search for an unknown tuple. */
export const ABSENT = -1;

const EMPTY = 0;
const REMOVED = -1;

/** The number of bits of a key. */
const KEY_BITS = 32;

/**
 * A hash index from tuples of small numbers to slots. A search allocates nothing.
 *
 * Each tuple has a key of 32 bits: its numbers side by side, each in as many bits as the largest at its position needs.
 * As long as they all fit, the key is the tuple. From then on they overlap in the key, and the tuples are kept to be
 * compared number by number. In both cases no collision can merge two tuples.
 *
 * Every index into a typed array is in range by construction: `!` is used instead of a check, since each search of the
 * hot path passes here.
 */
export class TupleIndex {
  /** The number of slots, the removed ones included. */
  slots = 0;
  /** The bit of a key at which the number of each position begins. */
  readonly shifts: number[];
  /** The number of bits of a key for each position. */
  private readonly bits: number[];
  /** The key of each slot. */
  private keys: Int32Array = new Int32Array(8);
  /** The tuple of slot `s` at `s * width`; undefined while a key is the tuple. */
  private tuples: Int32Array | undefined;
  /** A table with open addressing: {@link EMPTY}, {@link REMOVED} or slot + 1. */
  private buckets: Int32Array = new Int32Array(8);
  /** The number of buckets that are not {@link EMPTY}. */
  private usedBuckets = 0;
  /** The number of indexed tuples. */
  private size = 0;

  /** @param width length of a tuple */
  constructor(private readonly width: number) {
    this.bits = Array.from({ length: width }, () => 0);
    this.shifts = this.bits.slice();
  }

  /**
   * Returns the slot of a key, or {@link ABSENT}; always that once keys are not tuples. The key is the exclusive or of
   * each number shifted by {@link shifts}, which the hot path calculates while it reads the numbers.
   */
  findKey(key: number): number {
    const { buckets, keys } = this;
    if (this.tuples !== undefined) return ABSENT;
    const mask = buckets.length - 1;
    for (let at = spread(key) & mask; ; at = (at + 1) & mask) {
      const entry = buckets[at]!;
      if (entry === EMPTY) return ABSENT;
      if (entry !== REMOVED && keys[entry - 1] === key) return entry - 1;
    }
  }

  /** Returns the slot of a tuple, or {@link ABSENT}. */
  find(tuple: Int32Array): number {
    const { buckets, keys } = this;
    const key = this.keyOf(tuple);
    const mask = buckets.length - 1;
    for (let at = spread(key) & mask; ; at = (at + 1) & mask) {
      const entry = buckets[at]!;
      if (entry === EMPTY) return ABSENT;
      if (entry !== REMOVED && keys[entry - 1] === key && this.isTuple(entry - 1, tuple)) return entry - 1;
    }
  }

  /** Adds a tuple that is absent. @returns its slot */
  add(tuple: Int32Array): number {
    this.fit(tuple);
    if ((this.usedBuckets + 1) * 2 > this.buckets.length) this.rehash();
    const slot = this.append(tuple);
    this.insert(slot);
    this.usedBuckets++;
    this.size++;
    return slot;
  }

  /** Adds a tuple without indexing it, so that no search returns its slot. @returns the slot */
  append(tuple: Int32Array): number {
    const slot = this.slots++;
    if (slot === this.keys.length) {
      this.keys = grown(this.keys);
      if (this.tuples !== undefined) this.tuples = grown(this.tuples);
    }
    this.keys[slot] = this.keyOf(tuple);
    this.tuples?.set(tuple, slot * this.width);
    return slot;
  }

  /** Removes the tuple of a slot. @returns false if it was absent */
  remove(slot: number): boolean {
    const mask = this.buckets.length - 1;
    for (let at = spread(this.keys[slot]!) & mask; this.buckets[at] !== EMPTY; at = (at + 1) & mask) {
      if (this.buckets[at] === slot + 1) {
        this.buckets[at] = REMOVED;
        this.size--;
        return true;
      }
    }
    return false;
  }

  /** Returns one number of the tuple of a slot. */
  numberAt(slot: number, position: number): number {
    return this.tuples === undefined
      ? (this.keys[slot]! >>> this.shifts[position]!) & this.maskOf(position)
      : this.tuples[slot * this.width + position]!;
  }

  /** Returns true if the tuples of two slots differ at most at one position. */
  areAlikeBut(position: number, slot: number, other: number): boolean {
    if (this.tuples === undefined) {
      const difference = this.keys[slot]! ^ this.keys[other]!;
      return (difference & ~(this.maskOf(position) << this.shifts[position]!)) === 0;
    }
    for (let i = 0; i < this.width; i++) {
      if (i !== position && this.numberAt(slot, i) !== this.numberAt(other, i)) return false;
    }
    return true;
  }

  /** Returns the only position at which the tuples of two slots differ; -1 if they differ at none or at several. */
  onlyDifference(slot: number, other: number): number {
    let found = -1;
    for (let i = 0; i < this.width; i++) {
      if (this.numberAt(slot, i) === this.numberAt(other, i)) continue;
      if (found >= 0) return -1;
      found = i;
    }
    return found;
  }

  /** Returns as many bits as a number at this position has in a key. */
  private maskOf(position: number): number {
    return (1 << this.bits[position]!) - 1;
  }

  private keyOf(tuple: Int32Array): number {
    let key = 0;
    for (let i = 0; i < this.width; i++) key ^= tuple[i]! << this.shifts[i]!;
    return key;
  }

  private isTuple(slot: number, tuple: Int32Array): boolean {
    let i = 0;
    while (i < this.width && this.numberAt(slot, i) === tuple[i]) i++;
    return i === this.width;
  }

  private insert(slot: number): void {
    const mask = this.buckets.length - 1;
    let at = spread(this.keys[slot]!) & mask;
    while (this.buckets[at] !== EMPTY) at = (at + 1) & mask;
    this.buckets[at] = slot + 1;
  }

  /** Makes room in the keys for the numbers of a tuple. */
  private fit(tuple: Int32Array): void {
    if (this.tuples !== undefined) return;
    let i = 0;
    while (i < this.width && bitsOf(tuple[i]!) <= this.bits[i]!) i++;
    if (i < this.width) this.widen(tuple);
  }

  private widen(added: Int32Array): void {
    const { bits, shifts, width } = this;
    const shiftsBefore = shifts.slice();
    const masksBefore = bits.map((_, i) => this.maskOf(i));
    let end = 0;
    for (let i = 0; i < width; i++) {
      bits[i] = Math.max(bits[i]!, bitsOf(added[i]!));
      shifts[i] = end;
      end += bits[i]!;
    }
    if (end > KEY_BITS) this.tuples = new Int32Array(this.keys.length * width);
    this.rekey(shiftsBefore, masksBefore);
    this.rehash();
  }

  /** Replaces the keys, which are tuples, by those with the present shifts, and keeps the tuples from then on if it has to. */
  private rekey(shiftsBefore: readonly number[], masksBefore: readonly number[]): void {
    const { keys, tuples, shifts, slots, width } = this;
    for (let slot = 0, at = 0; slot < slots; slot++) {
      const before = keys[slot]!;
      let key = 0;
      for (let i = 0; i < width; i++) {
        const number = (before >>> shiftsBefore[i]!) & masksBefore[i]!;
        if (tuples !== undefined) tuples[at++] = number;
        key ^= number << shifts[i]!;
      }
      keys[slot] = key;
    }
  }

  /** Rebuilds the buckets without removed tuples, and with twice their number if the tuples need it. */
  private rehash(): void {
    const { buckets: before, keys } = this;
    const buckets = new Int32Array(this.size * 4 > before.length ? before.length * 2 : before.length);
    const mask = buckets.length - 1;
    for (let from = 0; from < before.length; from++) {
      const entry = before[from]!;
      if (entry <= 0) continue;
      let at = spread(keys[entry - 1]!) & mask;
      while (buckets[at] !== EMPTY) at = (at + 1) & mask;
      buckets[at] = entry;
    }
    this.buckets = buckets;
    this.usedBuckets = this.size;
  }
}

/** Returns the number of bits of a number that is not negative. */
function bitsOf(number: number): number {
  return KEY_BITS - Math.clz32(number);
}

/** Mixes all bits of a key into the low ones, which choose the bucket. */
function spread(key: number): number {
  const product = Math.imul(key, 0x9e37_79b1);
  return product ^ (product >>> 15);
}

function grown(numbers: Int32Array): Int32Array {
  const larger = new Int32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}
