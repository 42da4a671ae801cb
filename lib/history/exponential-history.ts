import {
  type ExponentialBuckets,
  type ExponentialHistogramSnapshot,
  quantileOf,
} from '../metrics/exponential-histogram.js';

/** The observations between two samples. Buckets are pairs of an index and a count. */
interface Increment {
  readonly zeroCount: number;
  readonly positive: Int32Array;
  readonly negative: Int32Array;
}

const NO_BUCKETS = new Int32Array(0);

/**
 * The exponential histograms of one series over time. Each sample keeps only its increment over the previous one, which
 * for a quiet series is nothing.
 */
export class ExponentialHistory {
  private increments: (Increment | undefined)[];
  private latest: ExponentialHistogramSnapshot | undefined;
  private scale = 0;

  constructor(capacity: number) {
    this.increments = Array.from({ length: capacity });
  }

  /**
   * Stores the increment of a histogram since the last one.
   *
   * @param isNew true if the series was created since the previous sample, so that all of it is new
   * @returns the growth in bytes
   */
  write(slot: number, histogram: ExponentialHistogramSnapshot, isNew: boolean): number {
    const before = isNew ? undefined : this.latest;
    const increment: Increment = {
      zeroCount: histogram.zeroCount - (before?.zeroCount ?? 0),
      positive: addedBuckets(histogram.positive, before?.positive),
      negative: addedBuckets(histogram.negative, before?.negative),
    };
    const freed = this.clear(slot);
    const isFirst = this.latest === undefined;
    this.latest = histogram;
    this.scale = histogram.scale;
    // Counts from before the first sample belong to no window.
    if (isFirst && !isNew) return -freed;
    if (bytesOf(increment) === 0) return -freed;
    this.increments[slot] = increment;
    return bytesOf(increment) - freed;
  }

  private get bytes(): number {
    return this.increments.reduce((sum, increment) => sum + bytesOf(increment), 0);
  }

  /** @returns the number of freed bytes */
  clear(slot: number): number {
    const freed = bytesOf(this.increments[slot]);
    this.increments[slot] = undefined;
    return freed;
  }

  /**
   * Keeps the samples in these slots, in this order, from slot 0 on.
   *
   * @returns the number of freed bytes
   */
  resize(slots: readonly number[], capacity: number): number {
    const kept = slots.map((slot) => this.increments[slot]);
    const before = this.bytes;
    this.increments = [...kept, ...Array.from<undefined>({ length: capacity - kept.length })];
    return before - this.bytes;
  }

  /** Adds the increment of a sample to a sum. */
  addTo(sum: ExponentialSum, slot: number): void {
    const increment = this.increments[slot];
    if (increment !== undefined) sum.add(this.scale, increment, 1);
  }

  /** Subtracts the increment of a sample from a sum that contains it. */
  subtractFrom(sum: ExponentialSum, slot: number): void {
    const increment = this.increments[slot];
    if (increment !== undefined) sum.add(this.scale, increment, -1);
  }
}

/** A sum of increments that can be subtracted again, for a moving window. */
export class ExponentialSum {
  private scale = 0;
  private zeroCount = 0;
  private readonly positive = new BucketSum();
  private readonly negative = new BucketSum();

  /** @internal */
  add(scale: number, { zeroCount, positive, negative }: Increment, factor: 1 | -1): void {
    this.scale = scale;
    this.zeroCount += factor * zeroCount;
    this.positive.add(positive, factor);
    this.negative.add(negative, factor);
  }

  /** Returns the `q`-quantile of the observed values, with an error of at most 1 %; NaN without any. */
  quantile(q: number): number {
    const { scale, zeroCount, positive, negative } = this;
    return quantileOf({ scale, zeroCount, positive, negative }, q);
  }
}

/** A range of adjacent buckets that grows to cover what is added. */
class BucketSum implements ExponentialBuckets {
  offset = 0;
  counts: number[] = [];

  /** @param pairs of a bucket and its count, in ascending order */
  add(pairs: Int32Array, factor: 1 | -1): void {
    const first = pairs[0];
    const last = pairs.at(-2);
    if (first === undefined || last === undefined) return;
    this.cover(first, last);
    const { counts, offset } = this;
    for (let i = 0; i < pairs.length; i += 2) {
      const index = (pairs[i] ?? 0) - offset;
      counts[index] = (counts[index] ?? 0) + factor * (pairs[i + 1] ?? 0);
    }
  }

  private cover(first: number, last: number): void {
    const { counts } = this;
    if (counts.length === 0) this.offset = first;
    if (first < this.offset) {
      this.counts = [...Array.from({ length: this.offset - first }, () => 0), ...counts];
      this.offset = first;
    }
    while (this.offset + this.counts.length <= last) this.counts.push(0);
  }
}

function addedBuckets({ offset, counts }: ExponentialBuckets, before?: ExponentialBuckets): Int32Array {
  const pairs: number[] = [];
  counts.forEach((count, i) => {
    const known = before?.counts[offset + i - before.offset] ?? 0;
    if (count > known) pairs.push(offset + i, count - known);
  });
  return pairs.length === 0 ? NO_BUCKETS : Int32Array.from(pairs);
}

/** Returns the estimated size: the numbers, and the overhead of an object and of each array. */
function bytesOf(increment: Increment | undefined): number {
  if (increment === undefined) return 0;
  const { zeroCount, positive, negative } = increment;
  const arrays = [positive, negative].filter(({ length }) => length > 0);
  if (arrays.length === 0 && zeroCount === 0) return 0;
  return 80 + arrays.reduce((sum, { byteLength }) => sum + byteLength + 120, 0);
}
