import type { RangeSeries } from '../query/range-query.js';
import type { DashboardHistory } from './dashboard-history.js';
import { type TimeRange, timeRangeOf } from './views/time-range.js';
import { rounded } from './rounding.js';
import { HTTP_METRICS } from '../metrics/metric-names.js';

/** The requests of one endpoint in a window. */
export interface EndpointRow {
  readonly method: string;
  readonly route: string;
  /** Requests per second, on average over the window. */
  readonly perSecond: number;
  /** The window, in milliseconds: the requested range, or the part of it that is covered by samples. */
  readonly windowMs: number;
  /** Percentage of 5xx responses. */
  readonly errorPercent: number;
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
  /** Number of responses by status code. */
  readonly statuses: Readonly<Record<string, number>>;
}

const BY_ENDPOINT = ['method', 'route'] as const;
const REQUESTS = HTTP_METRICS.requests;
const DURATION = HTTP_METRICS.duration;
const QUANTILES = [0.5, 0.95, 0.99];

/** Returns every endpoint with requests in the window. Yields after each small step. */
export function* endpointRows(
  history: DashboardHistory,
  range: TimeRange | number,
): Generator<void, EndpointRow[], void> {
  const { rangeMs, until = history.lastSample } = timeRangeOf(range);
  const windowMs = history.coveredMs(REQUESTS, rangeMs, until === undefined ? {} : { at: until });
  const times = until === undefined || windowMs === 0 ? [] : [until];
  const counts = yield* history.queryRange(REQUESTS, 'increase', windowMs, times, {
    groupBy: [...BY_ENDPOINT, 'status_code'],
  });
  const percentiles = yield* history.queryRange(DURATION, { quantiles: QUANTILES }, windowMs, times, {
    groupBy: BY_ENDPOINT,
  });
  const percentilesOf = yield* byEndpoint(percentiles);
  const rows: EndpointRow[] = [];
  for (const [key, responses] of yield* byEndpoint(counts)) {
    rows.push(rowOf(responses, percentilesOf.get(key) ?? [], windowMs));
    yield;
  }
  return rows;
}

/** Groups series by endpoint. Yields after each. */
function* byEndpoint(all: readonly RangeSeries[]): Generator<void, Map<string, RangeSeries[]>, void> {
  const found = new Map<string, RangeSeries[]>();
  for (const series of all) {
    const key = keyOf(series.labels);
    const others = found.get(key);
    if (others === undefined) found.set(key, [series]);
    else others.push(series);
    yield;
  }
  return found;
}

function rowOf(
  responses: readonly RangeSeries[],
  percentiles: readonly RangeSeries[],
  windowMs: number,
): EndpointRow {
  const { method = '', route = '' } = responses[0]?.labels ?? {};
  const all = sumOf(responses);
  const failed = sumOf(responses.filter(({ labels }) => labels['status_code']?.startsWith('5')));
  const [p50, p95, p99] = QUANTILES.map((q) => percentiles.find(({ quantile }) => quantile === q)?.values[0]);
  return {
    method,
    route,
    perSecond: rounded(all / (windowMs / 1000)),
    windowMs,
    errorPercent: all === 0 ? 0 : rounded((failed / all) * 100),
    ...(p50 !== undefined && { p50: rounded(p50) }),
    ...(p95 !== undefined && { p95: rounded(p95) }),
    ...(p99 !== undefined && { p99: rounded(p99) }),
    statuses: Object.fromEntries(
      responses.map(({ labels, values: [count = 0] }) => [labels['status_code'], Math.round(count)]),
    ),
  };
}

/** Returns a key that is unique for any method and route. */
function keyOf({ method, route }: Readonly<Record<string, string>>): string {
  return JSON.stringify([method, route]);
}

function sumOf(series: readonly RangeSeries[]): number {
  return series.reduce((sum, { values: [value = 0] }) => sum + value, 0);
}
