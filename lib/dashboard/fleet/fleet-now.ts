import { HTTP_METRICS } from '../../metrics/metric-names.js';
import type { LabelMatchers } from '../../query/label-matchers.js';
import { VITAL_NAMES, type VitalName, VITALS } from '../../query/vital-definitions.js';
import type { NowData } from '../now/now-data.js';
import { impactRows, readTraffic, type RouteTraffic, type Traffic } from '../now/traffic.js';
import { type Verdict, type VerdictCause, WARNING_SHARE } from '../now/verdict.js';
import { rounded } from '../rounding.js';
import type { TimeRange } from '../views/time-range.js';
import type { Threshold } from '../views/view-data.js';
import type { FleetHistory } from './fleet-history.js';
import type { FleetReport } from './fleet-report.js';
import { type FleetFailure, fleetVerdictOf } from './fleet-verdict.js';

/** A vital over all instances, or of one. */
export interface FleetVital {
  readonly name: VitalName;
  readonly value: number;
  readonly state: 'ok' | 'warning' | 'critical';
}

/** The area Now over all instances, or about one. */
export interface FleetNow extends NowData {
  readonly verdict: Verdict;
  readonly vitals: readonly FleetVital[];
}

/** The sources of the area Now beside Prometheus. */
export interface FleetNowSources {
  readonly report: Pick<FleetReport, 'instances' | 'outliers' | 'routes' | 'versions'>;
  /** Name of the one instance that it is about; undefined for all. */
  readonly instance: string | undefined;
  /** The causes and changes that this process knows. */
  readonly causes: readonly VerdictCause[];
  readonly ofProcess: Pick<NowData, 'changes' | 'changeWindowMs'>;
  readonly thresholdsOf: (vital: VitalName) => readonly Threshold[];
}

/** The window of the verdict, in milliseconds, and the time in which the start of failures is looked for. */
const WINDOW_MS = 300_000;
const SEARCHED_MS = 3_600_000;
const STEP_MS = 60_000;
/** The shortest window of an increase, in scrapes. */
const MIN_SCRAPES = 4;
/** The steps without a failure after which later ones are new. */
const QUIET_STEPS = 2;
const MAX_ROUTES = 10;
/** The most routes that are asked when they failed; a further one is never named. */
const MAX_CANDIDATES = 4;
/** The failures that are expected in a time without any, from which on the failures before it are over. */
const SURE_FAILURES = 3;
const { requests: REQUESTS, duration: DURATION } = HTTP_METRICS;
const FAILED = { status_code: /5../ };

type Steps<T> = Generator<void, T, void>;

/** Reads the area Now over all instances, or about one. Yields after each small step. */
export function* readFleetNow(
  history: FleetHistory,
  { rangeMs, until = history.lastSample }: TimeRange,
  { report, instance, causes, ofProcess, thresholdsOf }: FleetNowSources,
): Steps<FleetNow> {
  const shown = yield* readTraffic(history, rangeMs, until);
  const recent = yield* readTraffic(history, WINDOW_MS, until);
  const [p95] = yield* history.queryRange(DURATION, { quantiles: [0.95] }, WINDOW_MS, [until]);
  const isShown = ({ name }: { readonly name: string }) => instance === undefined || name === instance;
  const verdict = fleetVerdictOf({
    ...report,
    instances: report.instances.filter(isShown),
    traffic: recent,
    failing: yield* worstFailure(history, recent, until),
    causes,
    p95: p95?.values[0],
  });
  return {
    windowMs: shown.windowMs,
    routes: impactRows(shown, MAX_ROUTES),
    omittedRoutes: Math.max(0, shown.routes.length - MAX_ROUTES),
    changeWindowMs: ofProcess.changeWindowMs,
    changes: ofProcess.changes,
    verdict,
    vitals: yield* vitalsOf(history, until, thresholdsOf),
  };
}

/** Returns the failures of the route that matters most: much rather than little, and now rather than before. */
function* worstFailure(
  history: FleetHistory,
  { routes }: Traffic,
  at: number,
): Steps<FleetFailure | undefined> {
  const failing: (RouteTraffic & Period)[] = [];
  for (const route of routes.slice(0, MAX_CANDIDATES)) {
    if (route.failures < 0.5) break;
    const period = yield* periodOf(history, route, at);
    if (period !== undefined) failing.push({ ...route, ...period });
  }
  const worst =
    failing.find((each) => each.until === undefined && isMuch(each)) ?? failing.find(isMuch) ?? failing[0];
  return worst && (yield* failureOf(history, worst, at));
}

function isMuch({ failures, requests }: RouteTraffic): boolean {
  return failures >= WARNING_SHARE * requests;
}

