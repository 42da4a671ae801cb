import { HTTP_METRICS } from '../../metrics/metric-names.js';
import type { LabelMatchers } from '../../query/label-matchers.js';
import {
  areOver,
  byShareOfFailures,
  failingSteps,
  leastShareOf,
  severityOf,
  sumOf,
} from '../now/failure-share.js';
import { FAILED, failedRoutes, routeKey, type RouteTraffic, type Traffic } from '../now/traffic.js';
import type { FleetHistory } from './fleet-history.js';
import type { FleetFailure, FleetVerdictFacts } from './fleet-verdict.js';

/** The time in which the start of failures is looked for, in milliseconds. */
const SEARCHED_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** The shortest step, in scrapes. */
const MIN_SCRAPES = 2;
/** The steps without a failure after which later ones are new. */
const QUIET_STEPS = 2;
/** The most routes that are asked when they failed; a further one is never named. */
const MAX_CANDIDATES = 4;
const REQUESTS = HTTP_METRICS.requests;

type Steps<T> = Generator<void, T, void>;

/**
 * Reads the failures of the route that the verdict names, and the number of the other routes that fail now. A route that
 * fails now by a share that is worth a word comes first, then one whose failures are over, then one with a smaller share; of
 * several the one with most failures.
 */
export function* readFailures(
  history: FleetHistory,
  { routes }: Traffic,
  at: number,
): Steps<Pick<FleetVerdictFacts, 'failing' | 'alsoFailing'>> {
  const now = yield* failedRoutes(history, stepMsOf(history) + history.intervalMs, at);
  const isNow = (route: RouteTraffic): boolean => now.has(routeKey(route));
  const candidates = routes
    .filter(({ failures }) => failures > 0)
    .toSorted((a, b) => byShareOfFailures(a, b) || Number(isNow(b)) - Number(isNow(a)))
    .slice(0, MAX_CANDIDATES);
  const found: (RouteTraffic & Period)[] = [];
  for (const route of candidates) {
    // Its period says more.
    now.delete(routeKey(route));
    const period = yield* periodOf(history, route, at);
    if (period !== undefined) found.push({ ...route, ...period });
  }
  const isMuch = (each: RouteTraffic & Period): boolean => severityOf(each, routes) !== undefined;
  const failing = found.filter(({ until }) => until === undefined);
  const worst = failing.find(isMuch) ?? found.find(isMuch) ?? found[0];
  return {
    failing: worst && (yield* failureOf(history, worst, at)),
    alsoFailing: failing.filter((each) => each !== worst).length + now.size,
  };
}

/** A time in which requests have failed, in milliseconds since the Unix epoch. */
interface Period {
  readonly since: number;
  /** True if it may have begun before that. */
  readonly isOlder: boolean;
  /** Undefined while they fail, or while too few requests have come to know. */
  readonly until?: number;
  /** Time since which no request has come; undefined if some have come lately, or enough to know the end. */
  readonly silentSince?: number;
  /** Share of the requests in it that failed, from 0 to 1. */
  readonly share: number;
}

/** Returns the length of a step: whole minutes, so that it stays the same though a scrape is late or missing. */
function stepMsOf({ intervalMs }: FleetHistory): number {
  return Math.ceil((MIN_SCRAPES * intervalMs) / MINUTE_MS) * MINUTE_MS;
}

/** Reads when requests of a route have failed; undefined if they have not. */
function* periodOf(history: FleetHistory, route: RouteTraffic, at: number): Steps<Period | undefined> {
  const stepMs = stepMsOf(history);
  const count = Math.floor(SEARCHED_MS / stepMs);
  // The steps are those of the clock, the last one not over yet: a start stays the same from one answer to the next.
  const lastStart = (Math.ceil(at / stepMs) - 1) * stepMs;
  const starts = Array.from({ length: count }, (_, i) => lastStart - (count - 1 - i) * stepMs);
  const { method, route: name } = route;
  const failed = yield* increases(history, { method, route: name, ...FAILED }, starts, at);
  const total = yield* increases(history, { method, route: name }, starts, at);
  const isFailing = failingSteps(failed, total, leastShareOf(route), QUIET_STEPS);
  const last = isFailing.lastIndexOf(true);
  if (last === -1) return undefined;
  const { first, isOlder } = startOf(isFailing, last);
  const shareTo = (index: number): number =>
    Math.min(1, sumOf(failed.slice(first, index)) / sumOf(total.slice(first, index)));
  const share = shareTo(last + 1);
  const isKnown = isEnd(share, failed.slice(last + 1), total.slice(last + 1));
  const silent = isKnown ? -1 : silentFrom(total);
  const isOver = isKnown || silent > last;
  return {
    since: starts[first]!,
    isOlder,
    ...(silent > last && { silentSince: starts[silent]! }),
    share: isOver ? share : shareTo(count),
    ...(isOver && { until: starts[last + 1]! }),
  };
}

