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
  /** Waits of its recorded requests; null if none was recorded. */
  readonly waits: RouteWaits | null;
}

/** The data of the list of routes and of the page of each. */
export class RouteQueries {
  private readonly statistics: RouteStatisticsReader;
  private readonly waits: RouteWaitsReader;

  constructor(
    source: MetricsSource,
    history: MetricsHistory,
    private readonly views: ViewReader,
    thresholdsOf: (vital: VitalName) => readonly Threshold[],
    /** History of the figures: of this process, or of Prometheus. */
    private readonly from: DashboardHistory = history,
  ) {
    this.statistics = new RouteStatisticsReader(from, () => ({
      errorRate: thresholdsOf('error_rate_percent'),
      responseTime: thresholdsOf('response_time_ms'),
    }));
    this.waits = new RouteWaitsReader(source, history, from);
  }

  /** Returns the statistics of all routes. Yields after each small step. */
  all(range: TimeRange): Steps<RouteStatistics> {
    return this.statistics.read(range);
  }

  /** Returns the selected part of the routes. Yields after each small step. */
  *list(selection: RouteSelection, range: TimeRange): Steps<RouteList> {
    return selectRoutes(yield* this.all(range), selection);
  }

  /** Returns the page of a route. Yields after each small step. */
  *page(method: string, route: string, range: TimeRange): Steps<RoutePage> {
    const labels = { method, route };
    const { rows, windowMs, beforeMs } = yield* this.all(range);
    return {
      ...(yield* this.views.read(routeView(method, route), range)),
      row: rows.find((row) => row.method === method && row.route === route) ?? null,
      windowMs,
      beforeMs,
      heatmap: (yield* latencyHeatmap(this.from, labels, range)) ?? null,
      waits: (yield* this.waits.read(labels, range)) ?? null,
    };
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
