import { messageOf } from '../primitives/message-of.js';
import type { Collector, CollectorResult } from './collector.js';
import type { Gauge } from './gauge.js';

/** What is said of how the collectors went, and which metrics are not to be trusted for it. */
export class CollectorReports {
  /** Collectors that failed when they last ran. */
  private readonly failing = new Set<Collector>();
  /** Collectors whose work another process did. */
  private readonly standingBy = new Set<Collector>();

  constructor(
    private readonly success: Gauge<'collector'>,
    private readonly seconds: Gauge<'collector'>,
    private readonly warn: (message: string) => void,
  ) {}

  note({ collector, seconds, error }: CollectorResult): void {
    if (error === undefined && collector.isIdle === true) {
      this.forget(collector);
      return;
    }
    const labels = { collector: collector.name };
    this.success.set(labels, error === undefined ? 1 : 0);
    this.seconds.set(labels, collector.lastRunSeconds ?? seconds);
    if (collector.standsBy === true) this.standingBy.add(collector);
    else this.standingBy.delete(collector);
    if (error === undefined) this.failing.delete(collector);
    else if (!this.failing.has(collector)) {
      this.failing.add(collector);
      this.warn(`Collector ${collector.name} failed: ${messageOf(error)}`);
    }
  }

  forget(collector: Collector): void {
    this.failing.delete(collector);
    this.standingBy.delete(collector);
    this.success.remove({ collector: collector.name });
    this.seconds.remove({ collector: collector.name });
  }

  /** The metrics of the collectors that failed, or left the work to others. */
  outdatedMetrics(): Set<string> {
    return new Set([...this.failing, ...this.standingBy].flatMap(({ metricNames }) => metricNames ?? []));
  }
}