/**
 * Reads the increase in each step, the last of which ends with the time that is asked about; NaN where it is unknown.
 *
 * @param starts the starts of the steps, oldest first
 */
function* increases(
  history: FleetHistory,
  labels: LabelMatchers,
  starts: readonly number[],
  at: number,
): Steps<readonly number[]> {
  const increase = function* (lengthMs: number, ends: readonly number[]): Steps<readonly number[]> {
    // A failure between the last scrape of a step and the first one of the next is in no window that ends with the step.
    const windowMs = lengthMs + history.intervalMs;
    const [series] = yield* history.queryRange(REQUESTS, 'increase', windowMs, ends, { labels });
    return ends.map((_, i) => ((series?.values[i] ?? NaN) * lengthMs) / windowMs);
  };
  const whole = yield* increase(stepMsOf(history), starts.slice(1));
  const last = yield* increase(at - starts.at(-1)!, [at]);
  return [...whole, ...last];
}

/** Returns the first of the steps with failures up to a last one, and true if they may have begun before all steps. */
function startOf(
  isFailing: readonly boolean[],
  last: number,
): { readonly first: number; readonly isOlder: boolean } {
  let first = last;
  let quiet = 0;
  for (let i = last - 1; i >= 0 && quiet < QUIET_STEPS; i--) {
    if (isFailing[i] === true) [first, quiet] = [i, 0];
    else quiet++;
  }
  return { first, isOlder: quiet < QUIET_STEPS };
}

/** Returns true if the requests after failures say that these are over. */
function isEnd(share: number, failed: readonly number[], total: readonly number[]): boolean {
  // The last step is not over: it may have no samples yet.
  const isUnknown = total.slice(0, -1).some(Number.isNaN);
  // The first step has failures of the interval before it, too.
  const [after, sure] = [0, 1].map((from) => ({
    failures: sumOf(failed.slice(from)),
    requests: sumOf(total.slice(from)),
  }));
  return !isUnknown && areOver(share, after!, sure);
}

/**
 * Returns the first of the last steps without requests, if they are more than ever in a row between two requests; -1 if they
 * are not.
 */
function silentFrom(total: readonly number[]): number {
  const isAsked = (total.at(-1) ?? 0) > 0;
  // The last step is not over: it may have no samples yet.
  const whole = total.slice(0, -1);
  const first = whole.findLastIndex((requests) => requests !== 0) + 1;
  const firstAsked = whole.findIndex((requests) => requests > 0);
  let [gap, longest] = [0, 0];
  for (const requests of whole.slice(firstAsked, first)) {
    gap = requests === 0 ? gap + 1 : 0;
    longest = Math.max(longest, gap);
  }
  const length = whole.length - first;
  return !isAsked && length >= QUIET_STEPS && length > longest ? first : -1;
}

/** Reads on which instances a route failed in a time. */
function* failureOf(
  history: FleetHistory,
  { method, route, since, isOlder, silentSince, until, share }: RouteTraffic & Period,
  at: number,
): Steps<FleetFailure> {
  const end = until ?? at;
  // From the scrape before the first failure.
  const windowMs = end - since + history.intervalMs;
  const instances = function* (labels: LabelMatchers): Steps<string[]> {
    const groupBy = [history.instanceLabel];
    const found = yield* history.queryRange(REQUESTS, 'increase', windowMs, [end], { labels, groupBy });
    return found
      .filter(({ values: [count = 0] }) => count > 0)
      .flatMap((series) => series.labels[history.instanceLabel] ?? []);
  };
  return {
    method,
    route,
    since,
    isOlder,
    ...(silentSince !== undefined && { silentSince }),
    ...(until !== undefined && { until }),
    share,
    instances: yield* instances({ method, route, ...FAILED }),
    serving: (yield* instances({ method, route })).length,
  };
}
