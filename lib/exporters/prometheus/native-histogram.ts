import {
  type ExponentialBuckets,
  type ExponentialHistogramSnapshot,
  MIN_INDEX,
} from '../../metrics/exponential-histogram.js';

/** The coarsest schema, in which a bucket covers a factor of `2 ** 16`. */
const MIN_SCHEMA = -4;
/** The fewest buckets that hold every histogram in the coarsest schema: six for each sign. */
export const MIN_BUCKETS = 12;
/** The zero threshold of client_golang. Histograms of the same threshold are added up without a conversion. */
const ZERO_THRESHOLD = 2 ** -128;
/** The largest gap that is filled with empty buckets, since these are shorter than another span. */
const MAX_FILLED_GAP = 2;

/** Consecutive buckets of a native histogram. */
export interface NativeSpan {
  /** Index of the first bucket of the first span, or the number of buckets between the last span and this one. */
  readonly offset: number;
  readonly length: number;
}

/** The buckets of one sign. */
export interface NativeBuckets {
  readonly spans: readonly NativeSpan[];
  /** Differences of the counts of the buckets, the first one to zero. */
  readonly deltas: readonly number[];
}

/** A Prometheus native histogram. Bucket `i` counts magnitudes in `(base ** (i - 1), base ** i]`. */
export interface NativeHistogram {
  /** The base of the buckets is `2 ** (2 ** -schema)`. */
  readonly schema: number;
  /** Largest magnitude in the zero bucket. */
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly positive: NativeBuckets;
  readonly negative: NativeBuckets;
}

/**
 * Returns the native histogram of the finest schema that has at most `maxBuckets` buckets, empty ones within a span
 * included. Buckets are only added up, so every count is exact.
 *
 * The outermost bucket also counts smaller magnitudes. If it is not empty, the zero bucket extends to its end.
 *
 * @see https://prometheus.io/docs/specs/native_histograms/
 */
export function nativeHistogramOf(
  { scale, zeroCount, positive, negative }: ExponentialHistogramSnapshot,
  maxBuckets: number,
): NativeHistogram {
  const hasUnderflow = isOutermost(positive) || isOutermost(negative);
  let shift = 0;
  while (scale - shift > MIN_SCHEMA && !fits(positive, negative, shift, hasUnderflow, maxBuckets)) shift++;
  const schema = scale - shift;
  const positives = new BucketEncoder(positive, shift, hasUnderflow);
  const negatives = new BucketEncoder(negative, shift, hasUnderflow);
  return {
    schema,
    zeroThreshold: hasUnderflow ? 2 ** (((MIN_INDEX >> shift) + 1) * 2 ** -schema) : ZERO_THRESHOLD,
    zeroCount: zeroCount + positives.underflow + negatives.underflow,
    positive: positives,
    negative: negatives,
  };
}

function isOutermost({ offset, counts }: ExponentialBuckets): boolean {
  return counts.length > 0 && offset === MIN_INDEX;
}

function fits(
  positive: ExponentialBuckets,
  negative: ExponentialBuckets,
  shift: number,
  hasUnderflow: boolean,
  maxBuckets: number,
): boolean {
  // The extent takes no loop, and is enough for most histograms.
  if (extentOf(positive, shift) + extentOf(negative, shift) <= maxBuckets) return true;
  return sizeOf(positive, shift, hasUnderflow) + sizeOf(negative, shift, hasUnderflow) <= maxBuckets;
}

function extentOf({ offset, counts }: ExponentialBuckets, shift: number): number {
  return counts.length === 0 ? 0 : ((offset + counts.length - 1) >> shift) - (offset >> shift) + 1;
}

/** Returns the number of buckets that an encoding has. */
function sizeOf({ offset, counts }: ExponentialBuckets, shift: number, hasUnderflow: boolean): number {
  const underflow = hasUnderflow ? MIN_INDEX >> shift : -Infinity;
  let size = 0;
  let last = -Infinity;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    const group = (offset + i) >> shift;
    if (group === last || group === underflow) continue;
    const gap = group - last - 1;
    size += gap <= MAX_FILLED_GAP ? gap + 1 : 1;
    last = group;
  }
  return size;
}

/** The encoding of the buckets of one sign, `2 ** shift` of which make a bucket of the native histogram. */
class BucketEncoder implements NativeBuckets {
  readonly spans: { offset: number; length: number }[] = [];
  readonly deltas: number[] = [];
  /** Values of the outermost bucket, which belong to the zero bucket. */
  underflow = 0;
  /** Count of the last bucket, and the index after it. */
  private last = 0;
  private end = 0;

  constructor({ offset, counts }: ExponentialBuckets, shift: number, hasUnderflow: boolean) {
    // A shift of a negative number rounds down too, so a group is never split at zero. Native indexes are one higher.
    const underflow = hasUnderflow ? (MIN_INDEX >> shift) + 1 : -Infinity;
    for (let i = 0; i < counts.length;) {
      const index = ((offset + i) >> shift) + 1;
      const groupEnd = Math.min((index << shift) - offset, counts.length);
      let count = 0;
      for (; i < groupEnd; i++) count += counts[i]!;
      if (index === underflow) this.underflow = count;
      else if (count > 0) this.add(index, count);
    }
  }

  private add(index: number, count: number): void {
    const gap = index - this.end;
    const span = this.spans.at(-1);
    if (span === undefined || gap > MAX_FILLED_GAP) {
      this.spans.push({ offset: gap, length: 1 });
    } else {
      for (let i = 0; i < gap; i++) this.push(0);
      span.length += gap + 1;
    }
    this.push(count);
    this.end = index + 1;
  }

  private push(count: number): void {
    this.deltas.push(count - this.last);
    this.last = count;
  }
}
