import type { Endpoint } from '../http/endpoint.js';
import type { MetricsHistory } from '../query/metrics-history.js';
import { Answers } from './answers.js';
import type { AlertBoard } from './alert-board.js';
import {
  ApiError,
  DashboardActionEndpoint,
  DashboardEventsEndpoint,
  DashboardReadEndpoint,
} from './dashboard-api.endpoints.js';
import { DashboardAssetEndpoint } from './dashboard-asset.endpoint.js';
import { DashboardPageEndpoint } from './dashboard-page.endpoint.js';
import { PageFiles } from './page-files.js';
import type { DashboardFeed } from './dashboard.feed.js';
import { endpointRows } from './endpoint-statistics.js';
import type { MetricExplorer } from './metric-explorer.js';
import { businessView } from './views/business-view.js';
import { routeView } from './views/route-view.js';
import type { View } from './views/panel.js';
import type { ViewReader } from './views/view-data.js';
import { VIEWS } from './views/views.js';

const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

/** The files of the page beside `index.html`, and what each is. */
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

/** What the endpoints of the dashboard read from. */
export interface DashboardSources {
  readonly feed: DashboardFeed;
  readonly history: MetricsHistory;
  readonly views: ViewReader;
  readonly explorer: MetricExplorer;
  readonly board: AlertBoard;
  /** Whether those who ask have to show who they are. */
  readonly hasAuth: boolean;
}

const DEFAULT_RANGE_MS = 900_000;
const LONGEST_RANGE_MS = 24 * 3_600_000;
const DEFAULT_SILENCE_MS = 3_600_000;
/** What is read from the metrics as they are now is told again for so long, in milliseconds. */
const FRESH_MS = 1_000;

/** Everything that the dashboard is made of, under its path. */
export async function dashboardEndpoints(
  path: string,
  overridable: boolean,
  sources: DashboardSources,
): Promise<Endpoint[]> {
  const files = await PageFiles.find();
  const asset = (name: string, content: string, type: string) =>
    new DashboardAssetEndpoint(`${path}/${name}`, overridable, content, type);
  return [
    new DashboardPageEndpoint(path, overridable, files.read('index.html')),
    ...PAGE_FILES.map(([name, type]) => asset(name, files.read(name), type)),
    asset('uplot.js', files.readUPlot('uPlot.iife.min.js'), SCRIPT),
    asset('uplot.css', files.readUPlot('uPlot.min.css'), STYLE),
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
  { feed, history, views, explorer, board, hasAuth }: DashboardSources,
): Endpoint[] {
  const questions = new Answers(history);
  const rangeOf = (query: URLSearchParams) => roundedRange(query, history.intervalMs);
  const drawn = (view: View, rangeMs: number) =>
    questions.ask(JSON.stringify(['view', view.name, rangeMs]), () => views.read(view, rangeMs));
  const answers: Record<string, (query: URLSearchParams) => unknown> = {
    overview: () => feed.current(),
    view: (query) => {
      const name = query.get('name');
      const view = name === 'business' ? businessView(history) : VIEWS.find((each) => each.name === name);
      if (view === undefined) throw new ApiError(404, 'There is no such view.');
      return drawn(view, rangeOf(query));
    },
    endpoints: (query) => {
      const rangeMs = rangeOf(query);
      return questions.ask(JSON.stringify(['endpoints', rangeMs]), () => endpointRows(history, rangeMs));
    },
    route: (query) => drawn(routeView(query.get('method') ?? '', query.get('route') ?? ''), rangeOf(query)),
    metrics: () => questions.ask('metrics', () => explorer.list(), FRESH_MS),
    metric: async (query) => {
      const name = query.get('name') ?? '';
      const tags = tagsOf(query);
      const rangeMs = rangeOf(query);
      const key = JSON.stringify(['metric', name, [...tags], rangeMs]);
      const metric = await questions.ask(key, () => explorer.explore(name, tags, rangeMs), FRESH_MS);
      if (metric === 'null') throw new ApiError(404, 'There is no such metric, or no such series of it.');
      return metric;
    },
    alerts: () => ({
      alerts: board.alerts(),
      rules: board.rules(),
      silences: board.silences(),
      canSilence: hasAuth,
    }),
  };
  return Object.entries(answers).map(
    ([name, answer]) => new DashboardReadEndpoint(`${path}/api/${name}`, overridable, answer),
  );
}

function actionEndpoints(
  path: string,
  overridable: boolean,
  { board, hasAuth }: DashboardSources,
): Endpoint[] {
  const actions: Record<string, (body: Readonly<Record<string, unknown>>) => unknown> = {
    silence: ({ alert, durationMs = DEFAULT_SILENCE_MS, comment = '' }) => {
      if (typeof alert !== 'string' || typeof comment !== 'string' || !isDuration(durationMs)) {
        throw new ApiError(400, 'Expected alert and comment to be texts, and durationMs a number above 0.');
      }
      const id = board.silence(alert, durationMs, comment);
      if (id === undefined) throw new ApiError(404, 'There is no such alert any more.');
      return { id };
    },
    unsilence: ({ silence }) => {
      if (typeof silence !== 'string' || !board.unsilence(silence)) {
        throw new ApiError(404, 'There is no such silence any more.');
      }
      return {};
    },
  };
  return Object.entries(actions).map(
    ([name, act]) => new DashboardActionEndpoint(`${path}/api/${name}`, overridable, hasAuth, act),
  );
}

/** Whoever asks for nearly the same range gets the same answer: it is a whole number of intervals. */
function roundedRange(query: URLSearchParams, intervalMs: number): number {
  const range = Number(query.get('range') ?? DEFAULT_RANGE_MS);
  if (!isDuration(range)) throw new ApiError(400, 'Expected range to be a number of milliseconds above 0.');
  const intervals = Math.max(1, Math.round(Math.min(range, LONGEST_RANGE_MS) / intervalMs));
  return intervals * intervalMs;
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < Infinity;
}

/** Each `tag=name:value`, as often as given. */
function tagsOf(query: URLSearchParams): ReadonlyMap<string, string> {
  return new Map(
    query.getAll('tag').map((tag) => {
      const at = tag.indexOf(':');
      if (at < 1) throw new ApiError(400, 'Expected each tag to look like name:value.');
      return [tag.slice(0, at), tag.slice(at + 1)];
    }),
  );
}
