import { ExponentialColumns, type ExponentialSnapshots } from './exponential-columns.js';
import { ExponentialHistogram } from './exponential-histogram.js';
import type { RowExtension } from './series-store.js';
import { MAX, MIN } from './snapshot.js';

/** The exponential histogram of each row of a histogram, from which percentiles are read. */
export class ExponentialRows implements RowExtension {
  private readonly histograms: ExponentialHistogram[] = [];

  /** Returns the histogram of a row that exists. */
  at(slot: number): ExponentialHistogram {
    // Called for each sample with labels, always with the slot of a row that exists.
    return this.histograms[slot]!;
  }

  snapshots(): ExponentialSnapshots {
    return new ExponentialColumns(this.histograms);
  }

  beginRow(slot: number, page: Float64Array, offset: number): void {
    page[offset + MIN] = NaN;
    page[offset + MAX] = NaN;
    this.histograms[slot] = new ExponentialHistogram();
  }

  moveRow(from: number, to: number): void {
    this.histograms[to] = this.at(from);
  }

  clear(): void {
    this.histograms.length = 0;
  }
}
