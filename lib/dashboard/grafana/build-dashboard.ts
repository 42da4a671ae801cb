import { HTTP_METRICS } from '../../metrics/metric-names.js';
import type { ConventionalNames } from '../../query/conventional-names.js';
import { conventionalQuery, SELECTOR } from './conventional-query.js';
import { type GrafanaDashboard, type GrafanaPanel, query } from './grafana-dashboard.js';

/** The modules of the Grafana SDK. */
export interface GrafanaSdk {
  readonly dashboard: typeof import('@grafana/grafana-foundation-sdk/dashboard');
  readonly prometheus: typeof import('@grafana/grafana-foundation-sdk/prometheus');
  readonly timeseries: typeof import('@grafana/grafana-foundation-sdk/timeseries');
}

/** The naming of the metrics in the target Prometheus. */
export interface Naming {
  /** Names of our metrics. */
  readonly names: ConventionalNames;
  /** Prefix of all metric names. */
  readonly prefix: string;
  /** Label of the application. */
  readonly jobLabel: string;
  /** Label of the process. */
  readonly instanceLabel: string;
  /** Label matchers added to every selector, such as `env="production"`. */
  readonly matchers: string;
}

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
/** The size of a panel: two fit side by side on the 24 columns of Grafana. */
const PANEL = { width: 12, height: 8 };

/** Returns the JSON model of a dashboard. */
export function buildDashboard(given: GrafanaDashboard, naming: Naming, sdk: GrafanaSdk): unknown {
  const { DashboardBuilder, RowBuilder, DashboardCursorSync } = sdk.dashboard;
  const builder = new DashboardBuilder(given.title)
    .uid(given.uid)
    .description(given.description)
    .tags(['nestjs-monitoring'])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .editable()
    .variables(variablesOf(given, naming, sdk));
  for (const row of given.rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panelOf(panel, naming, sdk));
  }
  return builder.build();
}

function panelOf(panel: GrafanaPanel, naming: Naming, { timeseries, prometheus }: GrafanaSdk) {
  const builder = new timeseries.PanelBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(DATASOURCE)
    .unit(panel.unit)
    .min(0)
    .span(PANEL.width)
    .height(PANEL.height)
    .fillOpacity(8);
  if (panel.max !== undefined) builder.max(panel.max);
  panel.queries.forEach((own, i) => {
    const { expr, legend } = conventionalQuery(own, naming.names);
    builder.withTarget(
      new prometheus.DataqueryBuilder()
        .datasource(DATASOURCE)
        .refId(String.fromCharCode('A'.charCodeAt(0) + i))
        .expr(withSelection(expr, naming))
        .legendFormat(legend.replaceAll('{{instance}}', `{{${naming.instanceLabel}}}`))
        .range(),
    );
  });
  return builder;
}

function variablesOf(given: GrafanaDashboard, naming: Naming, { dashboard }: GrafanaSdk) {
  const { DatasourceVariableBuilder, QueryVariableBuilder, VariableRefresh } = dashboard;
  const anyMetric = `${naming.prefix}process_start_time_seconds`;
  const valuesOf = (name: string, label: string, selector: string) =>
    new QueryVariableBuilder(name)
      .label(label)
      .datasource(DATASOURCE)
      .query(`label_values(${selector}, ${label})`)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .multi(true)
      .includeAll(true)
      .allValue('.*');
  const usesRoute = given.rows.some(({ panels }) =>
    panels.some(({ queries }) => queries.some(({ expr }) => expr.includes('$route'))),
  );
  const ofJob = `${naming.jobLabel}=~"$job"`;
  const routes = routesOf(ofJob, naming.names);
  return [
    new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'),
    valuesOf('job', naming.jobLabel, anyMetric),
    valuesOf('instance', naming.instanceLabel, `${anyMetric}{${ofJob}}`),
    ...(usesRoute ? [valuesOf('route', routes.legend, `${naming.prefix}${routes.expr}`)] : []),
  ];
}

/** Returns the selector of all routes as the expression, and the label of the route as the legend. */
function routesOf(
  ofJob: string,
  names: ConventionalNames,
): { readonly expr: string; readonly legend: string } {
  const { expr } = conventionalQuery(query(`${HTTP_METRICS.requests}{${ofJob}}`, ''), names);
  return { expr, legend: names.renamesOf([HTTP_METRICS.requests]).get('route') ?? 'route' };
}

/** Returns a query with the naming of the target, limited to the selected jobs and instances. */
function withSelection(expr: string, { prefix, jobLabel, instanceLabel, matchers }: Naming): string {
  const selection = [`${jobLabel}=~"$job"`, `${instanceLabel}=~"$instance"`, matchers].filter(Boolean);
  return expr
    .replaceAll(SELECTOR, (_, name: string, own: string) => {
      const all = [...selection, own].filter(Boolean).join(', ');
      return `${prefix}${name}{${all}}`;
    })
    .replaceAll('by (instance)', `by (${instanceLabel})`);
}
