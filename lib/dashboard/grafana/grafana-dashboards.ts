import type { MetricsSource } from '../../metrics/registry.js';
import { MonitoringOptionsError } from '../../options/option-checks.js';
import { ALERTS_DASHBOARD } from './alerts.dashboard.js';
import { APPLICATION_DASHBOARD } from './application.dashboard.js';
import { buildDashboard, type GrafanaSdk } from './build-dashboard.js';
import { businessDashboard } from './business.dashboard.js';
import { DATABASE_DASHBOARD } from './database.dashboard.js';
import { RUNTIME_DASHBOARD } from './runtime.dashboard.js';
import { SYSTEM_DASHBOARD } from './system.dashboard.js';

/** How the metrics are called where the dashboards are to be used. */
export interface GrafanaDashboardsOptions {
  /** What the names of all metrics begin with, if something in between adds a prefix. @default '' */
  readonly prefix?: string;
  /** @default 'job' */
  readonly jobLabel?: string;
  /** @default 'instance' */
  readonly instanceLabel?: string;
  /** Matchers that every query has besides, such as `env="production"`. @default '' */
  readonly matchers?: string;
}

/**
 * The Grafana dashboards of an application, as JSON to import or to provision, by the name of a file each: System
 * Overview, Application Performance, Business Metrics, Runtime, Database & Cache and Alerts. Needs the package
 * `@grafana/grafana-foundation-sdk`.
 *
 * @param source the registry, whose own metrics make the business dashboard
 * @throws {MonitoringOptionsError} if the package is missing
 */
export async function grafanaDashboards(
  source: Pick<MetricsSource, 'snapshot'>,
  { prefix = '', jobLabel = 'job', instanceLabel = 'instance', matchers = '' }: GrafanaDashboardsOptions = {},
): Promise<Readonly<Record<string, unknown>>> {
  const sdk = await loadSdk();
  const dashboards = {
    'system-overview': SYSTEM_DASHBOARD,
    'application-performance': APPLICATION_DASHBOARD,
    'business-metrics': businessDashboard(source.snapshot().families),
    runtime: RUNTIME_DASHBOARD,
    'database-and-cache': DATABASE_DASHBOARD,
    alerts: ALERTS_DASHBOARD,
  };
  const naming = { prefix, jobLabel, instanceLabel, matchers };
  return Object.fromEntries(
    Object.entries(dashboards).map(([name, dashboard]) => [name, buildDashboard(dashboard, naming, sdk)]),
  );
}

async function loadSdk(): Promise<GrafanaSdk> {
  try {
    const [dashboard, prometheus, timeseries] = await Promise.all([
      import('@grafana/grafana-foundation-sdk/dashboard'),
      import('@grafana/grafana-foundation-sdk/prometheus'),
      import('@grafana/grafana-foundation-sdk/timeseries'),
    ]);
    return { dashboard, prometheus, timeseries };
  } catch (error) {
    throw new MonitoringOptionsError(
      'grafanaDashboards() needs @grafana/grafana-foundation-sdk. Run "npm install --save-dev @grafana/grafana-foundation-sdk".',
      { cause: error },
    );
  }
}
