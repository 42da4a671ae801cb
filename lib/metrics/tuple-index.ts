/** The result of a search for an unknown tuple. */
export const ABSENT = -1;

const EMPTY = 0;
const REMOVED = -1;

/**
 * A hash index from tuples of small numbers to slots. Tuples are compared number by number, so a hash collision cannot
 * merge two of them. A search allocates nothing.
 *
 * Every index into a typed array is in range by construction: `!` is used instead of a check, since each search of the
 * hot path passes here.
 */
export class TupleIndex {
  /** The number of slots, the removed ones included. */
  slots = 0;
  /** The tuple of slot `s` stands at `s * width`. */
  private tuples: Int32Array;
  /** A table with open addressing: {@link EMPTY}, {@link REMOVED} or slot + 1. */
  private buckets = new Int32Array(8);
  /** The number of buckets that are not {@link EMPTY}. */
  private usedBuckets = 0;
  /** The number of indexed tuples. */
  private size = 0;

  /** @param width length of a tuple */
  constructor(private readonly width: number) {
    this.tuples = new Int32Array(8 * width);
  }

  /** Returns the slot of a tuple, or {@link ABSENT}. @param hash hash of the tuple, see {@link mix} */
  find(tuple: Int32Array, hash: number): number {
    const { buckets, tuples } = this;
    const width = tuple.length;
    const mask = buckets.length - 1;
    for (let at = spread(hash) & mask; ; at = (at + 1) & mask) {
      const entry = buckets[at]!;
      if (entry === EMPTY) return ABSENT;
      if (entry === REMOVED) continue;
      const base = (entry - 1) * width;
      let i = 0;
      while (i < width && tuples[base + i] === tuple[i]) i++;
      if (i === width) return entry - 1;
    }
  }

  /** Adds a tuple that is absent. @returns its slot */
  add(tuple: Int32Array): number {
    if ((this.usedBuckets + 1) * 2 > this.buckets.length) this.rehash();
    const slot = this.append(tuple);
    this.insert(slot);
    this.usedBuckets++;
    this.size++;
    return slot;
  }

  /** Adds a tuple without indexing it, so that {@link find} never returns its slot. @returns the slot */
  append(tuple: Int32Array): number {
    const slot = this.slots++;
    if (this.slots * this.width > this.tuples.length) {
      const grown = new Int32Array(this.tuples.length * 2);
      grown.set(this.tuples);
      this.tuples = grown;
    }
    for (let i = 0; i < this.width; i++) this.tuples[slot * this.width + i] = tuple[i]!;
    return slot;
  }

  /** Removes the tuple of a slot. @returns false if it was absent */
  remove(slot: number): boolean {
    const mask = this.buckets.length - 1;
    for (let at = spread(this.hashOf(slot)) & mask; this.buckets[at] !== EMPTY; at = (at + 1) & mask) {
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
    return this.tuples[slot * this.width + position]!;
  }

  private hashOf(slot: number): number {
    let hash = 0;
    for (let i = 0; i < this.width; i++) hash = mix(hash, this.numberAt(slot, i));
    return hash;
  }

  private insert(slot: number): void {
    const mask = this.buckets.length - 1;
    let at = spread(this.hashOf(slot)) & mask;
    while (this.buckets[at] !== EMPTY) at = (at + 1) & mask;
    this.buckets[at] = slot + 1;
  }

  /** Rebuilds the buckets without removed tuples, and with twice their number if the tuples need it. */
  private rehash(): void {
    const before = this.buckets;
    this.buckets = new Int32Array(this.size * 4 > before.length ? before.length * 2 : before.length);
    for (let at = 0; at < before.length; at++) {
      if (before[at]! > 0) this.insert(before[at]! - 1);
    }
    this.usedBuckets = this.size;
  }
}

/** Adds a number to the hash of a tuple: one step of FNV-1a, which handles small consecutive numbers well. */
export function mix(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x0100_0193);
}

/** Mixes the high bits of a hash into the low ones, which choose the bucket. */
function spread(hash: number): number {
  return hash ^ (hash >>> 15) ^ (hash >>> 7);
}
