import type { ExponentialBuckets, ExponentialHistogramSnapshot } from '../metrics/exponential-histogram.js';

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
export class FineHistory {
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

  /** Adds what was observed in these samples. */
  addTo(sum: FineSum, slots: Iterable<number>): void {
    for (const slot of slots) {
      const observed = this.observed[slot];
      if (observed !== undefined) sum.add(this.scale, observed);
    }
  }
}

/** Exponential histograms added up. */
export class FineSum {
  private scale = 0;
  private zeroCount = 0;
  private readonly positive = new Map<number, number>();
  private readonly negative = new Map<number, number>();

  /** @internal */
  add(scale: number, observed: Observed): void {
    this.scale = scale;
    this.zeroCount += observed.zeroCount;
    addPairs(this.positive, observed.positive);
    addPairs(this.negative, observed.negative);
  }

  histogram(): ExponentialHistogramSnapshot {
    return {
      scale: this.scale,
      zeroCount: this.zeroCount,
      positive: bucketsOf(this.positive),
      negative: bucketsOf(this.negative),
    };
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

function addPairs(sums: Map<number, number>, pairs: Int32Array): void {
  for (let i = 0; i < pairs.length; i += 2) {
    const bucket = pairs[i];
    sums.set(bucket, (sums.get(bucket) ?? 0) + pairs[i + 1]);
  }
}

function bucketsOf(sums: ReadonlyMap<number, number>): ExponentialBuckets {
  if (sums.size === 0) return { offset: 0, counts: [] };
  const offset = Math.min(...sums.keys());
  const counts = Array.from({ length: Math.max(...sums.keys()) - offset + 1 }, () => 0);
  for (const [bucket, count] of sums) counts[bucket - offset] = count;
  return { offset, counts };
}

/** About: the numbers, and what an array costs beside them. */
function bytesOf(observed: Observed | undefined): number {
  if (observed === undefined) return 0;
  const { zeroCount, positive, negative } = observed;
  const arrays = [positive, negative].filter(({ length }) => length > 0);
  if (arrays.length === 0 && zeroCount === 0) return 0;
  return 80 + arrays.reduce((sum, { byteLength }) => sum + byteLength + 120, 0);
}
