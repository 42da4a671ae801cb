import type { AlertingMonitor } from '../alerting/alerting.monitor.js';
import type { PerformanceMonitor } from '../alerting/performance.monitor.js';
import type { EventLoopBlocks } from '../diagnostics/blocked-loop/event-loop-blocks.js';
import type { LastExit } from '../diagnostics/flight-recorder/last-exit.js';
import type { HealthMonitor } from '../health/health.monitor.js';
import type { Endpoint } from '../http/endpoint.js';
import type { ConventionByDomain } from '../metrics/conventions/conventions.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import { ConventionalNames } from '../query/conventional-names.js';
import type { Vitals } from '../query/vitals.js';
import { DashboardAlerts } from './dashboard-alerts.js';
import { thisInstance } from './dashboard-instance.js';
import { DashboardRetention } from './dashboard-retention.js';
import type { DashboardSources } from './dashboard-sources.js';
import { dashboardEndpoints } from './dashboard.endpoints.js';
import { DashboardFeed } from './dashboard.feed.js';
import { DashboardLifecycle } from './dashboard.lifecycle.js';
import type { FleetSource } from './fleet/fleet.js';
import { prometheusRecorder } from './fleet/prometheus-metrics.js';
import { Timeline } from './now/timeline.js';
import { VerdictReader, type VerdictSources } from './now/verdict-reader.js';
import { OverviewReader } from './overview.js';
import { DashboardPanelExplorer } from './panels/dashboard-panel.explorer.js';
import type { PanelClocks } from './panels/panel-run.js';
import { missingPage } from './page-files.js';
import { panelPlaces } from './panels/panel-places.js';

/** The parts of an application that its dashboard reads. */
export interface DashboardParts extends Pick<
  DashboardSources,
  | 'history'
  | 'errors'
  | 'logLevels'
  | 'startup'
  | 'process'
  | 'profiles'
  | 'memory'
  | 'dependencies'
  | 'hasAuth'
> {
  readonly registry: MetricsRegistry;
  readonly alerting: AlertingMonitor;
  readonly performance: PerformanceMonitor;
  readonly vitals: Vitals;
  readonly health: HealthMonitor;
  readonly records: DashboardSources['records'] & VerdictSources['records'];
  readonly blocks: EventLoopBlocks;
  readonly lastExit: LastExit;
  /** The modules of the application, in which its panels are found. */
  readonly modules: ConstructorParameters<typeof DashboardPanelExplorer>[0];
  readonly clock: PanelClocks;
  readonly conventions: ConventionByDomain;
  /** Name of the application, as the page shows it. */
  readonly service: string;
  /** Version of the application, if it is known. */
  readonly version: string | undefined;
  /** The Prometheus with the figures of all instances, if there is one. */
  readonly fleet: Omit<FleetSource, 'recorder' | 'closed'> | undefined;
}

/** The dashboard of an application: what it shows, its start and stop, and its endpoints. */
export class ApplicationDashboard {
  readonly lifecycle: DashboardLifecycle;
  /** The figures that the pages of all browsers are sent. */
  readonly feed: DashboardFeed;
  private readonly sources: DashboardSources;

  constructor({ fleet, modules, conventions, ...parts }: DashboardParts) {
    const { history, registry, health, lastExit, alerting, records, blocks, clock, version } = parts;
    const panels = new DashboardPanelExplorer(modules);
    const instance = thisInstance();
    const alerts = new DashboardAlerts(alerting, parts.performance, parts.vitals);
    const timeline = new Timeline({
      instance,
      ...(version !== undefined && { version }),
      lastExit,
      alerting,
      health,
    });
    const now = (): number => clock.now();
    const verdicts = new VerdictReader({ history, records, blocks, timeline, alerting });
    const overview = new OverviewReader({
      health,
      alerts,
      history,
      service: parts.service,
      instance,
      now,
      timeline,
      verdicts,
      panels: () => panelPlaces(panels),
      hasFleet: fleet !== undefined,
    });
    const feed = new DashboardFeed(history, overview, now);
    this.feed = feed;
    const retention = new DashboardRetention(history, registry);
    const fleetEnd = new AbortController();
    this.lifecycle = new DashboardLifecycle(feed, retention, panels, fleetEnd, timeline);
    this.sources = {
      ...parts,
      feed,
      alerts,
      retention,
      instance,
      names: new ConventionalNames(conventions),
      panels: { explorer: panels, registry, clocks: clock },
      ...(fleet && {
        fleet: { ...fleet, recorder: prometheusRecorder(registry), closed: fleetEnd.signal },
      }),
    };
  }

  /** Returns in words why there can be no dashboard, and what to do; undefined if there can. */
  static obstacle(): string | undefined {
    return missingPage();
  }

  /** Returns the endpoints of the page and of its API. */
  endpoints(path: string, overridable: boolean): Endpoint[] {
    return dashboardEndpoints(path, overridable, this.sources);
  }
}
