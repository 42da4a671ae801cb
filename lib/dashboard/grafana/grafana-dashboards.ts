import { type Convention, conventionOfAll, CONVENTIONS } from '../../metrics/conventions/conventions.js';
import type { MetricsSource } from '../../metrics/registry.js';
import { ConventionalNames } from '../../query/conventional-names.js';
import { findPackage } from '../../primitives/optional-package.js';
import { expectOption, MonitoringOptionsError } from '../../options/option-checks.js';
import { ALERTS_DASHBOARD } from './alerts.dashboard.js';
import { APPLICATION_DASHBOARD } from './application.dashboard.js';
import { buildDashboard, type GrafanaSdk } from './build-dashboard.js';
import { businessDashboard } from './business.dashboard.js';
import { DATABASE_DASHBOARD } from './database.dashboard.js';
import { RUNTIME_DASHBOARD } from './runtime.dashboard.js';
import { SYSTEM_DASHBOARD } from './system.dashboard.js';

const SDK = '@grafana/grafana-foundation-sdk';

/** Options of {@link grafanaDashboards}: the metric names and labels in the target Prometheus. */
export interface GrafanaDashboardsOptions {
  /** Prefix of all metric names, if an exporter or relabeling adds one. @default '' */
  readonly prefix?: string;
  /** Convention of the metrics: the option `conventions` of the module. @default 'prometheus' */
  readonly conventions?: Convention;
  /** Label of the application. @default 'job' */
  readonly jobLabel?: string;
  /** Label of the process. @default 'instance' */
  readonly instanceLabel?: string;
  /** Label matchers added to every selector, such as `env="production"`. @default '' */
  readonly matchers?: string;
}

/**
 * Returns the Grafana dashboards of an application as JSON, by file name, to import or to provision: System Overview,
 * Application Performance, Business Metrics, Runtime, Database & Cache and Alerts. Requires the package
 * `@grafana/grafana-foundation-sdk`.
 *
 * @param source the registry with the metrics of the business dashboard; its collectors run first
 * @throws {MonitoringOptionsError} if the package is missing, or the convention is unknown
 */
export async function grafanaDashboards(
  source: Pick<MetricsSource, 'collect'>,
  {
    prefix = '',
    conventions = 'prometheus',
    jobLabel = 'job',
    instanceLabel = 'instance',
    matchers = '',
  }: GrafanaDashboardsOptions = {},
): Promise<Readonly<Record<string, unknown>>> {
  expectOption(
    'conventions',
    conventions,
    "'prometheus', 'otel' or 'both'",
    CONVENTIONS.includes(conventions),
  );
  const sdk = await loadSdk();
  const dashboards = {
    'system-overview': SYSTEM_DASHBOARD,
    'application-performance': APPLICATION_DASHBOARD,
    'business-metrics': businessDashboard((await source.collect()).families),
    runtime: RUNTIME_DASHBOARD,
    'database-and-cache': DATABASE_DASHBOARD,
    alerts: ALERTS_DASHBOARD,
  };
  const names = new ConventionalNames(conventionOfAll(conventions));
  const naming = { names, prefix, jobLabel, instanceLabel, matchers };
  return Object.fromEntries(
    Object.entries(dashboards).map(([name, dashboard]) => [name, buildDashboard(dashboard, naming, sdk)]),
  );
}

async function loadSdk(): Promise<GrafanaSdk> {
  const [dashboard, prometheus, timeseries] = await Promise.all([
    findPackage<GrafanaSdk['dashboard']>(`${SDK}/dashboard`),
    findPackage<GrafanaSdk['prometheus']>(`${SDK}/prometheus`),
    findPackage<GrafanaSdk['timeseries']>(`${SDK}/timeseries`),
  ]);
  if (dashboard && prometheus && timeseries) return { dashboard, prometheus, timeseries };
  throw new MonitoringOptionsError(
    `grafanaDashboards() requires the package ${SDK}. Run "npm install --save-dev ${SDK}".`,
  );
}
