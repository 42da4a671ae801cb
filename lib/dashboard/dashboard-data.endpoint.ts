import { type Endpoint, type EndpointReply, jsonReply } from '../endpoints/endpoint.js';
import type { HealthMonitor } from '../health/health.monitor.js';
import { quantileOf } from '../metrics/exponential-histogram.js';
import type { MetricsSource } from '../metrics/registry.js';
import type { HistogramSeriesSnapshot, MetricFamily } from '../metrics/snapshot.js';

/** So many series of a metric are shown; nobody reads more. */
const SHOWN_SERIES = 50;

/** What the dashboard shows: every metric, and how well the application is. */
export class DashboardDataEndpoint implements Endpoint {
  readonly option = 'dashboard';
  readonly restricted = true;

  constructor(
    private readonly source: MetricsSource,
    private readonly health: HealthMonitor,
    readonly path: string,
    readonly yields: boolean,
  ) {}

  async handle(): Promise<EndpointReply> {
    const { status } = await this.health.runHealthChecks();
    const { timestamp, families } = await this.source.collect({ exponential: true });
    return jsonReply(200, { status, timestamp, metrics: families.map(shownMetric) });
  }
}

function shownMetric(family: MetricFamily): unknown {
  const all =
    family.type === 'histogram'
      ? Array.from(family.series, shownHistogram)
      : Array.from(family.series, ({ labels, value }) => ({ labels, value }));
  const { name, type, help } = family;
  return {
    name,
    type,
    help,
    series: all.slice(0, SHOWN_SERIES),
    omitted: Math.max(0, all.length - SHOWN_SERIES),
  };
}

function shownHistogram({ labels, count, sum, exponential }: HistogramSeriesSnapshot): unknown {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => exponential && quantileOf(exponential, q));
  return { labels, count, sum, p50, p95, p99 };
}
