import type { Clock } from '../metrics/clock.js';
import type { Gauge } from '../metrics/gauge.js';
import type { ManagedCollector } from '../collectors/managed-collector.js';
import { DistinctOverWindow } from './distinct-over-window.js';

/** A gauge of the number of distinct users seen in sliding windows, estimated without storing their ids. */
export class ActiveUsers implements ManagedCollector {
  readonly metricNames: readonly string[];
  private readonly windows: readonly { readonly window: string; readonly users: DistinctOverWindow }[];

  /** @internal */
  constructor(
    readonly name: string,
    private readonly gauge: Gauge<'window'>,
    windowsMs: Readonly<Record<string, number>>,
    private readonly clock: Clock,
  ) {
    this.metricNames = [gauge.name];
    this.windows = Object.entries(windowsMs).map(([window, ms]) => ({
      window,
      users: new DistinctOverWindow(ms),
    }));
  }

  /** Records that a user is active; a user counts once per window. Costs less than a microsecond. */
  seen(id: string | number | bigint): void {
    const text = String(id);
    const now = this.clock.now();
    for (const { users } of this.windows) users.add(text, now);
  }

  /** Updates the gauge. Called at every scrape. */
  collect(): void {
    const now = this.clock.now();
    for (const { window, users } of this.windows) this.gauge.set({ window }, users.estimate(now));
  }
}
