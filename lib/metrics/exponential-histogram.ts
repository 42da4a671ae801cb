/** The binary logarithm of the number of buckets per doubling. A bucket is 1.09 % wide: its middle is off by at most 0.55 %. */
export const SCALE = 6;
const PER_DOUBLING = 1 << SCALE;
/** The outermost buckets, which also hold the magnitudes below `2 ** -30` (0.93e-9) and above `2 ** 50` (1.1e15). */
export const MIN_INDEX = -30 * PER_DOUBLING;
const MAX_INDEX = 50 * PER_DOUBLING - 1;

/** The number of buckets by which a range grows: 64 bytes, which V8 stores within the typed array object. */
const RANGE_STEP = 16;
const NO_COUNTS = new Uint32Array(0);
const UINT32_MAX = 0xffff_ffff;

/** The lower bound of each bucket within the doubling [1, 2). */
const BOUNDARIES = Float64Array.from({ length: PER_DOUBLING + 1 }, (_, k) => 2 ** (k / PER_DOUBLING));
/** The bucket in which each cell begins; a cell is a value of the first eight mantissa bits. */
const FIRST_BUCKET_OF_CELL = Uint8Array.from({ length: 256 }, (_, cell) => {
  const lower = 1 + cell / 256;
  let bucket = 0;
  while ((BOUNDARIES[bucket + 1] ?? Infinity) < lower) bucket++;
  return bucket;
});

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const HIGH_WORD = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** The buckets of one sign: bucket `offset + i` counts magnitudes in `(base ** (offset + i), base ** (offset + i + 1)]`. */
export interface ExponentialBuckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

/** A part of an array with the buckets of one sign: bucket `offset + i` has the count `counts[from + i]`. */
export interface BucketRange {
  counts: ArrayLike<number>;
  from: number;
  to: number;
  offset: number;
}

/**
 * A snapshot of an exponential histogram in the data model of OTLP, with `base = 2 ** (2 ** -scale)`. A Prometheus native
 * histogram numbers the same buckets one higher.
 */
export interface ExponentialHistogramSnapshot {
  readonly scale: number;
  readonly zeroCount: number;
  readonly positive: ExponentialBuckets;
  readonly negative: ExponentialBuckets;
}

/**
 * A histogram with base-2 exponential buckets, from which any percentile can be read with a relative error of at most
 * 0.55 % between 1e-9 and 1e15. Memory grows with the spread of the values by 256 bytes for each doubling, from 64 bytes
 * to at most 20 kB. Negative values need as much again, and counts beyond 2 ** 32 twice as much.
 */
export class ExponentialHistogram {
  /** The number of zeros. These fields are read for snapshots, and written here only. */
  zeroCount = 0;
  /** The first bucket of positive values in `counts`, a range that grows to cover what is added. */
  start = 0;
  counts: Uint32Array | Float64Array = NO_COUNTS;
  /** The histogram of the magnitudes of negative values, which are rare. */
  negative: ExponentialHistogram | undefined;

  record(value: number): void {
    if (value > 0) this.add(bucketIndex(value), 1);
    else if (value < 0) (this.negative ??= new ExponentialHistogram()).add(bucketIndex(-value), 1);
    else this.zeroCount++;
  }

  merge(other: ExponentialHistogram): void {
    this.zeroCount += other.zeroCount;
    other.counts.forEach((count: number, i: number) => {
      if (count > 0) this.add(other.start + i, count);
    });
    if (other.negative) (this.negative ??= new ExponentialHistogram()).merge(other.negative);
  }

  snapshot(): ExponentialHistogramSnapshot {
    const { zeroCount, start, counts, negative } = this;
    return {
      scale: SCALE,
      zeroCount,
      positive: bucketsOf({ counts, from: 0, to: counts.length, offset: start }),
      negative: negative?.snapshot().positive ?? { offset: 0, counts: [] },
    };
  }

  private add(index: number, count: number): void {
    let at = index - this.start;
    if (at < 0 || at >= this.counts.length) {
      this.cover(index);
      at = index - this.start;
    }
    // On the hot path, and in range after cover().
    const sum = this.counts[at]! + count;
    // A busy service reaches 2 ** 32 in one bucket within days: switch to wider numbers, once.
    if (sum > UINT32_MAX && this.counts instanceof Uint32Array) this.counts = Float64Array.from(this.counts);
    this.counts[at] = sum;
  }

  private cover(index: number): void {
    const first = Math.floor(index / RANGE_STEP) * RANGE_STEP;
    const empty = this.counts.length === 0;
    const start = empty ? first : Math.min(this.start, first);
    const end = empty ? first : this.start + this.counts.length;
    const size = Math.max(end, first + RANGE_STEP) - start;
    const grown = this.counts instanceof Uint32Array ? new Uint32Array(size) : new Float64Array(size);
    if (!empty) grown.set(this.counts, this.start - start);
    this.start = start;
    this.counts = grown;
  }
}

