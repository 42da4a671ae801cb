import type { Endpoint } from '../http/endpoint.js';
import { isDuration } from '../options/option-checks.js';
import {
  ApiError,
  DashboardActionEndpoint,
  DashboardEventsEndpoint,
  DashboardReadEndpoint,
  replyWith,
} from './dashboard-api.endpoints.js';
import { BatchedReads } from './batched-reads.js';
import { CompressedTexts } from './compressed-texts.js';
import type { DashboardSources } from './dashboard-sources.js';
import { DashboardAssetEndpoint } from './dashboard-asset.endpoint.js';
import { DashboardPageEndpoint } from './dashboard-page.endpoint.js';
import { logLevelEndpoints } from './log-levels.endpoints.js';
import { pageFiles, readPage } from './page-files.js';
import { profileEndpoints } from './profiles.endpoints.js';
import { loadInTurn } from '../primitives/load-in-turn.js';

const DEFAULT_SILENCE_MS = 3_600_000;

/** Returns the endpoints of the dashboard: the page, its files and the API. */
export function dashboardEndpoints(
  path: string,
  overridable: boolean,
  sources: DashboardSources,
): Endpoint[] {
  return [
    new DashboardPageEndpoint(path, overridable, readPage),
    ...pageFiles().map((file) => new DashboardAssetEndpoint(`${path}/${file.name}`, overridable, file)),
    new DashboardEventsEndpoint(
      `${path}/api/events`,
      overridable,
      sources.feed.events,
      () => void sources.feed.current(),
    ),
    ...queryEndpoints(path, overridable, sources),
    ...actionEndpoints(path, overridable, sources),
    ...logLevelEndpoints(
      `${path}/api/diagnostics/log-levels`,
      overridable,
      sources.hasAuth,
      sources.logLevels,
    ),
    ...profileEndpoints(path, overridable, sources.profiles, sources.hasAuth),
  ];
}

/** The endpoints of the API that read. */
const READS = [
  'overview',
  'now',
  'incident',
  'rule',
  'view',
  'fleet',
  'endpoints',
  'routes',
  'route',
  'metrics',
  'metric',
  'alerts',
  'causes',
  'records',
  'record',
  'errors',
  'error',
  'blocks',
  'diagnostics/startup',
  'diagnostics/process',
  'diagnostics/in-flight',
  'diagnostics/last-exit',
  'diagnostics/memory',
  'panels',
  'dependencies',
  'dependencies/postgresql',
  'dependencies/jobs',
  'process',
] as const;

/** The endpoints of the API that start an action whose code is loaded with that of the reads. */
const ACTIONS = ['panels/action', 'dependencies/retry'] as const;

/** The functions behind the endpoints of the API, by name. */
export type DashboardQueries = Readonly<
  Record<(typeof READS)[number], (query: URLSearchParams) => unknown> &
    Record<(typeof ACTIONS)[number], (body: Readonly<Record<string, unknown>>) => unknown>
>;

/** Returns the endpoints whose code is loaded at the first request, since most processes serve none. */
function queryEndpoints(path: string, overridable: boolean, sources: DashboardSources): Endpoint[] {
  const compressed = new CompressedTexts();
  let loading: Promise<DashboardQueries> | undefined;
  const load = async (): Promise<DashboardQueries> =>
    (await loadInTurn(() => import('./dashboard-queries.js'))).dashboardQueries(sources);
  const endpointOf = (name: string, read: (query: URLSearchParams) => unknown): Endpoint =>
    new DashboardReadEndpoint(`${path}/api/${name}`, overridable, read, sources.instance.id, compressed);
  const reads = READS.map((name) => {
    const read = async (query: URLSearchParams): Promise<unknown> =>
      (await (loading ??= load()))[name](query);
    return { name, read };
  });
  const batched = new BatchedReads(
    new Map(reads.map(({ name, read }) => [name, (query) => replyWith(() => read(query))])),
  );
  return [
    ...reads.map(({ name, read }) => endpointOf(name, read)),
    endpointOf('batch', (query) => batched.read(query)),
    ...ACTIONS.map((name) => {
      const act = async (body: Readonly<Record<string, unknown>>): Promise<unknown> =>
        (await (loading ??= load()))[name](body);
      return new DashboardActionEndpoint(`${path}/api/${name}`, overridable, sources.hasAuth, act);
    }),
  ];
}

function actionEndpoints(
  path: string,
  overridable: boolean,
  { alerts, hasAuth }: DashboardSources,
): Endpoint[] {
  const actions: Record<string, (body: Readonly<Record<string, unknown>>) => unknown> = {
    silence: ({ alert, durationMs = DEFAULT_SILENCE_MS, comment = '' }) => {
      const isValid = typeof alert === 'string' && typeof comment === 'string' && isDuration(durationMs);
      if (!isValid || durationMs === Infinity) {
        throw new ApiError(
          400,
          '`alert` and `comment` must be strings, and `durationMs` a finite number above 0.',
        );
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
