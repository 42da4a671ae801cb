import type { MetricsSource } from '../../metrics/registry.js';
import type { VitalName } from '../../query/vital-definitions.js';
import type { MetricsHistory } from '../../query/metrics-history.js';
import { ApiError } from '../dashboard-api.endpoints.js';
import type { DashboardHistory } from '../dashboard-history.js';
import { limitOf, oneOf, textOf } from '../query-parameters.js';
import type { Threshold, ViewData, ViewReader } from '../views/view-data.js';
import { routeView } from '../views/http-views.js';
import type { TimeRange } from '../views/time-range.js';
import { type LatencyHeatmap, latencyHeatmap } from './latency-heatmap.js';
import {
  ROUTE_ORDERS,
  type RouteList,
  type RouteSelection,
  selectRoutes,
  STATUS_CLASSES,
} from './route-list.js';
import type { RouteRow, RouteStatistics } from './route-rows.js';
import { RouteStatisticsReader } from './route-statistics.js';
import { type RouteWaits, RouteWaitsReader } from './route-waits.js';

type Steps<T> = Generator<void, T, void>;

/** The page of one route. */
export interface RoutePage extends ViewData {
  /** The figures of the route; null without requests in the window and the one before. */
  readonly row: RouteRow | null;
  readonly windowMs: number;
  readonly beforeMs: number;
  /** Durations by time; null without requests. */
  readonly heatmap: LatencyHeatmap | null;
  /** The waits of its recorded requests; null if none was recorded. */
  readonly waits: RouteWaits | null;
}

/** The data of the list of routes and of the page of each. */
export class RouteQueries {
  private readonly statistics: RouteStatisticsReader;
  private readonly waits: RouteWaitsReader;

  constructor(
    source: MetricsSource,
    private readonly history: MetricsHistory,
    private readonly viewsOf: (from: DashboardHistory) => ViewReader,
    private readonly thresholdsOf: (vital: VitalName) => readonly Threshold[],
  ) {
    this.statistics = this.statisticsOf(history);
    this.waits = new RouteWaitsReader(source, history);
  }

  /** Returns the statistics of all routes. Yields after each small step. @param from this process by default */
  all(range: TimeRange, from: DashboardHistory = this.history): Steps<RouteStatistics> {
    const statistics = from === this.history ? this.statistics : this.statisticsOf(from);
    return statistics.read(range);
  }

  /** Returns the selected part of the routes. Yields after each small step. @param from this process by default */
  *list(selection: RouteSelection, range: TimeRange, from?: DashboardHistory): Steps<RouteList> {
    return selectRoutes(yield* this.all(range, from), selection);
  }

  /**
   * Returns the page of a route. Yields after each small step.
   *
   * @param from this process by default; of several instances, heatmap and waits are unknown
   */
  *page(
    method: string,
    route: string,
    range: TimeRange,
    from: DashboardHistory = this.history,
  ): Steps<RoutePage> {
    const labels = { method, route };
    const isProcess = from === this.history;
    const { rows, windowMs, beforeMs } = yield* this.all(range, from);
    return {
      ...(yield* this.viewsOf(from).read(routeView(method, route), range)),
      row: rows.find((row) => row.method === method && row.route === route) ?? null,
      windowMs,
      beforeMs,
      heatmap: (isProcess && (yield* latencyHeatmap(this.history, labels, range))) || null,
      waits: (isProcess && (yield* this.waits.read(labels, range))) || null,
    };
  }

  private statisticsOf(history: DashboardHistory): RouteStatisticsReader {
    return new RouteStatisticsReader(history, () => ({
      errorRate: this.thresholdsOf('error_rate_percent'),
      responseTime: this.thresholdsOf('response_time_ms'),
    }));
  }
}

/** Returns the selection that a request asks for. @throws {ApiError} */
export function routeSelection(query: URLSearchParams): RouteSelection {
  return {
    search: textOf(query, 'search'),
    status: query.has('status') ? oneOf(query, 'status', STATUS_CLASSES, '5xx') : undefined,
    sort: oneOf(query, 'sort', ROUTE_ORDERS, 'severity'),
    reverse: oneOf(query, 'order', ['down', 'up'], 'down') === 'up',
    limit: limitOf(query),
  };
}

/** Returns method and route of a request. @throws {ApiError} */
export function routeOf(query: URLSearchParams): { method: string; route: string } {
  const method = query.get('method');
  const route = query.get('route');
  if (method === null || route === null) throw new ApiError(400, '`method` and `route` are required.');
  return { method, route };
}
