import { HTTP_METRICS, HTTP_WAIT_METRICS } from '../../metrics/metric-names.js';
import type { DashboardHistory } from '../dashboard-history.js';
import type { RangeSeries } from '../../query/range-query.js';
import { rounded } from '../rounding.js';
import { rangeKey, type TimeRange } from '../views/time-range.js';
import type { RouteChange, RouteFigures, RouteRow, RouteStatistics, RouteTrend } from './route-rows.js';
import { judge, type RouteThresholds } from './route-severity.js';

const BY_ROUTE = ['method', 'route'] as const;
const QUANTILES = [0.5, 0.95, 0.99];
/** The most points of a trend: more than a sparkline can show. */
const MAX_TREND_POINTS = 30;
/** The least intervals of the history between two points of a trend: a rate needs two samples, and a timer may be late. */
const MIN_TREND_INTERVALS = 3;
/** The least covered share of the window before that is compared with. */
const MIN_COVERED_SHARE = 0.25;

type Steps<T> = Generator<void, T, void>;

/** The series of one route. */
interface RouteSeries {
  readonly method: string;
  readonly route: string;
  readonly responses: RangeSeries[];
  readonly trends: RangeSeries[];
  readonly quantiles: RangeSeries[];
  /** Time of its requests per second; one series. */
  readonly time: RangeSeries[];
  readonly repeated: RangeSeries[];
}

/** The windows that are compared. */
interface Windows {
  readonly nowMs: number;
  readonly beforeMs: number;
}

/** A reader of the statistics of all routes. Its generators yield after each small step. */
export class RouteStatisticsReader {
  /** By range: a search, another order and the page of a route ask for the same. */
  private readonly known = new Map<string, RouteStatistics>();
  private sample: number | undefined;

  constructor(
    private readonly history: DashboardHistory,
    private readonly thresholds: () => RouteThresholds,
  ) {}

  *read(range: TimeRange): Steps<RouteStatistics> {
    if (this.history.lastSample !== this.sample) this.known.clear();
    this.sample = this.history.lastSample;
    const key = rangeKey(range);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const statistics = yield* this.compute(range);
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    this.known.set(key, statistics);
    return statistics;
  }

  private *compute({ rangeMs, until = this.history.lastSample }: TimeRange): Steps<RouteStatistics> {
    const windows = this.windowsOf(rangeMs, until);
    const { nowMs, beforeMs } = windows;
    if (until === undefined || nowMs === 0) {
      return { windowMs: 0, beforeMs: 0, total: figuresOf([], 0, 0), totalBefore: undefined, rows: [] };
    }
    const moments = beforeMs > 0 ? [until - nowMs, until] : [until];
    const all = yield* this.seriesOf(moments, nowMs);
    const now = moments.length - 1;
    const totals = yield* totalsOf(all, now, windows);
    const rows: RouteRow[] = [];
    const thresholds = this.thresholds();
    for (const series of all) {
      const row = rowOf(series, now, windows, totals, thresholds);
      if (row !== undefined) rows.push(row);
      yield;
    }
    return { windowMs: nowMs, beforeMs, total: totals.now, totalBefore: totals.before, rows };
  }

  private windowsOf(rangeMs: number, until = 0): Windows {
    const coveredMs = (windowMs: number): number =>
      this.history.coveredMs(HTTP_METRICS.requests, windowMs, { at: until });
    const nowMs = coveredMs(rangeMs);
    const covered = coveredMs(2 * rangeMs) - nowMs;
    return { nowMs, beforeMs: covered < rangeMs * MIN_COVERED_SHARE ? 0 : covered };
  }

  private *seriesOf(moments: readonly number[], windowMs: number): Steps<RouteSeries[]> {
    const { history } = this;
    const byStatus = { groupBy: [...BY_ROUTE, 'status_code'] };
    const byRoute = { groupBy: BY_ROUTE };
    const { requests, duration } = HTTP_METRICS;
    const routes = new Routes();
    yield* routes.add(
      'responses',
      yield* history.queryRange(requests, 'increase', windowMs, moments, byStatus),
    );
    const { stepMs, times } = this.trendTimes(windowMs, moments.at(-1) ?? 0);
    yield* routes.add('trends', yield* history.queryRange(requests, 'rate', stepMs, times, byStatus));
    const quantiles = { quantiles: QUANTILES };
    yield* routes.add(
      'quantiles',
      yield* history.queryRange(duration, quantiles, windowMs, moments, byRoute),
    );
    yield* routes.add(
      'time',
      yield* history.queryRange(duration, 'rate of the sum', windowMs, moments, byRoute),
    );
    const { repeated } = HTTP_WAIT_METRICS;
    yield* routes.add(
      'repeated',
      yield* history.queryRange(repeated, 'increase', windowMs, moments, byRoute),
    );
    return routes.all();
  }

  private trendTimes(windowMs: number, until: number): { stepMs: number; times: number[] } {
    const { intervalMs } = this.history;
    const most = Math.floor(windowMs / (intervalMs * MIN_TREND_INTERVALS));
    const points = Math.max(1, Math.min(MAX_TREND_POINTS, most));
    const stepMs = windowMs / points;
    return {
      stepMs,
      times: Array.from({ length: points }, (_, i) => until - (points - 1 - i) * stepMs),
    };
  }
}

/** The most ranges whose statistics are kept until the next sample. */
const MAX_KNOWN = 4;

/** Series of several queries, by route. */
class Routes {
  private readonly found = new Map<string, RouteSeries>();

  /** Adds the results of a query. Yields after each. */
  *add(kind: Exclude<keyof RouteSeries, 'method' | 'route'>, all: readonly RangeSeries[]): Steps<void> {
    for (const series of all) {
      this.of(series)[kind].push(series);
      yield;
    }
  }