/** Returns the buckets of a range without the empty ones at its ends. */
export function bucketsOf({ counts, from, to, offset }: BucketRange): ExponentialBuckets {
  let first = from;
  let end = to;
  while (first < end && counts[first] === 0) first++;
  while (end > first && counts[end - 1] === 0) end--;
  if (first === end) return { offset: 0, counts: [] };
  const copy: number[] = [];
  for (let i = first; i < end; i++) copy.push(counts[i]!);
  return { offset: offset + first - from, counts: copy };
}

/** Returns the exact sum of two histograms, at the scale of the coarser one. */
export function sumOfExponentials(
  a: ExponentialHistogramSnapshot,
  b: ExponentialHistogramSnapshot,
): ExponentialHistogramSnapshot {
  const scale = Math.min(a.scale, b.scale);
  const sumAt = (sign: 'positive' | 'negative'): ExponentialBuckets =>
    sumOfBuckets(merged(a[sign], a.scale - scale), merged(b[sign], b.scale - scale));
  return {
    scale,
    zeroCount: a.zeroCount + b.zeroCount,
    positive: sumAt('positive'),
    negative: sumAt('negative'),
  };
}

/** Returns the buckets of which `2 ** shift` are merged into one. */
function merged(buckets: ExponentialBuckets, shift: number): ExponentialBuckets {
  if (shift === 0 || buckets.counts.length === 0) return buckets;
  const first = buckets.offset >> shift;
  const counts: number[] = [];
  for (const [i, count] of buckets.counts.entries()) {
    const at = ((buckets.offset + i) >> shift) - first;
    counts[at] = (counts[at] ?? 0) + count;
  }
  return { offset: first, counts };
}

function sumOfBuckets(a: ExponentialBuckets, b: ExponentialBuckets): ExponentialBuckets {
  if (a.counts.length === 0) return b;
  if (b.counts.length === 0) return a;
  const offset = Math.min(a.offset, b.offset);
  const end = Math.max(a.offset + a.counts.length, b.offset + b.counts.length);
  const counts = Array.from(
    { length: end - offset },
    (_, i) => (a.counts[i + offset - a.offset] ?? 0) + (b.counts[i + offset - b.offset] ?? 0),
  );
  return { offset, counts };
}

/**
 * Returns the `q`-quantile by nearest rank, with an error of at most 0.55 %.
 *
 * @param q between 0 and 1
 * @returns NaN for an empty histogram
 */
export function quantileOf(histogram: ExponentialHistogramSnapshot, q: number): number {
  const { positive, negative, zeroCount } = histogram;
  const below = sumOf(negative.counts);
  const total = below + zeroCount + sumOf(positive.counts);
  if (total === 0 || !(q >= 0 && q <= 1)) return NaN;
  // Compensates for rounding: 0.07 * 100 is slightly more than 7.
  const rank = Math.max(1, Math.ceil(q * total * (1 - 2 * Number.EPSILON)));
  // The lowest values are the negative ones of the largest magnitude.
  if (rank <= below) return -middleOf(bucketOfRank(negative, below - rank + 1));
  if (rank <= below + zeroCount) return 0;
  return middleOf(bucketOfRank(positive, rank - below - zeroCount));
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Returns the bucket of the value of a rank, counted from the smallest magnitude. */
function bucketOfRank({ offset, counts }: ExponentialBuckets, rank: number): number {
  let passed = 0;
  return offset + counts.findIndex((count) => (passed += count) >= rank);
}

/**
 * Returns the bucket of a positive value: the number of bucket bounds strictly below it. On the hot path, where every
 * index is in range.
 */
function bucketIndex(value: number): number {
  float[0] = value;
  const high = words[HIGH_WORD]!;
  const doubling = ((high >>> 20) & 0x7ff) - 1023;
  // An exponent of zero leaves the mantissa as a number in [1, 2).
  words[HIGH_WORD] = (high & 0xf_ffff) | 0x3ff0_0000;
  const mantissa = float[0];
  if (mantissa === 1) return clampIndex(doubling * PER_DOUBLING - 1);
  const first = FIRST_BUCKET_OF_CELL[(high >>> 12) & 0xff]!;
  // A cell is narrower than a bucket, so at most one bound lies within it.
  const bucket = BOUNDARIES[first + 1]! < mantissa ? first + 1 : first;
  return clampIndex(doubling * PER_DOUBLING + bucket);
}

function clampIndex(index: number): number {
  return index < MIN_INDEX ? MIN_INDEX : index > MAX_INDEX ? MAX_INDEX : index;
}

/** Returns the value with the same relative distance to both bounds of a bucket. */
function middleOf(index: number): number {
  const lower = 2 ** (index / PER_DOUBLING);
  const upper = 2 ** ((index + 1) / PER_DOUBLING);
  return (2 * lower * upper) / (lower + upper);
}
