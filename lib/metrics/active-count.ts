import { BoundSeries } from './bound-series.js';
import type { SeriesStore } from './series-store.js';
import { VALUE } from './snapshot.js';

/**
 * The number of operations in progress, as one series of a gauge. A reset or a removal ends the series but not the
 * operations, so that the series starts again with their number.
 *
 * The number is written when the gauge is read: an operation changes two fields, and looks up no row.
 */
export class ActiveCount extends BoundSeries {
  private active = 0;
  /** The part of the number that is in the series. */
  private written = 0;
  private hasChanged = false;
  private epoch = this.store.epoch;

  /** Counts an operation that has begun. */
  begin(): void {
    this.active++;
    this.hasChanged = true;
  }

  /** Counts an operation that has ended. */
  end(): void {
    this.active--;
    this.hasChanged = true;
  }

  /** Writes the number to the series. */
  write(): void {
    if (this.isLost()) this.written = 0;
    else if (!this.hasChanged) return;
    const change = this.active - this.written;
    if ((change === 0 && !this.hasChanged) || !this.ready()) return;
    this.hasChanged = false;
    this.written = this.active;
    // Added instead of set, since the overflow series is the sum of several numbers.
    this.page[this.offset + VALUE]! += change;
  }

  /** Returns true if what was written has been removed since. */
  private isLost(): boolean {
    const { store } = this;
    if (this.epoch !== store.epoch) {
      this.epoch = store.epoch;
      return true;
    }
    return this.slot >= 0 && !store.isOverflow(this.slot) && !store.hasSeries(this.values);
  }
}

/** The numbers of operations in progress of one gauge: one for each label set, which all its users share. */
export class ActiveCounts {
  private readonly counts = new Map<string, ActiveCount>();

  constructor(private readonly store: SeriesStore) {
    store.holdBack(() => {
      for (const count of this.counts.values()) count.write();
    });
  }

  /** Returns the number with these labels. Callers keep it, since each call looks it up again. */
  of(labels: object): ActiveCount {
    const key = JSON.stringify(this.store.valuesFound(this.store.slotFor(labels)));
    let count = this.counts.get(key);
    if (count === undefined) this.counts.set(key, (count = new ActiveCount(this.store, labels)));
    return count;
  }
}
