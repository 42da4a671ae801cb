import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { SourceCollector } from '../source.collector.js';
import { type ApiStatistics, type EndpointStatistics, PERCENTILES } from '../../query/api-statistics.js';

/** How requests went lately, by endpoint, for those who have no PromQL to work it out. */
export class ApiCollector implements SourceCollector {
  readonly name = 'api';
  readonly metricNames: readonly string[];

  private readonly requests: Gauge<'method' | 'route'>;
  private readonly errors: Gauge<'method' | 'route'>;
  private readonly durations: Gauge<'method' | 'route' | 'percentile'>;
  private shown: readonly EndpointStatistics[] | undefined;

  constructor(
    registry: MetricsRegistry,
    private readonly statistics: ApiStatistics,
    private readonly shownEndpoints: number,
  ) {
    const labelNames = ['method', 'route'] as const;
    const minutes = statistics.windowMs / 60_000;
    const over = `over the last ${minutes} min, of the busiest endpoints`;
    this.requests = registry.gauge('api_requests_per_second', `Requests a second ${over}.`, { labelNames });
    this.errors = registry.gauge(
      'api_error_ratio',
      `Share of the requests that were answered with a status of 500 or more, ${over}.`,
      { labelNames },
    );
    this.durations = registry.gauge(
      'api_response_time_seconds',
      `Percentiles of the time to answer, at most 1 % off, ${over}.`,
      {
        labelNames: [...labelNames, 'percentile'],
        seriesLimit: Math.max(1_000, shownEndpoints * PERCENTILES.length),
      },
    );
    this.metricNames = [this.requests.name, this.errors.name, this.durations.name];
  }

  collect(): void {
    const endpoints = this.statistics.endpoints();
    if (endpoints === this.shown) return;
    this.shown = endpoints;
    // An endpoint that was not asked for lately has no series.
    for (const gauge of [this.requests, this.errors, this.durations]) gauge.reset();
    for (const endpoint of endpoints.slice(0, this.shownEndpoints)) {
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
