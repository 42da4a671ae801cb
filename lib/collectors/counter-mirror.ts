import type { Counter } from '../metrics/counter.js';
import type { Labels } from '../metrics/labels.js';

/**
 * A copy of counts that are kept elsewhere, by the kernel or a server. A count that restarts from zero there, because
 * of a restart or a reset of the statistics, does not lower the copy.
 */
export class CounterMirror<L extends string> {
  private readonly last = new Map<string, { readonly labels: Labels<L>; readonly total: number }>();

  constructor(private readonly counter: Counter<L>) {
    counter.mirrorsOther();
  }

  /**
   * Adds the growth of one series since its last update.
   *
   * @param total current count of the original; undefined if it is unknown
   * @returns the key of the series, for {@link retain}; undefined if the total is unknown
   */
  update(labels: Labels<L>, total: number | undefined): string | undefined {
    if (total === undefined || !Number.isFinite(total)) return undefined;
    const key = JSON.stringify(labels);
    const last = this.last.get(key)?.total ?? 0;
    this.last.set(key, { labels, total });
    this.add(labels, growthOf(total, last));
    return key;
  }

  /** Adds growth that the caller has found, to a series that is not given to {@link update}. */
  add(labels: Labels<L>, growth: number): void {
    (this.counter as Counter<string>).inc(labels, growth);
  }

  /** Removes a series that was only added to. */
  remove(labels: Labels<L>): void {
    (this.counter as Counter<string>).remove(labels);
  }

  /** Removes every series whose key is not among these. */
  retain(keys: ReadonlySet<string>): void {
    for (const [key, { labels }] of this.last) {
      if (keys.has(key)) continue;
      this.remove(labels);
      this.last.delete(key);
    }
  }
}

/** Returns the growth of a count, which has restarted from zero if it is lower than before. */
export function growthOf(total: number, last: number): number {
  return total >= last ? total - last : total;
}
