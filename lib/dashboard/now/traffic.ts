import { HTTP_METRICS } from '../../metrics/metric-names.js';
import type { LabelMatchers } from '../../query/label-matchers.js';
import type { MetricsHistory } from '../../query/metrics-history.js';
import type { RangeSeries } from '../../query/range-query.js';
import type { HistoryPoints } from '../../query/readings.js';
import { finiteOrZero, rounded } from '../rounding.js';
import { areOver, failingSteps, sumOf } from './failure-share.js';

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
/** The labels of failed requests. */
export const FAILED: LabelMatchers = { status_code: /5../ };

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
    requests: totalOf(all, 'requests'),
    failures: totalOf(all, 'failures'),
    seconds: totalOf(all, 'seconds'),
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
  const failed = found.filter(({ values: [count = 0] }) => count > 0);
  return new Set(failed.map(({ labels }) => routeKey(labels)));
}

function totalOf(routes: readonly RouteTraffic[], name: 'requests' | 'failures' | 'seconds'): number {
  return routes.reduce((sum, route) => sum + route[name], 0);
}

/** A time without failures after which later ones are new, in milliseconds, and in sampling intervals. */
const QUIET_MS = 120_000;
const QUIET_INTERVALS = 4;
/** A time without requests after which it is said that none comes: in milliseconds, and as a multiple of the longest before. */
const SILENT_MS = 30_000;
const SILENT_GAPS = 2;

/** Returns the time without failures after which later ones are new, in milliseconds. */
export function quietMsOf(intervalMs: number): number {
  return Math.max(QUIET_MS, QUIET_INTERVALS * intervalMs);
}

/** An uninterrupted time in which requests of a route have failed. */
export interface FailurePeriod {
  /** Its start, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** Time of the last failure, in milliseconds since the Unix epoch; undefined while requests fail. */
  readonly until?: number;
  /**
   * Time since which no request has come, so that nobody knows whether it would fail, in milliseconds since the Unix epoch;
   * undefined if some have come lately, or enough to know that the failures are over.
   */
  readonly silentSince?: number;
  /** Share of the requests in it that have failed, from 0 to 1. */
  readonly share: number;
  readonly failures: number;
  readonly requests: number;
}

/**
 * Returns since when requests of a route fail, and until when if it is over; undefined if none has failed lately.
 *
 * @param leastShare share of the requests from which on their failures count, from 0 to 1
 */
export function failurePeriodOf(
  history: Pick<MetricsHistory, 'lastSample' | 'intervalMs' | 'points' | 'increase'>,
  { method, route }: Pick<RouteTraffic, 'method' | 'route'>,
  leastShare = 0,
): FailurePeriod | undefined {
  const { lastSample, intervalMs } = history;
  if (lastSample === undefined) return undefined;
  const increases = (labels: LabelMatchers): Map<number, number> =>
    increasesOf(history.points(REQUESTS, { labels: { method, route, ...labels } }));
  const failed = increases(FAILED);
  const total = increases({});
  const times = [...total.keys()].toSorted((a, b) => a - b);
  const quietMs = quietMsOf(intervalMs);
  const isFailing = failingSteps(
    times.map((at) => failed.get(at) ?? 0),
    times.map((at) => total.get(at) ?? 0),
    leastShare,
    Math.ceil(quietMs / intervalMs),
  );
  // A request has failed after the sample before the one that has it.
  const failedAt = times.flatMap((at, i) => (isFailing[i] === true ? [times[i - 1] ?? at - intervalMs] : []));
  let since = failedAt.at(-1);
  if (since === undefined) return undefined;
  const isRecent = lastSample - since <= quietMs;
  for (const at of failedAt.toReversed()) {
    if (since - at > quietMs) break;
    since = at;
  }
  const last = isFailing.lastIndexOf(true);
  const sumAfter = (counts: ReadonlyMap<number, number>): number =>
    sumOf(times.slice(last + 1).map((at) => counts.get(at) ?? 0));
  const after = { failures: sumAfter(failed), requests: sumAfter(total) };
  const windowMs = Math.max(lastSample - since, intervalMs);
  const increase = (labels: LabelMatchers): number =>
    history
      .increase(REQUESTS, windowMs, { labels: { method, route, ...labels }, groupBy: [] })
      .reduce((sum, { value }) => sum + value, 0);
  const failures = increase(FAILED);
  const requests = increase({});
  if (!(requests > 0 && failures > 0)) return undefined;
  const period = periodOf(since, failures - after.failures, requests - after.requests);
  const until = times[last]!;
  if (areOver(period.share, after)) return isRecent ? { ...period, until } : undefined;
  const asked = times.filter((at) => at > since && (total.get(at) ?? 0) > 0);
  const lastAsked = asked.at(-1) ?? until;
  const isSilent = lastSample - lastAsked > Math.min(quietMs, silentMsOf([since, ...asked]));
  // Requests that came after the failures and succeeded are no reason to come back to them.
  if (isSilent && (isRecent || after.requests === 0)) {
    return { ...period, until, silentSince: lastAsked };
  }
  return isRecent ? periodOf(since, failures, requests) : undefined;
}

/** Returns the time without requests after which it is said that none comes, by the times of those before. */
function silentMsOf(times: readonly number[]): number {
  const gaps = times.slice(1).map((at, i) => at - times[i]!);
  return Math.max(SILENT_MS, SILENT_GAPS * Math.max(0, ...gaps));
}

function periodOf(since: number, failures: number, requests: number): FailurePeriod {
  const share = Math.min(1, Math.max(0, failures / requests));
  return { since, share, failures: Math.round(failures), requests: Math.round(requests) };
}

/** Returns the increase of all series since the sample before, by the time of each sample. */
function increasesOf(series: readonly HistoryPoints[]): Map<number, number> {
  const increases = new Map<number, number>();
  for (const { points } of series) {
    let previous = 0;
    for (const [at, value] of points) {
      if (Number.isNaN(value)) continue;
      increases.set(at, (increases.get(at) ?? 0) + Math.max(0, value - previous));
      previous = value;
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
