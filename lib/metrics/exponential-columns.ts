import { mergeBuckets, TOO_LARGE } from './bucket-merge.js';
import {
  type BucketRange,
  bucketsOf,
  type ExponentialHistogram,
  type ExponentialHistogramSnapshot,
  MIN_INDEX,
  SCALE,
} from './exponential-histogram.js';

/** The exponential histograms of the rows of a metric at one moment. */
export interface ExponentialSnapshots {
  /** Returns the histogram of a row; undefined if the row has none. */
  at(row: number): ExponentialHistogramSnapshot | undefined;
}

/** A limit of the buckets of each row, for a reader that takes no more. */
export interface BucketLimit {
  /** Maximum number of buckets that are not empty, of both signs together. */
  readonly buckets: number;
  /**
   * By row, the binary logarithm of the number of buckets that are merged into one. It is raised where a row has too many,
   * and kept for the next snapshot, since counts only grow.
   */
  readonly shifts: Uint8Array;
}

/** The columns of the places: where the buckets of each sign are in `counts`, and the index of their first bucket. */
const POSITIVE_FROM = 0;
const NEGATIVE_FROM = 1;
const END = 2;
const POSITIVE_OFFSET = 3;
const NEGATIVE_OFFSET = 4;
const SHIFT = 5;
const STRIDE = 6;

/** The number of merges after which six buckets of each sign are left. */
const MAX_SHIFT = 10;

/**
 * A copy of the exponential histograms of all rows in one array. A snapshot is taken in one block of the event loop, and
 * an object for each histogram took 30 times as long.
 */
export class ExponentialColumns implements ExponentialSnapshots {
  private readonly counts: Uint32Array | Float64Array;
  private readonly places: Int32Array;
  private readonly zeroCounts: Float64Array;
  private end = 0;

  /** Copies histograms, with buckets that are merged up to a limit. Every count is exact. */
  static of(histograms: readonly ExponentialHistogram[], limit?: BucketLimit): ExponentialColumns {
    let size = 0;
    let isWide = false;
    for (let row = 0; row < histograms.length; row++) {
      const histogram = histograms[row]!;
      const { start, counts, negative } = histogram;
      const shift = limit === undefined ? 0 : allowedShift(histogram, limit.shifts[row]!);
      size += mergedLength(start, counts.length, shift);
      isWide ||= counts instanceof Float64Array;
      if (negative === undefined) continue;
      size += mergedLength(negative.start, negative.counts.length, shift);
      isWide ||= negative.counts instanceof Float64Array;
    }
    const columns = new ExponentialColumns(histograms.length, size, isWide);
    if (columns.fill(histograms, limit)) return columns;
    const wide = new ExponentialColumns(histograms.length, size, true);
    wide.fill(histograms, limit);
    return wide;
  }

  private constructor(rows: number, size: number, isWide: boolean) {
    // Not zeroed, since every number that is read is written.
    const { buffer } = Buffer.allocUnsafeSlow((isWide ? 8 : 4) * size);
    this.counts = isWide ? new Float64Array(buffer) : new Uint32Array(buffer);
    this.places = new Int32Array(rows * STRIDE);
    this.zeroCounts = new Float64Array(rows);
  }

  at(row: number): ExponentialHistogramSnapshot | undefined {
    const zeroCount = this.zeroCounts[row];
    if (zeroCount === undefined) return undefined;
    const range: BucketRange = { counts: this.counts, from: 0, to: 0, offset: 0 };
    this.positiveAt(row, range);
    const positive = bucketsOf(range);
    this.negativeAt(row, range);
    return { scale: this.scaleAt(row), zeroCount, positive, negative: bucketsOf(range) };
  }

  /** Returns the scale of a row that exists. */
  scaleAt(row: number): number {
    return SCALE - this.places[row * STRIDE + SHIFT]!;
  }

  /** Returns the number of zeros of a row that exists. */
  zeroCountAt(row: number): number {
    return this.zeroCounts[row]!;
  }

