import { HTTP_METRICS } from '../../metrics/metric-names.js';
import type { MetricsHistory } from '../../query/metrics-history.js';
import type { RangeSeries } from '../../query/range-query.js';
import { rounded } from '../rounding.js';

/** The requests of one route in a window. */
export interface RouteTraffic {
  readonly method: string;
  readonly route: string;
  readonly requests: number;
  /** Number of 5xx responses. */
  readonly failures: number;
  /** Time spent on them altogether, in seconds. */
  readonly seconds: number;
}

/** The requests of all routes in a window. */
export interface Traffic {
  /** The part of the window that is covered by samples, in milliseconds. */
  readonly windowMs: number;
  readonly requests: number;
  readonly failures: number;
  readonly seconds: number;
  /** The routes, those that matter most first: by failures, then by time. */
  readonly routes: readonly RouteTraffic[];
}

/** The used part of a history. */
type TrafficHistory = Pick<MetricsHistory, 'lastSample' | 'coveredMs' | 'queryRange'>;

const { requests: REQUESTS, duration: DURATION } = HTTP_METRICS;

/** Reads the requests of all routes. Yields after each small step. */
export function* readTraffic(
  history: TrafficHistory,
  rangeMs: number,
  at = history.lastSample,
): Generator<void, Traffic, void> {
  const windowMs = at === undefined ? 0 : history.coveredMs(REQUESTS, rangeMs, { at });
  if (at === undefined || windowMs === 0) {
    return { windowMs, requests: 0, failures: 0, seconds: 0, routes: [] };
  }
  const routes = new Map<string, { -readonly [K in keyof RouteTraffic]: RouteTraffic[K] }>();
  const routeOf = ({ labels: { method = '', route = '' } }: RangeSeries) => {
    const key = JSON.stringify([method, route]);
    const found = routes.get(key) ?? { method, route, requests: 0, failures: 0, seconds: 0 };
    routes.set(key, found);
    return found;
  };
  const counts = yield* history.queryRange(REQUESTS, 'increase', windowMs, [at], {
    groupBy: ['method', 'route', 'status_code'],
  });
  for (const series of counts) {
    const found = routeOf(series);
    const count = series.values[0] || 0;
    found.requests += count;
    if (series.labels['status_code']?.startsWith('5')) found.failures += count;
    yield;
  }
  const times = yield* history.queryRange(DURATION, 'rate of the sum', windowMs, [at], {
    groupBy: ['method', 'route'],
  });
  for (const series of times) {
    routeOf(series).seconds += ((series.values[0] || 0) * windowMs) / 1000;
    yield;
  }
  const all = [...routes.values()].filter(({ requests }) => requests > 0);
  return {
    windowMs,
    requests: sumOf(all, 'requests'),
    failures: sumOf(all, 'failures'),
    seconds: sumOf(all, 'seconds'),
    routes: all.toSorted((a, b) => b.failures - a.failures || b.seconds - a.seconds),
  };
}

function sumOf(routes: readonly RouteTraffic[], name: 'requests' | 'failures' | 'seconds'): number {
  return routes.reduce((sum, route) => sum + route[name], 0);
}

/** A time without failures after which later ones are new, in milliseconds. */
const QUIET_MS = 120_000;

/** An uninterrupted time in which requests of a route have failed. */
export interface FailurePeriod {
  /** Its start, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** Share of the requests that have failed since, from 0 to 1. */
  readonly share: number;
  readonly failures: number;
  readonly requests: number;
}

/** Returns since when requests of a route fail; undefined if none does. */
export function failurePeriodOf(
  history: Pick<MetricsHistory, 'lastSample' | 'intervalMs' | 'points' | 'increase'>,
  { method, route }: Pick<RouteTraffic, 'method' | 'route'>,
): FailurePeriod | undefined {
  const { lastSample } = history;
  if (lastSample === undefined) return undefined;
  const failedAt = increaseTimes(
    history.points(REQUESTS, { labels: { method, route, status_code: /5../ } }).map(({ points }) => points),
    history.intervalMs,
  );
  const quietMs = Math.max(QUIET_MS, 4 * history.intervalMs);
  let since = failedAt.at(-1);
  if (since === undefined || lastSample - since > quietMs) return undefined;
  for (const at of failedAt.toReversed()) {
    if (since - at > quietMs) break;
    since = at;
  }
  const windowMs = Math.max(lastSample - since, history.intervalMs);
  const increase = (labels: Record<string, string | RegExp>): number =>
    history
      .increase(REQUESTS, windowMs, { labels: { method, route, ...labels }, groupBy: [] })
      .reduce((sum, { value }) => sum + value, 0);
  const failures = increase({ status_code: /5../ });
  const requests = increase({});
  if (!(requests > 0 && failures > 0)) return undefined;
  return {
    since,
    share: Math.min(1, failures / requests),
    failures: Math.round(failures),
    requests: Math.round(requests),
  };
}

/** Returns the times of the samples before each increase, in ascending order. */
function increaseTimes(
  series: readonly (readonly (readonly [number, number])[])[],
  intervalMs: number,
): number[] {
  const times = new Set<number>();
  for (const points of series) {
    let [previousAt, previous] = [(points[0]?.[0] ?? 0) - intervalMs, 0];
    for (const [at, value] of points) {
      if (Number.isNaN(value)) continue;
      if (value > previous) times.add(previousAt);
      [previousAt, previous] = [at, value];
    }
  }
  return [...times].toSorted((a, b) => a - b);
}

/** A route among those with the greatest impact. */
export interface ImpactRow {
  readonly method: string;
  readonly route: string;
  readonly perSecond: number;
  readonly errorPercent: number;
  readonly failures: number;
  /** Share of the time of all requests, from 0 to 1. */
  readonly timeShare: number;
  /** Mean duration, in seconds. */
  readonly meanSeconds: number;
}

/** Returns the rows of the routes that matter most. */
export function impactRows({ routes, windowMs, seconds }: Traffic, limit: number): ImpactRow[] {
  return routes.slice(0, limit).map((each) => ({
    method: each.method,
    route: each.route,
    perSecond: rounded(each.requests / (windowMs / 1000)),
    errorPercent: rounded((100 * each.failures) / each.requests),
    failures: Math.round(each.failures),
    timeShare: seconds > 0 ? rounded(each.seconds / seconds) : 0,
    meanSeconds: rounded(each.seconds / each.requests),
  }));
}
