import type { CompiledRule } from '../../alerting/rules/compiled-rule.js';
import type { HealthReport } from '../../health/health-report.js';
import { DATABASE_METRICS, HTTP_METRICS } from '../../metrics/metric-names.js';
import { inTimeSlices } from '../../primitives/time-slices.js';
import { type Selection, selectionsOf } from '../../query/expression.js';
import { labelTest, matchersOf } from '../../query/label-matchers.js';
import type { MetricsHistory } from '../../query/metrics-history.js';
import type { AlertRow, VitalRow } from '../alert-rows.js';
import { byShareOfFailures, LEAST_SHARE, leastShareOf, severityOf } from './failure-share.js';
import { outgoingRequests } from './outgoing-requests.js';
import type { Timeline } from './timeline.js';
import {
  failedRoutes,
  type FailurePeriod,
  failurePeriodOf,
  quietMsOf,
  readTraffic,
  routeKey,
  type RouteTraffic,
  type Traffic,
} from './traffic.js';
import { type Verdict, verdictOf } from './verdict.js';
import type { PartState, VerdictCause, VerdictFacts } from './verdict-facts.js';

/** The window of a verdict, in milliseconds. */
const WINDOW_MS = 300_000;
/** The most routes that are asked since when they fail, those that fail much first; a further one is never named. */
const MAX_CANDIDATES = 8;
/** The metrics of requests, and of the errors in them. */
const OF_REQUESTS = /^(?:http_(?!client_)|api_|handler_|exceptions_total$)/;
/** The metrics of failures alone. */
const OF_FAILURES = /^(?:api_error_ratio|handler_errors_total|exceptions_total)$/;
/** Status codes that a rule about failures tells apart from that of success. */
const FAILED_CODES = ['500', '502', '503', '504'];
const GOOD_CODE = '200';
/** Event loop lag from which on it is worth a word, in seconds. */
const LAG_SECONDS = 0.1;
/** The factor by which the database must be slower than before, and the least mean duration, in seconds. */
const SLOWER = 2;
const SLOW_DATABASE_SECONDS = 0.02;
/** Share of failed operations of a database from which on it is worth a word. */
const FAILED_SHARE = 0.01;
const LAG = 'nodejs_eventloop_lag_p99_seconds';

/** The sources of a verdict beside the overview. */
export interface VerdictSources {
  readonly history: MetricsHistory;
  readonly records: { causes(windowMs: number): readonly VerdictCause[] };
  readonly blocks: {
    find(): readonly { readonly startedAt: number; readonly durationMs: number; readonly culprit: string }[];
  };
  readonly timeline: Pick<Timeline, 'events'>;
  readonly alerting: {
    /** Interval between evaluations of the rules, in milliseconds. */
    readonly intervalMs: number;
    rules(): readonly { readonly name: string; readonly rule: Pick<CompiledRule, 'expression'> }[];
  };
}

/** The parts of the overview that a verdict is made of. */
export interface VerdictOverview {
  readonly timestamp: number;
  readonly health: HealthReport;
  readonly alerts: readonly AlertRow[];
  readonly vitals: readonly VitalRow[];
}

/** A reader of the verdict. */
export class VerdictReader {
  constructor(private readonly sources: VerdictSources) {}

  /** Reads the verdict, in slices of time. */
  read(overview: VerdictOverview): Promise<Verdict> {
    return inTimeSlices(this.steps(overview));
  }

