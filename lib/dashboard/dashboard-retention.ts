import type { MetricsHistory } from '../query/metrics-history.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import {
  CACHE_METRICS,
  DATABASE_METRICS,
  HTTP_METRICS,
  OUTGOING_HTTP_METRICS,
  QUEUE_METRICS,
  REDIS_METRICS,
} from '../metrics/metric-names.js';

/** The most series of a metric retained permanently. Larger ones are retained only while they are explored. */
const MAX_SERIES = 50;
/** The most series of a metric of dependencies, whose cards sum them up. */
const MAX_SERIES_OF_DEPENDENCIES = 200;
const OF_DEPENDENCIES: ReadonlySet<string> = new Set([
  DATABASE_METRICS.duration,
  DATABASE_METRICS.errors,
  REDIS_METRICS.commandDuration,
  REDIS_METRICS.commandErrors,
  CACHE_METRICS.duration,
  QUEUE_METRICS.duration,
  QUEUE_METRICS.failed,
  OUTGOING_HTTP_METRICS.requests,
  OUTGOING_HTTP_METRICS.duration,
  OUTGOING_HTTP_METRICS.errors,
]);
/** The metrics of the requests page, retained whatever their number of series. */
const ALWAYS_RETAINED = [HTTP_METRICS.requests, HTTP_METRICS.slow, HTTP_METRICS.inProgress];
const WITH_PERCENTILES = HTTP_METRICS.duration;

/** The retention of the metrics on the dashboard, new ones included, within the memory that alert rules leave. */
export class DashboardRetention {
  /** The functions that end the retention of each metric. */
  private readonly retained = new Map<string, () => void>();
  private unsubscribe: () => void = () => undefined;

  constructor(
    private readonly history: MetricsHistory,
    private readonly registry: Pick<MetricsRegistry, 'getAllMetrics'>,
  ) {}

  start(): void {
    const percentiles = { metric: WITH_PERCENTILES, percentiles: true, bestEffort: true };
    this.retained.set(WITH_PERCENTILES, this.history.retain(percentiles));
    for (const metric of ALWAYS_RETAINED) this.retain(metric);
    this.retainSmall();
    this.unsubscribe = this.history.onSample(() => this.retainSmall());
  }

  stop(): void {
    this.unsubscribe();
    for (const release of this.retained.values()) release();
    this.retained.clear();
  }

  private retainSmall(): void {
    for (const { name, seriesCount } of this.registry.getAllMetrics()) {
      const limit = OF_DEPENDENCIES.has(name) ? MAX_SERIES_OF_DEPENDENCIES : MAX_SERIES;
      if (seriesCount <= limit && !this.retained.has(name)) this.retain(name);
    }
  }

  private retain(metric: string): void {
    this.retained.set(metric, this.history.retain({ metric, bestEffort: true }));
  }
}