  all(): RouteSeries[] {
    return [...this.found.values()];
  }

  private of({ labels }: RangeSeries): RouteSeries {
    const { method = '', route = '' } = labels;
    const key = JSON.stringify([method, route]);
    let known = this.found.get(key);
    if (known === undefined) {
      known = { method, route, responses: [], trends: [], quantiles: [], time: [], repeated: [] };
      this.found.set(key, known);
    }
    return known;
  }
}

/** The figures of all routes together, and what the impact of each is a share of. */
interface Totals {
  readonly now: RouteFigures;
  readonly before: RouteFigures | undefined;
  readonly time: number;
  readonly failures: number;
}

function* totalsOf(all: readonly RouteSeries[], now: number, { nowMs, beforeMs }: Windows): Steps<Totals> {
  const responses: RangeSeries[] = [];
  const times: RangeSeries[] = [];
  for (const series of all) {
    responses.push(...series.responses);
    times.push(...series.time);
    yield;
  }
  const figures = figuresOf(responses, now, nowMs, [], times);
  return {
    now: figures,
    before: beforeMs > 0 ? figuresOf(responses, 0, beforeMs, [], times) : undefined,
    time: sumAt(times, now),
    failures: figures.classes['5xx'] ?? 0,
  };
}

function rowOf(
  { method, route, responses, trends, quantiles, time, repeated }: RouteSeries,
  at: number,
  { nowMs, beforeMs }: Windows,
  totals: Totals,
  thresholds: RouteThresholds,
): RouteRow | undefined {
  const now = figuresOf(responses, at, nowMs, quantiles, time);
  const before = beforeMs > 0 ? figuresOf(responses, 0, beforeMs, quantiles, time) : undefined;
  if (now.requests === 0 && (before?.requests ?? 0) === 0) return undefined;
  const change = before && changeOf(now, before);
  return {
    method,
    route,
    ...judge(now, before, change, thresholds),
    now,
    ...(before && { before }),
    ...(change && { change }),
    impact: {
      timePercent: percentOf(sumAt(time, at), totals.time),
      failurePercent: percentOf(now.classes['5xx'] ?? 0, totals.failures),
    },
    repeated: Math.round(sumAt(repeated, at)),
    trend: trendOf(trends),
  };
}

/** @param at index of the window among the values of the series */
function figuresOf(
  responses: readonly RangeSeries[],
  at: number,
  windowMs: number,
  quantiles: readonly RangeSeries[] = [],
  time: readonly RangeSeries[] = [],
): RouteFigures {
  const statuses: Record<string, number> = {};
  const classes: Record<string, number> = {};
  let all = 0;
  for (const { labels, values } of responses) {
    const count = orZero(values[at]);
    const { status_code: status = '' } = labels;
    all += count;
    statuses[status] = (statuses[status] ?? 0) + count;
    const statusClass = classOf(status);
    classes[statusClass] = (classes[statusClass] ?? 0) + count;
  }
  const seconds = sumAt(time, at) * (windowMs / 1000);
  const [p50, p95, p99] = QUANTILES.map((q) => quantiles.find(({ quantile }) => quantile === q)?.values[at]);
  return {
    requests: Math.round(all),
    perSecond: windowMs === 0 ? 0 : rounded(all / (windowMs / 1000)),
    errorPercent: percentOf(classes['5xx'] ?? 0, all),
    clientErrorPercent: percentOf(classes['4xx'] ?? 0, all),
    ...(all > 0 && seconds > 0 && { mean: rounded(seconds / all) }),
    ...(isKnown(p50) && { p50: rounded(p50) }),
    ...(isKnown(p95) && { p95: rounded(p95) }),
    ...(isKnown(p99) && { p99: rounded(p99) }),
    classes: whole(classes),
    statuses: whole(statuses),
  };
}

function changeOf(now: RouteFigures, before: RouteFigures): RouteChange {
  return {
    ...(before.perSecond > 0 && { perSecond: rounded(now.perSecond / before.perSecond) }),
    errorPercent: rounded(now.errorPercent - before.errorPercent),
    ...(now.p95 !== undefined && before.p95 !== undefined && { p95: rounded(now.p95 / before.p95) }),
  };
}

function trendOf(trends: readonly RangeSeries[]): RouteTrend {
  const failed = trends.filter(({ labels }) => labels['status_code']?.startsWith('5'));
  return { requests: sumOfEach(trends), failures: failed.length === 0 ? [] : sumOfEach(failed) };
}

function sumOfEach(trends: readonly RangeSeries[]): (number | null)[] {
  const [first] = trends;
  return Array.from(first?.values ?? [], (_, i) =>
    trends.some(({ values }) => isKnown(values[i])) ? rounded(sumAt(trends, i)) : null,
  );
}

/** Returns the class of a status, such as `5xx`. */
function classOf(status: string): string {
  return /^[1-5]\d\d$/.test(status) ? `${status[0]}xx` : 'other';
}

/** Returns the counts as whole numbers, without those that are zero. */
function whole(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts).flatMap(([name, count]) => (count >= 0.5 ? [[name, Math.round(count)]] : [])),
  );
}

function sumAt(series: readonly RangeSeries[], at: number): number {
  return series.reduce((sum, { values }) => sum + orZero(values[at]), 0);
}

function orZero(value: number | undefined): number {
  return isKnown(value) ? value : 0;
}

function isKnown(value: number | undefined): value is number {
  return value !== undefined && !Number.isNaN(value);
}

function percentOf(part: number, all: number): number {
  return all === 0 ? 0 : rounded((part / all) * 100);
}