  /** Points a range to the buckets of the positive values of a row that exists. */
  positiveAt(row: number, range: BucketRange): void {
    const at = row * STRIDE;
    range.counts = this.counts;
    range.from = this.places[at + POSITIVE_FROM]!;
    range.to = this.places[at + NEGATIVE_FROM]!;
    range.offset = this.places[at + POSITIVE_OFFSET]!;
  }

  /** Points a range to the buckets of the negative values of a row that exists, by their magnitude. */
  negativeAt(row: number, range: BucketRange): void {
    const at = row * STRIDE;
    range.counts = this.counts;
    range.from = this.places[at + NEGATIVE_FROM]!;
    range.to = this.places[at + END]!;
    range.offset = this.places[at + NEGATIVE_OFFSET]!;
  }

  /** @returns false if a merged count is too large for the array */
  private fill(histograms: readonly ExponentialHistogram[], limit: BucketLimit | undefined): boolean {
    const { places, zeroCounts } = this;
    for (let row = 0, at = 0; row < histograms.length; row++, at += STRIDE) {
      const histogram = histograms[row]!;
      const { start, negative } = histogram;
      const from = this.end;
      let shift = 0;
      if (limit === undefined) this.add(histogram, 0, at);
      else {
        shift = allowedShift(histogram, limit.shifts[row]!);
        for (; ; shift++) {
          this.end = from;
          const size = this.add(histogram, shift, at);
          if (size === TOO_LARGE) return false;
          if (size <= limit.buckets || shift === MAX_SHIFT) break;
          if (allowedShift(histogram, shift + 1) <= shift || this.filledSince(from) <= limit.buckets) break;
        }
        limit.shifts[row] = shift;
      }
      zeroCounts[row] = histogram.zeroCount;
      places[at + POSITIVE_FROM] = from;
      places[at + POSITIVE_OFFSET] = start >> shift;
      if (negative !== undefined) places[at + NEGATIVE_OFFSET] = negative.start >> shift;
      places[at + END] = this.end;
      places[at + SHIFT] = shift;
    }
    return true;
  }

  /** Appends the buckets of a histogram. @returns their number, or `TOO_LARGE` */
  private add({ counts, start, negative }: ExponentialHistogram, shift: number, at: number): number {
    const from = this.end;
    const isAdded = this.addMerged(counts, start, shift);
    this.places[at + NEGATIVE_FROM] = this.end;
    if (negative === undefined) return isAdded ? this.end - from : TOO_LARGE;
    return isAdded && this.addMerged(negative.counts, negative.start, shift) ? this.end - from : TOO_LARGE;
  }

  /** Appends the buckets of one sign. @returns false if a count is too large for the array */
  private addMerged(source: Uint32Array | Float64Array, start: number, shift: number): boolean {
    const { counts } = this;
    const { end } = this;
    if (shift === 0) {
      counts.set(source, end);
      this.end = end + source.length;
      return true;
    }
    const merged = mergeBuckets(source, 0, source.length, start, shift, counts, end);
    if (merged === TOO_LARGE) return false;
    this.end = merged;
    return true;
  }

  /** Returns the number of appended buckets that are not empty. */
  private filledSince(from: number): number {
    let filled = 0;
    for (let i = from; i < this.end; i++) if (this.counts[i] !== 0) filled++;
    return filled;
  }
}

/**
 * Returns a shift, or the largest one below it whose merged buckets have no part of the outermost bucket: this one also has
 * all smaller magnitudes, and a bucket that is merged of it and others would hide which of them has values.
 */
function allowedShift({ start, counts, negative }: ExponentialHistogram, shift: number): number {
  let allowed = shift;
  if (counts.length > 0) while (allowed > 0 && start >> allowed === MIN_INDEX >> allowed) allowed--;
  if (negative !== undefined) {
    while (allowed > 0 && negative.start >> allowed === MIN_INDEX >> allowed) allowed--;
  }
  return allowed;
}

/** Returns the number of buckets that are left of consecutive ones. */
function mergedLength(start: number, length: number, shift: number): number {
  return length === 0 ? 0 : ((start + length - 1) >> shift) - (start >> shift) + 1;
}
