import type { MetricsHistory } from './metrics-history.js';
import type { HistoryReading } from './readings.js';
import { HTTP_METRICS } from '../metrics/metric-names.js';

const REQUESTS = HTTP_METRICS.requests;
const DURATIONS = HTTP_METRICS.duration;
const FAILED = { status_code: /5../ };
const ENDPOINT = ['method', 'route'];

/** The percentiles that are computed for each endpoint. */
export const PERCENTILES = ['p50', 'p90', 'p95', 'p99'] as const;
/** A percentile of the response time. */
export type Percentile = (typeof PERCENTILES)[number];

/** Request statistics over the latest window. */
export interface RequestStatistics {
  /** Window in milliseconds; right after the start, the part of it that has passed. */
  readonly windowMs: number;
  readonly requestsPerSecond: number;
  /** Responses per second with a status of 500 or more. */
  readonly errorsPerSecond: number;
  /** Ratio of failed requests to all requests, between 0 and 1. */
  readonly errorRatio: number;
  /** Average response time in seconds. */
  readonly meanSeconds: number;
  /** Response time percentiles in seconds, with an error of at most 1 %. */
  readonly percentileSeconds: Readonly<Record<Percentile, number>>;
}

/** Statistics of the requests with one method and route template. */
export interface EndpointStatistics extends RequestStatistics {
  readonly method: string;
  readonly route: string;
}

/**
 * Request statistics by endpoint: rates, errors and percentiles over a moving window. An endpoint without a request in
 * the window is left out.
 */
export class ApiStatistics {
  private computedFor: number | undefined;
  private computed: readonly EndpointStatistics[] = [];

  /** @param windowMs window in milliseconds */
  constructor(
    private readonly history: MetricsHistory,
    readonly windowMs: number,
  ) {}

  /** Stores the samples that the statistics need. @returns a function that stops it */
  retain(): () => void {
    const { windowMs } = this;
    const releases = [
      this.history.retain({ metric: REQUESTS, windowMs }),
      this.history.retain({ metric: DURATIONS, windowMs, percentiles: true }),
    ];
    return () => releases.forEach((release) => release());
  }

  /** Returns the statistics of every endpoint, the busiest first. */
  endpoints(): readonly EndpointStatistics[] {
    const { lastSample } = this.history;
    if (lastSample !== this.computedFor) {
      this.computed = this.compute(ENDPOINT)
        .map(({ labels, ...statistics }) => ({
          method: labels['method'] ?? '',
          route: labels['route'] ?? '',
          ...statistics,
        }))
        .toSorted((a, b) => b.requestsPerSecond - a.requestsPerSecond);
      this.computedFor = lastSample;
    }
    return this.computed;
  }

  /** Returns the statistics of all endpoints together; undefined without a request. */
  overall(): RequestStatistics | undefined {
    const [all] = this.compute([]);
    if (all === undefined) return undefined;
    const { labels: _, ...statistics } = all;
    return statistics;
  }

  /** Returns the endpoints with the highest percentile. */
  slowest(count = 10, percentile: Percentile = 'p95'): readonly EndpointStatistics[] {
    const secondsOf = (endpoint: EndpointStatistics) => endpoint.percentileSeconds[percentile];
    return this.endpoints()
      .filter((endpoint) => !Number.isNaN(secondsOf(endpoint)))
      .toSorted((a, b) => secondsOf(b) - secondsOf(a))
      .slice(0, count);
  }

  /** Returns the endpoints with the most errors per second, without those that have none. */
  failing(count = 10): readonly EndpointStatistics[] {
    return this.endpoints()
      .filter(({ errorsPerSecond }) => errorsPerSecond > 0)
      .toSorted((a, b) => b.errorsPerSecond - a.errorsPerSecond)
      .slice(0, count);
  }

  private compute(
    groupBy: readonly string[],
  ): (RequestStatistics & { readonly labels: Readonly<Record<string, string>> })[] {
    const { history } = this;
    // Right after the start, rates are over the time that is covered, which is less than the window.
    const windowMs = history.coveredMs(REQUESTS, this.windowMs);
    const errors = byLabels(history.rate(REQUESTS, windowMs, { groupBy, labels: FAILED }));
    const means = byLabels(history.average(DURATIONS, windowMs, { groupBy }));
    const percentiles = PERCENTILES.map(
      (name) =>
        [
          name,
          byLabels(history.percentile(DURATIONS, Number(name.slice(1)) / 100, windowMs, { groupBy })),
        ] as const,
    );
    return history
      .rate(REQUESTS, windowMs, { groupBy })
      .filter(({ value }) => value > 0)
      .map(({ labels, value: requestsPerSecond }) => {
        const key = endpointKey(labels);
        const errorsPerSecond = errors.get(key) ?? 0;
        return {
          labels,
          windowMs,
          requestsPerSecond,
          errorsPerSecond,
          errorRatio: errorsPerSecond / requestsPerSecond,
          meanSeconds: means.get(key) ?? NaN,
          percentileSeconds: Object.fromEntries(
            percentiles.map(([name, values]) => [name, values.get(key) ?? NaN]),
          ) as Record<Percentile, number>,
        };
      });
  }
}

function byLabels(readings: readonly HistoryReading[]): Map<string, number> {
  return new Map(readings.map(({ labels, value }) => [endpointKey(labels), value]));
}

function endpointKey(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify([labels['method'], labels['route']]);
}
