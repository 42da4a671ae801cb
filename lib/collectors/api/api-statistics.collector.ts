import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import { type ApiStatistics, type EndpointStatistics, PERCENTILES } from '../../query/api-statistics.js';

/** A collector of request rate, error ratio and response time by endpoint, for readers without PromQL. */
export class ApiStatisticsCollector implements ManagedCollector {
  readonly name = 'api';
  readonly metricNames: readonly string[];

  private readonly requests: Gauge<'method' | 'route'>;
  private readonly errors: Gauge<'method' | 'route'>;
  private readonly durations: Gauge<'method' | 'route' | 'percentile'>;
  private last: readonly EndpointStatistics[] | undefined;

  constructor(
    registry: MetricsRegistry,
    private readonly statistics: ApiStatistics,
    private readonly maxEndpoints: number,
  ) {
    const labelNames = ['method', 'route'] as const;
    // Of the history, which has the requests of all workers.
    const ofEndpoint = { labelNames, aggregate: 'shared' } as const;
    const minutes = statistics.windowMs / 60_000;
    const over = `over the last ${minutes} min, for the busiest endpoints`;
    this.requests = registry.gauge('api_requests_per_second', `Requests per second ${over}.`, ofEndpoint);
    this.errors = registry.gauge(
      'api_error_ratio',
      `Share of requests with a server error (5xx), ${over}.`,
      ofEndpoint,
    );
    this.durations = registry.gauge(
      'api_response_time_seconds',
      `Response time percentiles, within 1 %, ${over}.`,
      {
        labelNames: [...labelNames, 'percentile'],
        aggregate: 'shared',
        seriesLimit: Math.max(1_000, maxEndpoints * PERCENTILES.length),
      },
    );
    this.metricNames = [this.requests.name, this.errors.name, this.durations.name];
  }

  collect(): void {
    const endpoints = this.statistics.endpoints();
    if (endpoints === this.last) return;
    this.last = endpoints;
    // Endpoints without requests in the window have no series.
    for (const gauge of [this.requests, this.errors, this.durations]) gauge.reset();
    for (const endpoint of endpoints.slice(0, this.maxEndpoints)) {
      const { method, route } = endpoint;
      this.requests.set({ method, route }, endpoint.requestsPerSecond);
      this.errors.set({ method, route }, endpoint.errorRatio);
      for (const percentile of PERCENTILES) {
        const seconds = endpoint.percentileSeconds[percentile];
        if (!Number.isNaN(seconds)) this.durations.set({ method, route, percentile }, seconds);
      }
    }
  }
}