  private *steps({ timestamp, health, alerts, vitals }: VerdictOverview): Generator<void, Verdict, void> {
    const { history, records, timeline, alerting } = this.sources;
    const traffic = yield* readTraffic(history, WINDOW_MS);
    const at = history.lastSample;
    const { failing, alsoFailing } =
      at === undefined ? { failing: undefined, alsoFailing: 0 } : yield* worstFailure(history, traffic, at);
    const [p95] =
      at === undefined || traffic.windowMs === 0
        ? []
        : yield* history.queryRange(HTTP_METRICS.duration, { quantiles: [0.95] }, traffic.windowMs, [at]);
    const healthSince = new Map(
      timeline
        .events()
        .filter(({ kind }) => kind === 'health')
        .map(({ text, at: since }) => [/^Health check (.+?) is /.exec(text)?.[1] ?? '', since]),
    );
    const fired = firing(alerts);
    const rules = fired.length === 0 ? [] : alerting.rules();
    return verdictOf({
      at: timestamp,
      health,
      alerts: fired,
      rulesOfRequests: namesOf(rules, ({ metric }) => OF_REQUESTS.test(metric)),
      rulesOfFailures: namesOf(rules, countsFailures),
      evaluationIntervalMs: alerting.intervalMs,
      traffic,
      failing,
      alsoFailing,
      causes: records.causes(WINDOW_MS),
      parts: [
        ...(yield* this.database()),
        ...(yield* outgoingRequests(history, WINDOW_MS)),
        ...this.eventLoop(timestamp, health),
        ...memory(vitals),
      ],
      p95: p95?.values[0],
      healthSince,
    });
  }

  private *database(): Generator<void, PartState[], void> {
    const { history } = this.sources;
    const { lastSample } = history;
    const { duration, errors } = DATABASE_METRICS;
    const windowMs = history.coveredMs(duration, WINDOW_MS);
    if (lastSample === undefined || windowMs === 0) return [];
    const [counts] = yield* history.queryRange(duration, 'increase', windowMs, [lastSample]);
    const [means] = yield* history.queryRange(duration, 'average', windowMs, [
      lastSample - windowMs,
      lastSample,
    ]);
    const [failed] = yield* history.queryRange(errors, 'increase', windowMs, [lastSample]);
    const count = counts?.values[0] || 0;
    if (count === 0) return [];
    const share = (failed?.values[0] || 0) / count;
    const [before = NaN, now = NaN] = means?.values ?? [];
    const quietMs = quietMsOf(history.intervalMs);
    const [recent] = yield* history.queryRange(errors, 'increase', quietMs, [lastSample]);
    const verb = (recent?.values[0] || 0) > 0 ? 'fail' : 'failed';
    let problem: string | undefined;
    if (share >= FAILED_SHARE) problem = `${Math.round(share * 100)} % of the database operations ${verb}`;
    else if (now >= SLOW_DATABASE_SECONDS && now > before * SLOWER) {
      problem = `database operations take ${Math.round(now * 1000)} ms, before it was ${Number((before * 1000).toPrecision(2))} ms`;
    }
    return [{ name: 'database', problem }];
  }

  private eventLoop(now: number, { checks }: HealthReport): PartState[] {
    const { history, blocks } = this.sources;
    const lag = history.last(LAG, { groupBy: [] })[0]?.value;
    if (lag === undefined) return [];
    const recent = blocks
      .find()
      // One of much later was there before the clock was set back.
      .filter(({ startedAt }) => startedAt > now - WINDOW_MS && startedAt < now + WINDOW_MS)
      .toSorted((a, b) => b.durationMs - a.durationMs);
    const [block] = recent;
    if (block !== undefined) {
      const { culprit, durationMs } = block;
      const same = recent.filter((each) => each.culprit === culprit);
      const ms = `${Math.round(durationMs)} ms`;
      // A reason in parentheses is no function.
      const text = culprit.startsWith('(')
        ? `the event loop was blocked for ${ms} ${culprit}`
        : `${culprit} blocked the event loop for ${ms}`;
      const lastAt = Math.max(...same.map(({ startedAt }) => startedAt));
      return [
        {
          name: 'event loop',
          problem: same.length === 1 ? text : `${text}, the longest of ${same.length} times, last`,
          lastAt,
        },
      ];
    }
    let problem: string | undefined;
    if (checks['event_loop'] !== undefined && checks['event_loop'].status !== 'healthy') {
      problem = checks['event_loop'].message;
    } else if (lag >= LAG_SECONDS) problem = `the event loop lags by ${Math.round(lag * 1000)} ms`;
    return [{ name: 'event loop', problem }];
  }
}

