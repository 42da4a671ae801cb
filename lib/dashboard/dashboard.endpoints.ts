import type { Endpoint } from '../http/endpoint.js';
import type { MetricsHistory } from '../query/metrics-history.js';
import {
  ApiError,
  DashboardActionEndpoint,
  DashboardEventsEndpoint,
  DashboardReadEndpoint,
} from './dashboard-api.endpoints.js';
import type { DashboardAlerts } from './dashboard-alerts.js';
import { DashboardAssetEndpoint } from './dashboard-asset.endpoint.js';
import { DashboardPageEndpoint } from './dashboard-page.endpoint.js';
import { readPageFile, readUPlotFile } from './page-files.js';
import type { DashboardFeed } from './dashboard.feed.js';
import { endpointRows } from './endpoint-statistics.js';
import type { MetricExplorer } from './metric-explorer.js';
import { ResponseCache } from './response-cache.js';
import { businessView } from './views/business-view.js';
import { routeView } from './views/http-views.js';
import type { View } from './views/panel.js';
import type { ViewReader } from './views/view-data.js';
import { VIEWS } from './views/views.js';

const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

/** The files of the page besides `index.html`, and their content types. */
const PAGE_FILES: readonly (readonly [name: string, contentType: string])[] = [
  ['dashboard.js', SCRIPT],
  ['connection.js', SCRIPT],
  ['elements.js', SCRIPT],
  ['format.js', SCRIPT],
  ['charts.js', SCRIPT],
  ['overview.view.js', SCRIPT],
  ['panels.view.js', SCRIPT],
  ['requests.view.js', SCRIPT],
  ['alerts.view.js', SCRIPT],
  ['health.view.js', SCRIPT],
  ['metrics.view.js', SCRIPT],
  ['dashboard.css', STYLE],
  ['icon.svg', 'image/svg+xml'],
];

/** The sources of the endpoints of the dashboard. */
export interface DashboardSources {
  readonly feed: DashboardFeed;
  readonly history: MetricsHistory;
  readonly views: ViewReader;
  readonly explorer: MetricExplorer;
  readonly alerts: DashboardAlerts;
  /** True if credentials are configured. */
  readonly hasAuth: boolean;
}

const DEFAULT_RANGE_MS = 900_000;
const MAX_RANGE_MS = 24 * 3_600_000;
const DEFAULT_SILENCE_MS = 3_600_000;
/** Age limit of responses that contain current values, in milliseconds. */
const MAX_AGE_MS = 1_000;

/** Returns the endpoints of the dashboard: the page, its files and the API. */
export function dashboardEndpoints(
  path: string,
  overridable: boolean,
  sources: DashboardSources,
): Endpoint[] {
  const asset = (name: string, content: string, type: string) =>
    new DashboardAssetEndpoint(`${path}/${name}`, overridable, content, type);
  return [
    new DashboardPageEndpoint(path, overridable, readPageFile('index.html')),
    ...PAGE_FILES.map(([name, type]) => asset(name, readPageFile(name), type)),
    asset('uplot.js', readUPlotFile('uPlot.iife.min.js'), SCRIPT),
    asset('uplot.css', readUPlotFile('uPlot.min.css'), STYLE),
    new DashboardEventsEndpoint(
      `${path}/api/events`,
      overridable,
      sources.feed.events,
      () => void sources.feed.current(),
    ),
    ...readEndpoints(path, overridable, sources),
    ...actionEndpoints(path, overridable, sources),
  ];
}

function readEndpoints(
  path: string,
  overridable: boolean,
  { feed, history, views, explorer, alerts, hasAuth }: DashboardSources,
): Endpoint[] {
  const cache = new ResponseCache(history);
  const rangeOf = (query: URLSearchParams) => roundedRange(query, history.intervalMs);
  const viewData = (view: View, rangeMs: number) =>
    cache.get(JSON.stringify(['view', view.name, rangeMs]), () => views.read(view, rangeMs));
  const readers: Record<string, (query: URLSearchParams) => unknown> = {
    overview: () => feed.current(),
    view: (query) => {
      const name = query.get('name');
      const view = name === 'business' ? businessView(history) : VIEWS.find((each) => each.name === name);
      if (view === undefined) throw new ApiError(404, 'Unknown view.');
      return viewData(view, rangeOf(query));
    },
    endpoints: (query) => {
      const rangeMs = rangeOf(query);
      return cache.get(JSON.stringify(['endpoints', rangeMs]), () => endpointRows(history, rangeMs));
    },
    route: (query) =>
      viewData(routeView(query.get('method') ?? '', query.get('route') ?? ''), rangeOf(query)),
    metrics: () => cache.get('metrics', () => explorer.list(), MAX_AGE_MS),
    metric: async (query) => {
      const name = query.get('name') ?? '';
      const tags = tagsOf(query);
      const rangeMs = rangeOf(query);
      const key = JSON.stringify(['metric', name, [...tags], rangeMs]);
      const metric = await cache.get(key, () => explorer.explore(name, tags, rangeMs), MAX_AGE_MS);
      if (metric === 'null') throw new ApiError(404, 'Unknown metric, or no series with these labels.');
      return metric;
    },
    alerts: () => ({
      alerts: alerts.alerts(),
      rules: alerts.rules(),
      silences: alerts.silences(),
      canSilence: hasAuth,
    }),
  };
  return Object.entries(readers).map(
    ([name, read]) => new DashboardReadEndpoint(`${path}/api/${name}`, overridable, read),
  );
}

function actionEndpoints(
  path: string,
  overridable: boolean,
  { alerts, hasAuth }: DashboardSources,
): Endpoint[] {
  const actions: Record<string, (body: Readonly<Record<string, unknown>>) => unknown> = {
    silence: ({ alert, durationMs = DEFAULT_SILENCE_MS, comment = '' }) => {
      if (typeof alert !== 'string' || typeof comment !== 'string' || !isDuration(durationMs)) {
        throw new ApiError(400, '`alert` and `comment` must be strings, and `durationMs` a number above 0.');
      }
      const id = alerts.silence(alert, durationMs, comment);
      if (id === undefined) throw new ApiError(404, 'The alert no longer exists.');
      return { id };
    },
    unsilence: ({ silence }) => {
      if (typeof silence !== 'string' || !alerts.unsilence(silence)) {
        throw new ApiError(404, 'The silence no longer exists.');
      }
      return {};
    },
  };
  return Object.entries(actions).map(
    ([name, act]) => new DashboardActionEndpoint(`${path}/api/${name}`, overridable, hasAuth, act),
  );
}

/** Returns the requested range, rounded to whole sampling intervals, so that similar ranges share a response. */
function roundedRange(query: URLSearchParams, intervalMs: number): number {
  const range = Number(query.get('range') ?? DEFAULT_RANGE_MS);
  if (!isDuration(range)) throw new ApiError(400, '`range` must be a number of milliseconds above 0.');
  const intervals = Math.max(1, Math.round(Math.min(range, MAX_RANGE_MS) / intervalMs));
  return intervals * intervalMs;
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < Infinity;
}

/** Returns the label values of all parameters of the form `tag=name:value`. */
function tagsOf(query: URLSearchParams): ReadonlyMap<string, string> {
  return new Map(
    query.getAll('tag').map((tag) => {
      const at = tag.indexOf(':');
      if (at < 1) throw new ApiError(400, 'Each `tag` must have the form name:value.');
      return [tag.slice(0, at), tag.slice(at + 1)];
    }),
  );
}
