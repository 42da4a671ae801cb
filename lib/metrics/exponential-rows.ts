import { ExponentialColumns, type ExponentialSnapshots } from './exponential-columns.js';
import { ExponentialHistogram } from './exponential-histogram.js';
import type { RowExtension } from './series-store.js';
import { MAX, MIN } from './snapshot.js';

/** The exponential histogram of each row of a histogram, from which percentiles are read. */
export class ExponentialRows implements RowExtension {
  private readonly histograms: ExponentialHistogram[] = [];
  /** By number of buckets, how far the buckets of each row have been merged for readers that take no more. */
  private readonly shifts = new Map<number, Uint8Array>();

  /** Returns the histogram of a row that exists. */
  at(slot: number): ExponentialHistogram {
    // Called for each sample with labels, always with the slot of a row that exists.
    return this.histograms[slot]!;
  }

  /**
   * Returns a copy of every histogram.
   *
   * @param buckets maximum number of buckets that the reader takes of a row: those of a row with more are merged.
   *   @default all
   */
  snapshots(buckets?: number): ExponentialSnapshots {
    const limit = buckets === undefined ? undefined : { buckets, shifts: this.shiftsFor(buckets) };
    return ExponentialColumns.of(this.histograms, limit);
  }

  beginRow(slot: number, page: Float64Array, offset: number): void {
    page[offset + MIN] = NaN;
    page[offset + MAX] = NaN;
    this.histograms[slot] = new ExponentialHistogram();
    for (const shifts of this.shifts.values()) shifts[slot] = 0;
  }

  moveRow(from: number, to: number): void {
    this.histograms[to] = this.at(from);
    for (const shifts of this.shifts.values()) shifts[to] = shifts[from] ?? 0;
  }

  clear(): void {
    this.histograms.length = 0;
    this.shifts.clear();
  }

  private shiftsFor(buckets: number): Uint8Array {
    const { length } = this.histograms;
    let shifts = this.shifts.get(buckets);
    if (shifts === undefined || shifts.length < length) {
      const grown = new Uint8Array(Math.max(length, 2 * (shifts?.length ?? 0)));
      if (shifts !== undefined) grown.set(shifts);
      this.shifts.set(buckets, (shifts = grown));
    }
    return shifts;
  }
}
