import { messageOf } from '../primitives/error-message.js';
import type { Collector, CollectorResult } from './collector.js';
import type { Gauge } from './gauge.js';

/** Reports on the runs of the collectors: two metrics, and a log line when a collector begins to fail. */
export class CollectorReports {
  /** Collectors whose last run failed. */
  private readonly failing = new Set<Collector>();
  /** Collectors whose last run left the work to another process. */
  private readonly standingBy = new Set<Collector>();

  constructor(
    private readonly success: Gauge<'collector'>,
    private readonly seconds: Gauge<'collector'>,
    private readonly warn: (message: string) => void,
  ) {}

  report({ collector, seconds, error }: CollectorResult): void {
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

  /** Returns the names of the metrics that the last run of their collector did not update. */
  outdatedMetrics(): Set<string> {
    return new Set([...this.failing, ...this.standingBy].flatMap(({ metricNames }) => metricNames ?? []));
  }
}
