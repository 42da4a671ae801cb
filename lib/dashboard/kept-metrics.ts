import type { MetricsHistory } from '../query/metrics-history.js';
import type { MetricsSource } from '../metrics/registry.js';
import { liveRows, type MetricFamily } from '../metrics/snapshot.js';

/** Metrics of more series are only remembered while somebody looks at them: they would crowd out the others. */
const MOST_SERIES = 50;
/** Those that every view of requests needs, however many series they have. */
const ALWAYS = ['http_requests_total', 'http_slow_requests_total', 'http_requests_in_progress'];
const WITH_PERCENTILES = 'http_request_duration_seconds';

/** Has the history remember what the dashboard may be asked for, new metrics included, as far as rules leave room. */
export class KeptMetrics {
  private readonly kept = new Map<string, () => void>();
  private unsubscribe: () => void = () => undefined;

  constructor(
    private readonly history: MetricsHistory,
    private readonly source: MetricsSource,
  ) {}

  start(): void {
    const percentiles = { metric: WITH_PERCENTILES, percentiles: true, bestEffort: true };
    this.kept.set(WITH_PERCENTILES, this.history.retain(percentiles));
    for (const metric of ALWAYS) this.keep(metric);
    this.keepSmall();
    this.unsubscribe = this.history.onSample(() => this.keepSmall());
  }

  stop(): void {
    this.unsubscribe();
    for (const release of this.kept.values()) release();
    this.kept.clear();
  }

  private keepSmall(): void {
    for (const family of this.source.snapshot().families) {
      if (!this.kept.has(family.name) && isSmall(family)) this.keep(family.name);
    }
  }

  private keep(metric: string): void {
    this.kept.set(metric, this.history.retain({ metric, bestEffort: true }));
  }
}

function isSmall(family: MetricFamily): boolean {
  let count = 0;
  for (const _ of liveRows(family)) {
    if (++count > MOST_SERIES) return false;
  }
  return true;
}
