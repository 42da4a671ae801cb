import { HTTP_METRICS } from '../../metrics/metric-names.js';
import type { LabelMatchers } from '../../query/label-matchers.js';
import { byShareOfFailures, leastShareOf, WARNING_SHARE } from '../now/failure-share.js';
import { failedRoutes, LEAST_FAILURES, routeKey, type RouteTraffic, type Traffic } from '../now/traffic.js';
import { finiteOrZero } from '../rounding.js';
import type { FleetHistory } from './fleet-history.js';
import type { FleetFailure, FleetVerdictFacts } from './fleet-verdict.js';

/** The time in which the start of failures is looked for, and the distance of the times that are looked at, in milliseconds. */
const SEARCHED_MS = 3_600_000;
const STEP_MS = 60_000;
/** The shortest step, in scrapes. */
const MIN_SCRAPES = 4;
/** The steps without a failure after which later ones are new. */
const QUIET_STEPS = 2;
/** The most routes that are asked when they failed; a further one is never named. */
const MAX_CANDIDATES = 4;
/** The failures that are expected in a time without any, from which on the failures before it are over. */
const SURE_FAILURES = 3;
const REQUESTS = HTTP_METRICS.requests;
const FAILED = { status_code: /5../ };

type Steps<T> = Generator<void, T, void>;

/**
 * Reads the failures of the route that matters most, much rather than little and now rather than before, and the number of
 * the other routes that fail now.
 */
export function* readFailures(
  history: FleetHistory,
  { routes }: Traffic,
  at: number,
): Steps<Pick<FleetVerdictFacts, 'failing' | 'alsoFailing'>> {
  const now = yield* failedRoutes(history, QUIET_STEPS * stepMsOf(history) + history.intervalMs, at);
  const isNow = (route: RouteTraffic): boolean => now.has(routeKey(route));
  const candidates = routes
    .filter(({ failures }) => failures >= LEAST_FAILURES)
    .toSorted((a, b) => byShareOfFailures(a, b) || Number(isNow(b)) - Number(isNow(a)))
    .slice(0, MAX_CANDIDATES);
  const failing: (RouteTraffic & Period)[] = [];
  for (const route of candidates) {
    const period = yield* periodOf(history, route, at);
    if (period === undefined) continue;
    failing.push({ ...route, ...period });
  }
  const worst =
    failing.find((each) => each.until === undefined && isMuch(each)) ?? failing.find(isMuch) ?? failing[0];
  for (const each of failing) {
    if (each.until !== undefined || each === worst) now.delete(routeKey(each));
  }
  return { failing: worst && (yield* failureOf(history, worst, at)), alsoFailing: now.size };
}

/** A time in which requests have failed, in milliseconds since the Unix epoch. */
interface Period {
  readonly since: number;
  /** True if it began before that. */
  readonly isOlder: boolean;
  /** Undefined while they fail, or while nobody knows. */
  readonly until?: number;
  /** Share of the requests in it that failed, from 0 to 1. */
  readonly share: number;
}

function isMuch({ share }: Period): boolean {
  return share >= WARNING_SHARE;
}

function stepMsOf({ intervalMs }: FleetHistory): number {
  return Math.max(STEP_MS, MIN_SCRAPES * intervalMs);
}

/** Reads when requests of a route have failed; undefined if they have not, or not for a while. */
function* periodOf(history: FleetHistory, route: RouteTraffic, at: number): Steps<Period | undefined> {
  const stepMs = stepMsOf(history);
  const count = Math.floor(SEARCHED_MS / stepMs);
  // The steps are those of the clock, the last one not over yet: a start stays the same from one answer to the next.
  const end = Math.ceil(at / stepMs) * stepMs;
  const moments = Array.from({ length: count }, (_, i) => end - (count - 1 - i) * stepMs);
  // A failure between the last scrape of a step and the first one of the next is in no window that ends with the step.
  const windowMs = stepMs + history.intervalMs;
  const increases = function* (labels: LabelMatchers): Steps<readonly number[]> {
    const [series] = yield* history.queryRange(REQUESTS, 'increase', windowMs, moments, { labels });
    return moments.map((_, i) => ((series?.values[i] ?? NaN) * stepMs) / windowMs);
  };
  const { method, route: name } = route;
  const failed = yield* increases({ method, route: name, ...FAILED });
  const total = yield* increases({ method, route: name });
  const least = leastShareOf(route);
  const isFailing = failed.map((value, i) => value > 0 && value >= least * finiteOrZero(total[i]));
  const start = startOf(isFailing);
  if (start === undefined) return undefined;
  const { first, isOlder } = start;
  const last = isFailing.lastIndexOf(true);
  const shareTo = (index: number): number =>
    Math.min(1, sumOf(failed.slice(first, index)) / sumOf(total.slice(first, index)));
  const share = shareTo(last + 1);
  const isOver = isEnd(share, total.slice(last + 1));
  return {
    since: moments[first]! - stepMs,
    isOlder,
    share: isOver ? share : shareTo(count),
    ...(isOver && { until: moments[last]! }),
  };
}

/** Returns the index of the step in which the last failures began, and true if they may have begun before all steps. */
function startOf(
  isFailing: readonly boolean[],
): { readonly first: number; readonly isOlder: boolean } | undefined {
  let first: number | undefined;
  let quiet = 0;
  for (let i = isFailing.length - 1; i >= 0 && quiet <= QUIET_STEPS; i--) {
    if (isFailing[i] === true) [first, quiet] = [i, 0];
    else quiet++;
  }
  return first === undefined ? undefined : { first, isOlder: quiet <= QUIET_STEPS };
}

/** Returns true if so many requests came after failures that some of them would have failed, too. */
function isEnd(share: number, after: readonly number[]): boolean {
  // The last step is not over: it may have no samples yet.
  const isUnknown = after.slice(0, -1).some(Number.isNaN);
  return !isUnknown && sumOf(after) * share >= SURE_FAILURES;
}

/** Reads how much and on which instances a route failed in a time. */
function* failureOf(
  history: FleetHistory,
  { method, route, since, isOlder, until }: RouteTraffic & Period,
  at: number,
): Steps<FleetFailure | undefined> {
  const end = until ?? at;
  // From the scrape before the first failure.
  const windowMs = end - since + history.intervalMs;
  const increases = (labels: LabelMatchers) =>
    history.queryRange(REQUESTS, 'increase', windowMs, [end], { labels, groupBy: [history.instanceLabel] });
  const total = yield* increases({ method, route });
  const failed = yield* increases({ method, route, ...FAILED });
  const known = failed.filter(({ values: [count = 0] }) => count >= LEAST_FAILURES);
  const requests = sumOf(total.map(({ values: [count = 0] }) => count));
  if (requests === 0) return undefined;
  return {
    method,
    route,
    since,
    isOlder,
    ...(until !== undefined && { until }),
    share: Math.min(1, sumOf(known.map(({ values: [count = 0] }) => count)) / requests),
    instances: known.flatMap((series) => series.labels[history.instanceLabel] ?? []),
    serving: total.filter(({ values: [count = 0] }) => count > 0).length,
  };
}

/** Returns the sum of those that are known. */
function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + finiteOrZero(value), 0);
}
