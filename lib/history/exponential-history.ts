import {
  type ExponentialBuckets,
  type ExponentialHistogramSnapshot,
  quantileOf,
} from '../metrics/exponential-histogram.js';

/** What was observed between two samples: pairs of a bucket and its count. */
interface Observed {
  readonly zeroCount: number;
  readonly positive: Int32Array;
  readonly negative: Int32Array;
}

const NOTHING = new Int32Array(0);

/**
 * The exponential histograms of one series over time. Of each sample only what was new in it is kept, which for a
 * quiet series is nothing.
 */
export class ExponentialHistory {
  private observed: (Observed | undefined)[];
  private latest: ExponentialHistogramSnapshot | undefined;
  private scale = 0;

  constructor(capacity: number) {
    this.observed = Array.from({ length: capacity });
  }

  /**
   * Keeps what is new in a histogram since the last one.
   *
   * @param began whether the series began anew, so that all of it is new
   * @returns by how many bytes this has grown
   */
  write(slot: number, histogram: ExponentialHistogramSnapshot, began: boolean): number {
    const before = began ? undefined : this.latest;
    const observed: Observed = {
      zeroCount: histogram.zeroCount - (before?.zeroCount ?? 0),
      positive: newIn(histogram.positive, before?.positive),
      negative: newIn(histogram.negative, before?.negative),
    };
    const freed = this.clear(slot);
    const isFirst = this.latest === undefined;
    this.latest = histogram;
    this.scale = histogram.scale;
    // What was there before anybody looked did not happen in any window.
    if (isFirst && !began) return -freed;
    if (bytesOf(observed) === 0) return -freed;
    this.observed[slot] = observed;
    return bytesOf(observed) - freed;
  }

  private get bytes(): number {
    return this.observed.reduce((sum, observed) => sum + bytesOf(observed), 0);
  }

  /** @returns how many bytes this has freed */
  clear(slot: number): number {
    const freed = bytesOf(this.observed[slot]);
    this.observed[slot] = undefined;
    return freed;
  }

  /**
   * Keeps of its samples only these, in this order, from the first slot on.
   *
   * @returns how many bytes this has freed
   */
  relay(slots: readonly number[], capacity: number): number {
    const kept = slots.map((slot) => this.observed[slot]);
    const before = this.bytes;
    this.observed = [...kept, ...Array.from<undefined>({ length: capacity - kept.length })];
    return before - this.bytes;
  }

  /** Adds what was observed in a sample. */
  addTo(sum: ExponentialSum, slot: number): void {
    const observed = this.observed[slot];
    if (observed !== undefined) sum.add(this.scale, observed, 1);
  }

  /** Takes away what was observed in a sample and has been added. */
  takeFrom(sum: ExponentialSum, slot: number): void {
    const observed = this.observed[slot];
    if (observed !== undefined) sum.add(this.scale, observed, -1);
  }
}

/** Exponential histograms added up, which can be taken away again: the sum of a window that moves. */
export class ExponentialSum {
  private scale = 0;
  private zeroCount = 0;
  private readonly positive = new BucketSum();
  private readonly negative = new BucketSum();

  /** @internal */
  add(scale: number, { zeroCount, positive, negative }: Observed, times: 1 | -1): void {
    this.scale = scale;
    this.zeroCount += times * zeroCount;
    this.positive.add(positive, times);
    this.negative.add(negative, times);
  }

  /** Returns the value that the share `q` of the observed ones did not exceed, at most 1 % off; NaN without any. */
  quantile(q: number): number {
    const { scale, zeroCount, positive, negative } = this;
    return quantileOf({ scale, zeroCount, positive, negative }, q);
  }
}

/** Counts of adjacent buckets, which grow to cover what is added. */
class BucketSum implements ExponentialBuckets {
  offset = 0;
  counts: number[] = [];

  /** @param pairs of a bucket and its count, in ascending order */
  add(pairs: Int32Array, times: 1 | -1): void {
    if (pairs.length === 0) return;
    this.cover(pairs[0], pairs[pairs.length - 2]);
    const { counts, offset } = this;
    for (let i = 0; i < pairs.length; i += 2) counts[pairs[i] - offset] += times * pairs[i + 1];
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

function newIn({ offset, counts }: ExponentialBuckets, before?: ExponentialBuckets): Int32Array {
  const pairs: number[] = [];
  counts.forEach((count, i) => {
    const known = before?.counts[offset + i - before.offset] ?? 0;
    if (count > known) pairs.push(offset + i, count - known);
  });
  return pairs.length === 0 ? NOTHING : Int32Array.from(pairs);
}

/** About: the numbers, and what an array costs beside them. */
function bytesOf(observed: Observed | undefined): number {
  if (observed === undefined) return 0;
  const { zeroCount, positive, negative } = observed;
  const arrays = [positive, negative].filter(({ length }) => length > 0);
  if (arrays.length === 0 && zeroCount === 0) return 0;
  return 80 + arrays.reduce((sum, { byteLength }) => sum + byteLength + 120, 0);
}
