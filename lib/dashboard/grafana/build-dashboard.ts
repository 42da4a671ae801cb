import type { GrafanaDashboard, GrafanaPanel } from './grafana-dashboard.js';

/** What is used of the builder library of Grafana. */
export interface GrafanaSdk {
  readonly dashboard: typeof import('@grafana/grafana-foundation-sdk/dashboard');
  readonly prometheus: typeof import('@grafana/grafana-foundation-sdk/prometheus');
  readonly timeseries: typeof import('@grafana/grafana-foundation-sdk/timeseries');
}

/** How somebody else's metrics differ from ours. */
export interface Naming {
  /** What all names of metrics begin with. */
  readonly prefix: string;
  /** The labels by which Prometheus tells applications and their processes apart. */
  readonly jobLabel: string;
  readonly instanceLabel: string;
  /** Matchers that every query has besides, such as `env="production"`. */
  readonly matchers: string;
}

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
/** Two panels stand side by side on the 24 columns of Grafana. */
const PANEL = { width: 12, height: 8 };
/** A name of a metric with the braces of its selector. */
const SELECTOR = /\b([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}/g;

/** The dashboard in the form that Grafana imports. */
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
  panel.queries.forEach(({ expr, legend }, i) => {
    builder.withTarget(
      new prometheus.DataqueryBuilder()
        .datasource(DATASOURCE)
        .refId(String.fromCharCode('A'.charCodeAt(0) + i))
        .expr(selected(expr, naming))
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
  return [
    new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'),
    valuesOf('job', naming.jobLabel, anyMetric),
    valuesOf('instance', naming.instanceLabel, `${anyMetric}{${ofJob}}`),
    ...(usesRoute ? [valuesOf('route', 'route', `${naming.prefix}http_requests_total{${ofJob}}`)] : []),
  ];
}

/** The query for the series of the chosen jobs and instances, under the names that they have. */
function selected(expr: string, { prefix, jobLabel, instanceLabel, matchers }: Naming): string {
  const chosen = [`${jobLabel}=~"$job"`, `${instanceLabel}=~"$instance"`, matchers].filter(Boolean);
  return expr
    .replaceAll(SELECTOR, (_, name: string, own: string) => {
      const all = [...chosen, own].filter(Boolean).join(', ');
      return `${prefix}${name}{${all}}`;
    })
    .replaceAll('by (instance)', `by (${instanceLabel})`);
}