/** A time in which requests have failed, in milliseconds since the Unix epoch. */
interface Period {
  readonly since: number;
  /** Undefined while they fail, or while nobody knows. */
  readonly until?: number;
}

/** Reads when requests of a route have failed; undefined if they have not, or not for a while. */
function* periodOf(
  history: FleetHistory,
  { method, route }: RouteTraffic,
  at: number,
): Steps<Period | undefined> {
  const stepMs = Math.max(STEP_MS, MIN_SCRAPES * history.intervalMs);
  const count = Math.floor(SEARCHED_MS / stepMs);
  const moments = Array.from({ length: count }, (_, i) => at - (count - 1 - i) * stepMs);
  const increases = function* (labels: LabelMatchers): Steps<readonly number[]> {
    const [series] = yield* history.queryRange(REQUESTS, 'increase', stepMs, moments, { labels });
    return moments.map((_, i) => series?.values[i] ?? NaN);
  };
  const failed = yield* increases({ method, route, ...FAILED });
  const total = yield* increases({ method, route });
  const first = startOf(failed);
  if (first === undefined) return undefined;
  const last = failed.findLastIndex((value) => value > 0);
  const isOver = isEnd(failed.slice(first, last + 1), total.slice(first, last + 1), total.slice(last + 1));
  return { since: moments[first]! - stepMs, ...(isOver && { until: moments[last]! }) };
}

/** Returns the index of the step in which the last failures began. */
function startOf(failed: readonly number[]): number | undefined {
  let first: number | undefined;
  let quiet = 0;
  for (let i = failed.length - 1; i >= 0 && quiet <= QUIET_STEPS; i--) {
    if (failed[i]! > 0) [first, quiet] = [i, 0];
    else quiet++;
  }
  return first;
}

/** Returns true if so many requests came after failures that some of them would have failed, too. */
function isEnd(failed: readonly number[], total: readonly number[], after: readonly number[]): boolean {
  const share = sumOfNumbers(failed) / sumOfNumbers(total);
  return after.length > 0 && !after.some(Number.isNaN) && sumOfNumbers(after) * share >= SURE_FAILURES;
}

/** Reads how much and on which instances a route failed in a time. */
function* failureOf(
  history: FleetHistory,
  { method, route, since, until }: RouteTraffic & Period,
  at: number,
): Steps<FleetFailure | undefined> {
  const end = until ?? at;
  const windowMs = Math.min(end - since, SEARCHED_MS);
  const increases = (labels: LabelMatchers) =>
    history.queryRange(REQUESTS, 'increase', windowMs, [end], { labels, groupBy: [history.instanceLabel] });
  const total = yield* increases({ method, route });
  const failed = yield* increases({ method, route, ...FAILED });
  const known = failed.filter(({ values }) => (values[0] ?? 0) >= 0.5);
  const requests = sumOf(total);
  if (requests === 0) return undefined;
  return {
    method,
    route,
    since,
    ...(until !== undefined && { until }),
    share: Math.min(1, sumOf(known) / requests),
    instances: known.flatMap((series) => series.labels[history.instanceLabel] ?? []),
    serving: total.filter(({ values }) => (values[0] ?? 0) > 0).length,
  };
}

/** Returns the sum of those that are known. */
function sumOfNumbers(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + (value || 0), 0);
}

function sumOf(all: readonly { readonly values: Float64Array }[]): number {
  return all.reduce((sum, { values }) => sum + (values[0] || 0), 0);
}

function* vitalsOf(
  history: FleetHistory,
  at: number,
  thresholdsOf: FleetNowSources['thresholdsOf'],
): Steps<FleetVital[]> {
  const vitals: FleetVital[] = [];
  for (const name of VITAL_NAMES) {
    const [series] = yield* history.expressionRange(VITALS[name], [at]);
    const value = series?.values[0];
    if (value === undefined || !Number.isFinite(value)) continue;
    vitals.push({ name, value: rounded(value), state: stateOf(value, thresholdsOf(name)) });
  }
  return vitals;
}

/** Returns the state of a value. Where the critical threshold is the lower one, low values are bad. */
function stateOf(value: number, thresholds: readonly Threshold[]): FleetVital['state'] {
  const valueOf = (wanted: string) => thresholds.find(({ severity }) => severity === wanted)?.value;
  const [warning = Infinity, critical = Infinity] = [valueOf('warning'), valueOf('critical')];
  const isBeyond = (limit: number) => (critical < warning ? value < limit : value > limit);
  if (isBeyond(critical)) return 'critical';
  return isBeyond(warning) ? 'warning' : 'ok';
}
