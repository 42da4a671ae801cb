import type { Counter } from '../metrics/counter.js';

/**
 * Follows counts that a server keeps itself. A server that begins anew, because it was restarted or its statistics
 * were reset, does not take anything back.
 */
export class Cumulative<L extends string> {
  private readonly last = new Map<string, number>();

  constructor(private readonly counter: Counter<L>) {
    counter.mirrorsOther();
  }

  /** @param value what the server says now; undefined if it does not say it */
  follow(labels: Record<L, string>, value: number | undefined): void {
    if (value === undefined || !Number.isFinite(value)) return;
    const key = JSON.stringify(labels);
    const last = this.last.get(key) ?? 0;
    this.last.set(key, value);
    const increase = value >= last ? value - last : value;
    (this.counter as Counter<string>).inc(labels, increase);
  }
}
