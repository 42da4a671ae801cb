import { HTTP_METRICS } from '../../metrics/metric-names.js';
import type { LabelMatchers } from '../../query/label-matchers.js';
import type { MetricsHistory } from '../../query/metrics-history.js';
import type { RangeSeries } from '../../query/range-query.js';
import type { HistoryPoints } from '../../query/readings.js';
import { finiteOrZero, rounded } from '../rounding.js';

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
const FAILED = { status_code: /5../ };
/** The fewest failures of a window: an increase is an estimate, which has a small part of one where there was none. */
export const LEAST_FAILURES = 0.5;

/** Returns the key of a route in a set or map of routes. */
export function routeKey({
  method = '',
  route = '',
}: {
  readonly method?: string;
  readonly route?: string;
}): string {
  return JSON.stringify([method, route]);
}

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
    const key = routeKey({ method, route });
    const found = routes.get(key) ?? { method, route, requests: 0, failures: 0, seconds: 0 };
    routes.set(key, found);
    return found;
  };
  const counts = yield* history.queryRange(REQUESTS, 'increase', windowMs, [at], {
    groupBy: ['method', 'route', 'status_code'],
  });
  for (const series of counts) {
    const found = routeOf(series);
    const count = finiteOrZero(series.values[0]);
    found.requests += count;
    if (series.labels['status_code']?.startsWith('5')) found.failures += count;
    yield;
  }
  const times = yield* history.queryRange(DURATION, 'rate of the sum', windowMs, [at], {
    groupBy: ['method', 'route'],
  });
  for (const series of times) {
    routeOf(series).seconds += (finiteOrZero(series.values[0]) * windowMs) / 1000;
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

/** Reads the keys of the routes of which requests have failed in a window. */
export function* failedRoutes(
  history: Pick<MetricsHistory, 'queryRange'>,
  windowMs: number,
  at: number,
): Generator<void, Set<string>, void> {
  const found = yield* history.queryRange(REQUESTS, 'increase', windowMs, [at], {
    labels: FAILED,
    groupBy: ['method', 'route'],
  });
  const failed = found.filter(({ values: [count = 0] }) => count >= LEAST_FAILURES);
  return new Set(failed.map(({ labels }) => routeKey(labels)));
}

function sumOf(routes: readonly RouteTraffic[], name: 'requests' | 'failures' | 'seconds'): number {
  return routes.reduce((sum, route) => sum + route[name], 0);
}

/** A time without failures after which later ones are new, in milliseconds, and in sampling intervals. */
const QUIET_MS = 120_000;
const QUIET_INTERVALS = 4;

/** Returns the time without failures after which later ones are new, in milliseconds. */
export function quietMsOf(intervalMs: number): number {
  return Math.max(QUIET_MS, QUIET_INTERVALS * intervalMs);
}

/** An uninterrupted time in which requests of a route have failed. */
export interface FailurePeriod {
  /** Its start, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** Share of the requests that have failed since, from 0 to 1. */
  readonly share: number;
  readonly failures: number;
  readonly requests: number;
}

/**
 * Returns since when requests of a route fail; undefined if none does.
 *
 * @param leastShare share of the requests between two samples from which on their failures count, from 0 to 1
 */
export function failurePeriodOf(
  history: Pick<MetricsHistory, 'lastSample' | 'intervalMs' | 'points' | 'increase'>,
  { method, route }: Pick<RouteTraffic, 'method' | 'route'>,
  leastShare = 0,
): FailurePeriod | undefined {
  const { lastSample } = history;
  if (lastSample === undefined) return undefined;
  const increases = (labels: LabelMatchers): Map<number, number> =>
    increasesOf(history.points(REQUESTS, { labels: { method, route, ...labels } }), history.intervalMs);
  const failed = increases(FAILED);
  const total = leastShare === 0 ? failed : increases({});
  const failedAt = [...failed.keys()]
    .filter((at) => failed.get(at)! >= leastShare * (total.get(at) ?? 0))
    .toSorted((a, b) => a - b);
  const quietMs = quietMsOf(history.intervalMs);
  let since = failedAt.at(-1);
  if (since === undefined || lastSample - since > quietMs) return undefined;
  for (const at of failedAt.toReversed()) {
    if (since - at > quietMs) break;
    since = at;
  }
  const windowMs = Math.max(lastSample - since, history.intervalMs);
  const increase = (labels: LabelMatchers): number =>
    history
      .increase(REQUESTS, windowMs, { labels: { method, route, ...labels }, groupBy: [] })
      .reduce((sum, { value }) => sum + value, 0);
  const failures = increase(FAILED);
  const requests = increase({});
  if (!(requests > 0 && failures > 0)) return undefined;
  return {
    since,
    share: Math.min(1, failures / requests),
    failures: Math.round(failures),
    requests: Math.round(requests),
  };
}

/** Returns the increase of all series from each sample to the next one, by the time of the former; none where it is 0. */
function increasesOf(series: readonly HistoryPoints[], intervalMs: number): Map<number, number> {
  const increases = new Map<number, number>();
  for (const { points } of series) {
    let [previousAt, previous] = [(points[0]?.[0] ?? 0) - intervalMs, 0];
    for (const [at, value] of points) {
      if (Number.isNaN(value)) continue;
      if (value > previous) {
        increases.set(previousAt, (increases.get(previousAt) ?? 0) + value - previous);
      }
      [previousAt, previous] = [at, value];
    }
  }
  return increases;
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
