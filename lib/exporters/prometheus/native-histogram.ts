import {
  type BucketRange,
  type ExponentialHistogramSnapshot,
  MIN_INDEX,
  SCALE,
} from '../../metrics/exponential-histogram.js';
import { mergeBuckets, TOO_LARGE } from '../../metrics/bucket-merge.js';
import { ExponentialColumns, type ExponentialSnapshots } from '../../metrics/exponential-columns.js';

/** The most buckets that a histogram can have: those of the finest schema for both signs. */
const MOST_BUCKETS = 2 * 80 * 64;
/** The zero threshold of client_golang. Histograms of the same threshold are added up without a conversion. */
const ZERO_THRESHOLD = 2 ** -128;
/** The largest gap that is filled with empty buckets, since these are shorter than another span. */
const MAX_FILLED_GAP = 2;
const NO_UNDERFLOW = -Infinity;

/**
 * A builder of Prometheus native histograms from exponential ones, one after another: each has the finest schema with at
 * most `maxBuckets` buckets, empty ones within a span included. Buckets are only added up, so every count is exact.
 * Bucket `i` counts magnitudes in `(base ** (i - 1), base ** i]`, and the base is `2 ** (2 ** -schema)`.
 *
 * The outermost bucket also counts smaller magnitudes. If it is not empty, the zero bucket extends to its end.
 *
 * @see https://prometheus.io/docs/specs/native_histograms/
 */
export class NativeHistogramBuilder {
  schema = 0;
  /** Largest magnitude in the zero bucket. */
  zeroThreshold = ZERO_THRESHOLD;
  zeroCount = 0;
  /** The number of all values. */
  count = 0;
  readonly positive: NativeBuckets;
  readonly negative: NativeBuckets;
  private readonly maxBuckets: number;
  private readonly positiveRange: BucketRange = emptyRange();
  private readonly negativeRange: BucketRange = emptyRange();

  /** @param maxBuckets at least 12, as the options require */
  constructor(maxBuckets: number) {
    this.maxBuckets = Math.min(maxBuckets, MOST_BUCKETS);
    this.positive = new NativeBuckets(this.maxBuckets);
    this.negative = new NativeBuckets(this.maxBuckets);
  }

  /**
   * Builds the histogram of a row, which replaces the last one.
   *
   * @param known the result for an earlier histogram of the series: a finer schema cannot fit, since counts only grow
   * @returns the binary logarithm of the number of exponential buckets that make a native one; -1 if the row has none
   */
  build(exponentials: ExponentialSnapshots, row: number, known = 0): number {
    if (exponentials instanceof ExponentialColumns) {
      exponentials.positiveAt(row, this.positiveRange);
      exponentials.negativeAt(row, this.negativeRange);
      return this.buildOf(exponentials.scaleAt(row), exponentials.zeroCountAt(row), known);
    }
    const histogram = exponentials.at(row);
    return histogram === undefined ? -1 : this.buildFrom(histogram, known);
  }

  /** Builds the native histogram of an exponential one. @returns the same as {@link build} */
  buildFrom({ scale, zeroCount, positive, negative }: ExponentialHistogramSnapshot, known = 0): number {
    Object.assign(this.positiveRange, positive, { from: 0, to: positive.counts.length });
    Object.assign(this.negativeRange, negative, { from: 0, to: negative.counts.length });
    return this.buildOf(scale, zeroCount, known);
  }

  private buildOf(scale: number, zeroCount: number, known: number): number {
    const { positive, negative, positiveRange, negativeRange, maxBuckets } = this;
    // So many merges the histogram has behind it.
    const merged = SCALE - scale;
    const outermost = MIN_INDEX >> merged;
    const hasUnderflow = isFilledAt(outermost, positiveRange) || isFilledAt(outermost, negativeRange);
    for (let shift = Math.max(known - merged, 0); ; shift++) {
      const underflow = hasUnderflow ? (outermost >> shift) + 1 : NO_UNDERFLOW;
      if (!positive.fill(positiveRange, shift, underflow, maxBuckets)) continue;
      if (!negative.fill(negativeRange, shift, underflow, maxBuckets - positive.size)) continue;
      this.schema = scale - shift;
      this.zeroThreshold = hasUnderflow ? 2 ** (underflow * 2 ** -this.schema) : ZERO_THRESHOLD;
      this.zeroCount = zeroCount + positive.underflow + negative.underflow;
      this.count = this.zeroCount + positive.count + negative.count;
      return merged + shift;
    }
  }
}

/** The buckets of one sign, in arrays that are used again. */
export class NativeBuckets {
  /** The number of spans: groups of consecutive buckets. */
  spans = 0;
  /** For each span the index of its first bucket, less the index after the last span; the first one less zero. */
  readonly spanOffsets: Int32Array;
  readonly spanLengths: Int32Array;
  /** The number of buckets, empty ones within a span included. */
  size = 0;
  /** Differences of the counts of the buckets, the first one to zero. */
  deltas: Int32Array | Float64Array;
  /** The number of values in the buckets. */
  count = 0;
  /** The number of values of the outermost bucket, which belong to the zero bucket. */
  underflow = 0;
  /** The merged buckets, at most half of those of the finest schema; a count may need the wide numbers. */
  private readonly scratch = new Uint32Array(MOST_BUCKETS / 4 + 1);
  private wideScratch: Float64Array | undefined;
  private readonly smallDeltas: Int32Array;
  private wideDeltas: Float64Array | undefined;

