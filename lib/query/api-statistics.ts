import type { MetricsHistory } from './metrics-history.js';
import type { Reading } from './readings.js';

const REQUESTS = 'http_requests_total';
const DURATIONS = 'http_request_duration_seconds';
const FAILED = { status_code: /5../ };
const ENDPOINT = ['method', 'route'];

export const PERCENTILES = ['p50', 'p90', 'p95', 'p99'] as const;
/** Which percentiles there are of each endpoint. */
export type Percentile = (typeof PERCENTILES)[number];

/** How requests went in the window that has just passed. */
export interface RequestStatistics {
  /** The window in milliseconds; right after the start, as much of it as has passed. */
  readonly windowMs: number;
  readonly requestsPerSecond: number;
  /** Answered with a status of 500 or more. */
  readonly errorsPerSecond: number;
  /** The share of the requests that failed, between 0 and 1. */
  readonly errorRatio: number;
  readonly meanSeconds: number;
  /** At most 1 % off. */
  readonly percentileSeconds: Readonly<Record<Percentile, number>>;
}

/** How the requests of one method and route template went. */
export interface EndpointStatistics extends RequestStatistics {
  readonly method: string;
  readonly route: string;
}

/**
 * How requests went lately, by endpoint: rates, errors and percentiles over a window that moves, not since the
 * application started. An endpoint without a request in the window is not there.
 */
export class ApiStatistics {
  private computedFor: number | undefined;
  private computed: readonly EndpointStatistics[] = [];

  /** @param windowMs over how long */
  constructor(
    private readonly history: MetricsHistory,
    readonly windowMs: number,
  ) {}

  /** Keeps the samples that the statistics are read from. @returns a function that withdraws the request */
  retain(): () => void {
    const { windowMs } = this;
    const releases = [
      this.history.retain({ metric: REQUESTS, windowMs }),
      this.history.retain({ metric: DURATIONS, windowMs, percentiles: true }),
    ];
    return () => releases.forEach((release) => release());
  }

  /** Every endpoint, the busiest first. */
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

  /** All endpoints together; undefined if there was no request. */
  overall(): RequestStatistics | undefined {
    const [all] = this.compute([]);
    if (all === undefined) return undefined;
    const { labels: _, ...statistics } = all;
    return statistics;
  }

  /** The endpoints with the highest percentile. */
  slowest(count = 10, percentile: Percentile = 'p95'): readonly EndpointStatistics[] {
    const secondsOf = (endpoint: EndpointStatistics) => endpoint.percentileSeconds[percentile];
    return this.endpoints()
      .filter((endpoint) => !Number.isNaN(secondsOf(endpoint)))
      .toSorted((a, b) => secondsOf(b) - secondsOf(a))
      .slice(0, count);
  }

  /** The endpoints with the most errors a second; those without any are not among them. */
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
    // Right after the start there is less than the window: rates are over what is covered.
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
        const key = keyOf(labels);
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

function byLabels(readings: readonly Reading[]): Map<string, number> {
  return new Map(readings.map(({ labels, value }) => [keyOf(labels), value]));
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify([labels['method'], labels['route']]);
}
