import type { Endpoint } from '../http/endpoint.js';
import type { MetricsRegistry, MetricsSource } from '../metrics/registry.js';
import { isDuration } from '../options/option-checks.js';
import type { ConventionalNames } from '../query/conventional-names.js';
import type { MetricsHistory } from '../query/metrics-history.js';
import {
  ApiError,
  DashboardActionEndpoint,
  DashboardEventsEndpoint,
  DashboardReadEndpoint,
  replyWith,
} from './dashboard-api.endpoints.js';
import { BatchedReads } from './batched-reads.js';
import { CompressedTexts } from './compressed-texts.js';
import type { DashboardAlerts } from './dashboard-alerts.js';
import type { DashboardRetention } from './dashboard-retention.js';
import type { DashboardInstance } from './dashboard-instance.js';
import { DashboardAssetEndpoint } from './dashboard-asset.endpoint.js';
import type { DashboardErrorGroup } from './errors/dashboard-error-group.js';
import { DashboardPageEndpoint } from './dashboard-page.endpoint.js';
import { logLevelEndpoints, type LogLevelSource } from './log-levels.endpoints.js';
import { pageFiles, readPage } from './page-files.js';
import type { DashboardFeed } from './dashboard.feed.js';
import type { DashboardPanelExplorer } from './panels/dashboard-panel.explorer.js';
import type { PanelClocks } from './panels/panel-run.js';
import type { FleetSource } from './fleet/fleet.js';
import type { Profiles } from '../diagnostics/profiles/profiles.js';
import { profileEndpoints } from './profiles.endpoints.js';
import { loadInTurn } from '../primitives/load-in-turn.js';

/** The records of requests and other operations, as JSON. */
export interface RecordSource {
  find(query: {
    list?: 'slowest' | 'failures' | 'samples';
    name?: string;
    limit?: number;
  }): readonly { readonly method: string | undefined; readonly route: string | undefined }[];
  get(id: string): unknown;
  causes(): readonly unknown[];
}

/** The groups of errors, as JSON. */
export interface ErrorSource {
  /** Number of groups that are no longer kept. */
  readonly dropped: number;
  find(query: { error?: string; operation?: string; limit?: number }): readonly DashboardErrorGroup[];
  get(id: string): DashboardErrorGroup | undefined;
}

/** The blocks of the event loop, as JSON. */
export interface BlockSource {
  find(): readonly unknown[];
}

/** The times of the start, as JSON. */
export interface StartupSource {
  report(): unknown;
}

/** The state of the process and the operations that run, as JSON. */
export interface ProcessSource {
  report(): Promise<unknown>;
  inFlight(): Promise<unknown>;
}

/** The end of the process before this one, as JSON. */
export interface LastExitSource {
  /** True if a flight recorder runs. */
  readonly enabled: boolean;
  /** Path of its file; undefined if it does not record. */
  readonly file: string | undefined;
  get(): unknown;
}

/** The growth of the memory, as JSON. */
export interface MemorySource {
  report(): unknown;
}

/** The panels of the application, and what their calls need. */
export interface PanelSource {
  readonly explorer: Pick<DashboardPanelExplorer, 'find'>;
  /** Registry of the counts of actions and of failures. */
  readonly registry: MetricsRegistry;
  readonly clocks: PanelClocks;
}

/** The reports of the databases and queues of the application, as JSON, read when somebody looks at them. */
export interface DependencySource {
  databases(): readonly { readonly name: string; readonly system: string }[];
  postgresqlNames(): readonly string[];
  queueNames(): readonly string[];
  /** Returns undefined if there is no database of that name. */
  readPostgresql(name: string): Promise<unknown> | undefined;
  /** Returns undefined if there is no queue of that name. */
  failedJobs(queue: string): Promise<object> | undefined;
  retry(
    queue: string,
    job: string,
    signal: AbortSignal,
  ): Promise<'retried' | 'unknown' | 'not failed'> | undefined;
  retryAll(queue: string, signal: AbortSignal): Promise<void> | undefined;
}

/** The sources of the endpoints of the dashboard. */
export interface DashboardSources {
  readonly feed: DashboardFeed;
  readonly history: MetricsHistory;
  readonly registry: MetricsSource;
  readonly alerts: DashboardAlerts;
  readonly records: RecordSource;
  readonly errors: ErrorSource;
  readonly blocks: BlockSource;
  readonly logLevels: LogLevelSource;
  readonly startup: StartupSource;
  readonly process: ProcessSource;
  readonly profiles: Profiles;
  readonly lastExit: LastExitSource;
  readonly memory: MemorySource;
  /** The panels of the application; a test of something else may leave them out. */
  readonly panels?: PanelSource;
  /** Loads the reader of what the application depends on; a test of something else may leave it out. */
  readonly dependencies?: () => Promise<DependencySource>;
  /** Retention of the metrics of the views that are open. @default none */
  readonly retention?: Pick<DashboardRetention, 'open' | 'notesOn'>;
  /** The process that answers. */
  readonly instance: DashboardInstance;
  /** Names of the metrics in Prometheus, for the queries that the dashboard suggests. @default ours */
  readonly names?: ConventionalNames;
  /** The Prometheus with the figures of all instances. @default none */
  readonly fleet?: FleetSource;
  /** True if credentials are configured. */
  readonly hasAuth: boolean;
}

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
