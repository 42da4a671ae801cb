import {
  type BucketRange,
  bucketsOf,
  type ExponentialHistogram,
  type ExponentialHistogramSnapshot,
  SCALE,
} from './exponential-histogram.js';

/** The exponential histograms of the rows of a metric at one moment. */
export interface ExponentialSnapshots {
  /** Returns the histogram of a row; undefined if the row has none. */
  at(row: number): ExponentialHistogramSnapshot | undefined;
}

/** The columns of the places: where the buckets of each sign are in `counts`, and the index of their first bucket. */
const POSITIVE_FROM = 0;
const NEGATIVE_FROM = 1;
const END = 2;
const POSITIVE_OFFSET = 3;
const NEGATIVE_OFFSET = 4;
const STRIDE = 5;

/**
 * A copy of the exponential histograms of all rows in one array. A snapshot is taken in one block of the event loop, and
 * an object for each histogram took 30 times as long.
 */
export class ExponentialColumns implements ExponentialSnapshots {
  readonly scale = SCALE;
  private readonly counts: Uint32Array | Float64Array;
  private readonly places: Int32Array;
  private readonly zeroCounts: Float64Array;

  constructor(histograms: readonly ExponentialHistogram[]) {
    let size = 0;
    let isWide = false;
    for (const { counts, negative } of histograms) {
      size += counts.length + (negative?.counts.length ?? 0);
      isWide ||= counts instanceof Float64Array || negative?.counts instanceof Float64Array;
    }
    // Not zeroed, since every number is written.
    const { buffer } = Buffer.allocUnsafeSlow((isWide ? 8 : 4) * size);
    this.counts = isWide ? new Float64Array(buffer) : new Uint32Array(buffer);
    this.places = new Int32Array(histograms.length * STRIDE);
    this.zeroCounts = new Float64Array(histograms.length);
    let end = 0;
    for (let row = 0, at = 0; row < histograms.length; row++, at += STRIDE) {
      const { zeroCount, start, counts, negative } = histograms[row]!;
      this.zeroCounts[row] = zeroCount;
      this.places[at + POSITIVE_FROM] = end;
      this.places[at + POSITIVE_OFFSET] = start;
      this.counts.set(counts, end);
      end += counts.length;
      this.places[at + NEGATIVE_FROM] = end;
      if (negative !== undefined) {
        this.places[at + NEGATIVE_OFFSET] = negative.start;
        this.counts.set(negative.counts, end);
        end += negative.counts.length;
      }
      this.places[at + END] = end;
    }
  }

  at(row: number): ExponentialHistogramSnapshot | undefined {
    const zeroCount = this.zeroCounts[row];
    if (zeroCount === undefined) return undefined;
    const range: BucketRange = { counts: this.counts, from: 0, to: 0, offset: 0 };
    this.positiveAt(row, range);
    const positive = bucketsOf(range);
    this.negativeAt(row, range);
    return { scale: this.scale, zeroCount, positive, negative: bucketsOf(range) };
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
}