/**
 * Reads the failures of the route that the verdict names, and the number of the other routes that fail now. It is the one with
 * most failures of those that fail now by a share that is worth a word; if there is none, of those whose failures of such a
 * share are just over, or that nobody has asked since; then of all that fail now.
 */
function* worstFailure(
  history: MetricsHistory,
  { routes }: Traffic,
  at: number,
): Generator<void, Pick<VerdictFacts, 'failing' | 'alsoFailing'>, void> {
  const now = yield* failedRoutes(history, quietMsOf(history.intervalMs), at);
  const isPast = (route: RouteTraffic): boolean => !now.has(routeKey(route));
  const candidates = routes
    .filter((route) => route.failures > 0 || !isPast(route))
    .toSorted((a, b) => Number(isPast(a)) - Number(isPast(b)) || byShareOfFailures(a, b));
  let worst: VerdictFacts['failing'];
  let worstRank = -1;
  let isAnyNow = false;
  for (const [i, route] of candidates.entries()) {
    // All are asked before it is said that no request fails any more.
    if (i >= MAX_CANDIDATES && (isAnyNow || isPast(route))) break;
    const period = yield* periodOf(history, route);
    if (period === undefined) {
      // It fails by a share that is not worth a word, if at all.
      if (failurePeriodOf(history, route)?.until !== undefined) now.delete(routeKey(route));
      yield;
      continue;
    }
    const failing = { ...route, ...period };
    const isOver = period.until !== undefined;
    if (isOver) now.delete(routeKey(route));
    else isAnyNow = true;
    const rank = (severityOf(failing, routes) === undefined ? 0 : 2) + (isOver ? 0 : 1);
    if (rank > worstRank) [worst, worstRank] = [failing, rank];
  }
  if (worst !== undefined) now.delete(routeKey(worst));
  return { failing: worst, alsoFailing: now.size };
}

/** Reads the failures of a route: many at once, or those that have become fewer and are still worth a word. */
function* periodOf(
  history: MetricsHistory,
  route: RouteTraffic,
): Generator<void, FailurePeriod | undefined, void> {
  const period = failurePeriodOf(history, route, leastShareOf(route));
  yield;
  if (period !== undefined) return period;
  const fewer = failurePeriodOf(history, route, LEAST_SHARE);
  yield;
  return fewer;
}

function memory(vitals: readonly VitalRow[]): PartState[] {
  const vital = vitals.find(({ name }) => name === 'memory_percent');
  if (vital?.value === undefined) return [];
  const isNormal = vital.state === 'ok';
  return [{ name: 'memory', problem: isNormal ? undefined : `memory is at ${Math.round(vital.value)} %` }];
}

/** Returns the names of the rules that have such a selection. */
function namesOf(
  rules: ReturnType<VerdictSources['alerting']['rules']>,
  isOne: (of: Selection) => boolean,
): ReadonlySet<string> {
  const found = rules.filter(({ rule }) => selectionsOf(rule.expression).some(({ of }) => isOne(of)));
  return new Set(found.map(({ name }) => name));
}

function countsFailures({ metric, labels }: Selection): boolean {
  if (OF_FAILURES.test(metric)) return true;
  const { status_code } = labels;
  if (status_code === undefined || !OF_REQUESTS.test(metric)) return false;
  const accepts = labelTest(matchersOf({ status_code }));
  const [isGood, ...failed] = [GOOD_CODE, ...FAILED_CODES].map((code) => accepts({ status_code: code }));
  return failed.some((isFailed) => isFailed !== isGood);
}

function firing(alerts: readonly AlertRow[]): AlertRow[] {
  return alerts
    .filter(
      ({ state, silencedBy, inhibitedBy }) =>
        state === 'firing' && silencedBy === undefined && inhibitedBy === undefined,
    )
    .toSorted((a, b) => Number(b.severity === 'critical') - Number(a.severity === 'critical'));
}
