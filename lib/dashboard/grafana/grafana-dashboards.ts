import { type Convention, conventionOfAll, CONVENTIONS } from '../../metrics/conventions/conventions.js';
import type { MetricsSource } from '../../metrics/registry.js';
import { ConventionalNames } from '../../query/conventional-names.js';
import { expectTargetLabels, exportedLabel, TARGET_LABELS } from '../../query/target-labels.js';
import { expectKeys, expectOption } from '../../options/option-checks.js';
import { ALERTS_DASHBOARD } from './alerts.dashboard.js';
import { APPLICATION_DASHBOARD } from './application.dashboard.js';
import { buildDashboard } from './build-dashboard.js';
import { businessDashboard } from './business.dashboard.js';
import { DATABASE_DASHBOARD } from './database.dashboard.js';
import { ERRORS_DASHBOARD } from './errors.dashboard.js';
import { loadSdk } from './grafana-sdk.js';
import { HISTOGRAM_KINDS } from './histogram-query.js';
import { HOME_DASHBOARD } from './home.dashboard.js';
import { JOBS_DASHBOARD } from './jobs.dashboard.js';
import { OUTGOING_HTTP_DASHBOARD } from './outgoing-http.dashboard.js';
import { RUNTIME_DASHBOARD } from './runtime.dashboard.js';
import { SATURATION_DASHBOARD } from './saturation.dashboard.js';
import { SYSTEM_DASHBOARD } from './system.dashboard.js';

/** Options of {@link grafanaDashboards}: the metric names and labels in the target Prometheus. */
export interface GrafanaDashboardsOptions {
  /** Prefix of all metric names, if an exporter or relabeling adds one. @default '' */
  readonly prefix?: string;
  /**
   * Names of the metrics, as the option `conventions` of the module: `prometheus`, `otel` or `both`.
   * @default 'prometheus'
   */
  readonly conventions?: Convention;
  /** Label of the application. @default 'job' */
  readonly jobLabel?: string;
  /** Label of the process. @default 'instance' */
  readonly instanceLabel?: string;
  /** Label matchers added to every selector, such as `env="production"`. @default '' */
  readonly matchers?: string;
  /**
   * Names of the labels that Prometheus gives to the target. A label of a metric with such a name is `exported_…` there.
   * Empty for a scrape with `honor_labels`. @default ['job', 'instance']
   */
  readonly targetLabels?: readonly string[];
  /**
   * Histograms that Prometheus stores: `classic` for buckets, `native` for native histograms, `both` for queries that
   * prefer native ones and fall back to buckets. Native ones need Prometheus 2.40 or later. @default 'classic'
   */
  readonly histograms?: 'classic' | 'native' | 'both';
}

const OPTION_NAMES: readonly (keyof GrafanaDashboardsOptions)[] = [
  'prefix',
  'conventions',
  'jobLabel',
  'instanceLabel',
  'matchers',
  'targetLabels',
  'histograms',
];

/**
 * Returns the Grafana dashboards of an application as JSON, by file name, to import or to provision: Home, Application
 * Performance, Errors, Outgoing HTTP, Jobs & Queues, Database & Cache, Saturation, Runtime, System Overview, Business
 * Metrics and Alerts. Requires the package `@grafana/grafana-foundation-sdk`.
 *
 * @param source the registry with the metrics of the business dashboard; its collectors run first
 * @throws {MonitoringOptionsError} if the package is missing, or an option is unknown or invalid
 */
export async function grafanaDashboards(
  source: Pick<MetricsSource, 'collect'>,
  options: GrafanaDashboardsOptions = {},
): Promise<Readonly<Record<string, unknown>>> {
  expectKeys('the options of grafanaDashboards', options, OPTION_NAMES);
  const {
    prefix = '',
    conventions = 'prometheus',
    jobLabel = 'job',
    instanceLabel = 'instance',
    matchers = '',
    targetLabels = TARGET_LABELS,
    histograms = 'classic',
  } = options;
  expectTargetLabels('targetLabels', targetLabels);
  expectOption(
    'conventions',
    conventions,
    "'prometheus', 'otel' or 'both'",
    CONVENTIONS.includes(conventions),
  );
  expectOption(
    'histograms',
    histograms,
    "'classic', 'native' or 'both'",
    HISTOGRAM_KINDS.includes(histograms),
  );
  const sdk = await loadSdk();
  const dashboards = {
    home: HOME_DASHBOARD,
    'application-performance': APPLICATION_DASHBOARD,
    errors: ERRORS_DASHBOARD,
    'outgoing-http': OUTGOING_HTTP_DASHBOARD,
    'jobs-and-queues': JOBS_DASHBOARD,
    'database-and-cache': DATABASE_DASHBOARD,
    saturation: SATURATION_DASHBOARD,
    runtime: RUNTIME_DASHBOARD,
    'system-overview': SYSTEM_DASHBOARD,
    'business-metrics': businessDashboard((await source.collect()).families),
    alerts: ALERTS_DASHBOARD,
  };
  const names = new ConventionalNames(conventionOfAll(conventions));
  const exported = exportedLabel(targetLabels);
  const naming = { names, prefix, jobLabel, instanceLabel, matchers, exported, histograms };
  return Object.fromEntries(
    Object.entries(dashboards).map(([name, dashboard]) => [name, buildDashboard(dashboard, naming, sdk)]),
  );
}
