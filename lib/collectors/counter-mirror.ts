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
   * Adds the growth of one count since its last update.
   *
   * @param total current count of the original; undefined if it is unknown
   * @param key name of the count, where several are summed in one series @default one for each series
   * @returns the key, for {@link retain}; undefined if the total is unknown
   */
  update(labels: Labels<L>, total: number | undefined, key = JSON.stringify(labels)): string | undefined {
    if (total === undefined || !Number.isFinite(total)) return undefined;
    const last = this.last.get(key)?.total ?? 0;
    this.last.set(key, { labels, total });
    (this.counter as Counter<string>).inc(labels, total >= last ? total - last : total);
    return key;
  }

  /** Forgets every count whose key is not among these, and removes the series that have none left. */
  retain(keys: ReadonlySet<string>): void {
    const gone = new Map<string, Labels<L>>();
    for (const [key, { labels }] of this.last) {
      if (keys.has(key)) continue;
      gone.set(JSON.stringify(labels), labels);
      this.last.delete(key);
    }
    if (gone.size === 0) return;
    for (const { labels } of this.last.values()) gone.delete(JSON.stringify(labels));
    for (const labels of gone.values()) (this.counter as Counter<string>).remove(labels);
  }
}