  constructor(private readonly maxBuckets: number) {
    this.spanOffsets = new Int32Array(maxBuckets);
    this.spanLengths = new Int32Array(maxBuckets);
    this.deltas = this.smallDeltas = new Int32Array(maxBuckets);
  }

  /**
   * Fills the arrays with buckets that are made of `2 ** shift` ones each.
   *
   * @param underflow index of the bucket that belongs to the zero bucket
   * @returns false if there are more buckets than the limit
   */
  fill(range: BucketRange, shift: number, underflow: number, limit: number): boolean {
    const { counts, from, to, offset } = range;
    if (shift === 0) return this.fillFrom(counts, from, to, offset, underflow, limit);
    const { scratch } = this;
    const end = mergeBuckets(counts, from, to, offset, shift, scratch, 0);
    if (end !== TOO_LARGE) return this.fillFrom(scratch, 0, end, offset >> shift, underflow, limit);
    const wide = (this.wideScratch ??= new Float64Array(scratch.length));
    const wideEnd = mergeBuckets(counts, from, to, offset, shift, wide, 0);
    return this.fillFrom(wide, 0, wideEnd, offset >> shift, underflow, limit);
  }

  private fillFrom(
    counts: ArrayLike<number>,
    from: number,
    to: number,
    offset: number,
    underflow: number,
    limit: number,
  ): boolean {
    // Indexes are one higher here.
    const toIndex = offset + 1 - from;
    // It is the first bucket, if there is one.
    const hasUnderflow = from < to && from + toIndex === underflow;
    this.underflow = hasUnderflow ? counts[from]! : 0;
    if (!this.fillSpans(counts, hasUnderflow ? from + 1 : from, to, toIndex, limit)) return false;
    if (!(counts instanceof Uint32Array && this.fillSmall(counts, toIndex))) this.fillWide(counts, toIndex);
    return true;
  }

  /** Finds the spans. @returns false if there are more buckets than the limit */
  private fillSpans(
    counts: ArrayLike<number>,
    from: number,
    to: number,
    toIndex: number,
    limit: number,
  ): boolean {
    const { spanOffsets, spanLengths } = this;
    let spans = 0;
    let size = 0;
    let end = 0;
    for (let i = from; i < to; i++) {
      if (counts[i] === 0) continue;
      const first = i;
      while (i < to && counts[i] !== 0) i++;
      const gap = first + toIndex - end;
      const length = i - first;
      const isNew = spans === 0 || gap > MAX_FILLED_GAP;
      size += isNew ? length : gap + length;
      if (size > limit) return false;
      if (isNew) {
        spanOffsets[spans] = gap;
        spanLengths[spans++] = length;
      } else spanLengths[spans - 1] = spanLengths[spans - 1]! + gap + length;
      end = i + toIndex;
    }
    this.spans = spans;
    this.size = size;
    return true;
  }

  /** Fills the deltas of counts below `2 ** 31`, which V8 subtracts as integers. @returns false if there is a larger one */
  private fillSmall(counts: Uint32Array, toIndex: number): boolean {
    const { spans, spanOffsets, spanLengths, smallDeltas } = this;
    let at = 0;
    let total = 0;
    let last = 0;
    let bits = 0;
    for (let span = 0, i = -toIndex; span < spans; span++) {
      i += spanOffsets[span]!;
      for (const end = i + spanLengths[span]!; i < end; i++) {
        const count = counts[i]! | 0;
        bits |= count;
        total += count;
        smallDeltas[at++] = count - last;
        last = count;
      }
    }
    this.deltas = smallDeltas;
    this.count = total;
    return bits >= 0;
  }

  private fillWide(counts: ArrayLike<number>, toIndex: number): void {
    const { spans, spanOffsets, spanLengths } = this;
    const deltas = (this.wideDeltas ??= new Float64Array(this.maxBuckets));
    let at = 0;
    let total = 0;
    let last = 0;
    for (let span = 0, i = -toIndex; span < spans; span++) {
      i += spanOffsets[span]!;
      for (const end = i + spanLengths[span]!; i < end; i++) {
        const count = counts[i]!;
        total += count;
        deltas[at++] = count - last;
        last = count;
      }
    }
    this.deltas = deltas;
    this.count = total;
  }
}

function emptyRange(): BucketRange {
  return { counts: [], from: 0, to: 0, offset: 0 };
}

/** Returns true if a range begins with a bucket that is not empty. @param index of that bucket */
function isFilledAt(index: number, { counts, from, to, offset }: BucketRange): boolean {
  return offset === index && from < to && counts[from] !== 0;
}
