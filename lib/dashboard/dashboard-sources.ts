import type { Profiles } from '../diagnostics/profiles/profiles.js';
import type { Clock } from '../metrics/clock.js';
import type { MetricsRegistry, MetricsSource } from '../metrics/registry.js';
import type { ConventionalNames } from '../query/conventional-names.js';
import type { MetricsHistory } from '../query/metrics-history.js';
import type { DashboardAlerts } from './dashboard-alerts.js';
import type { DashboardFeed } from './dashboard.feed.js';
import type { DashboardInstance } from './dashboard-instance.js';
import type { DashboardRetention } from './dashboard-retention.js';
import type { DashboardErrorGroup } from './errors/dashboard-error-group.js';
import type { FleetSource } from './fleet/fleet.js';
import type { LogLevelSource } from './log-levels.endpoints.js';
import type { DashboardPanelExplorer } from './panels/dashboard-panel.explorer.js';
import type { PanelClocks } from './panels/panel-run.js';

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
  /** The clock of the application. */
  readonly clock: Pick<Clock, 'now'>;
  /** The process that answers. */
  readonly instance: DashboardInstance;
  /** Names of the metrics in Prometheus, for the queries that the dashboard suggests. @default ours */
  readonly names?: ConventionalNames;
  /** The Prometheus with the figures of all instances. @default none */
  readonly fleet?: FleetSource;
  /** True if credentials are configured. */
  readonly hasAuth: boolean;
}
