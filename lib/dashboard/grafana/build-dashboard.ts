import { HTTP_METRICS } from '../../metrics/metric-names.js';
import { ANNOTATIONS } from './annotations.js';
import { DATASOURCE, inPlace, PanelFactory } from './build-panel.js';
import { tableOf } from './build-table.js';
import { TAG } from './dashboard-links.js';
import { conventionalQuery } from './conventional-query.js';
import {
  type GrafanaAnnotation,
  type GrafanaDashboard,
  type GrafanaPanel,
  queriesOf,
  query,
} from './grafana-dashboard.js';
import type { GrafanaSdk } from './grafana-sdk.js';
import { labelOf, type Naming, targetQuery } from './naming.js';

/** Sizes of panels on the 24 columns of Grafana. The panels of a line have the same height. */
const SIZES = {
  stat: { width: 3, height: 4 },
  timeseries: { width: 12, height: 8 },
  heatmap: { width: 12, height: 8 },
  table: { width: 12, height: 8 },
  'state-timeline': { width: 12, height: 8 },
} as const;

/** Returns the JSON model of a dashboard. */
export function buildDashboard(given: GrafanaDashboard, naming: Naming, sdk: GrafanaSdk): unknown {
  const { DashboardBuilder, RowBuilder, DashboardCursorSync } = sdk.dashboard;
  const factory = new PanelFactory(sdk, naming);
  const builder = new DashboardBuilder(given.title)
    .uid(given.uid)
    .description(given.description)
    .tags([TAG])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .editable()
    .link(linkToOthers(sdk))
    .annotations(ANNOTATIONS.map((annotation) => annotationOf(annotation, factory, naming, sdk)))
    .variables(variablesOf(given, naming, sdk));
  let id = 0;
  for (const row of given.rows) {
    builder.withRow(new RowBuilder(row.title).id(++id));
    for (const panel of row.panels) builder.withPanel(panelOf(panel, ++id, factory, naming, sdk));
  }
  const built = builder.build();
  return { ...built, panels: built.panels ?? [] };
}

function panelOf(panel: GrafanaPanel, id: number, factory: PanelFactory, naming: Naming, sdk: GrafanaSdk) {
  const { width, height } = SIZES[panel.kind ?? 'timeseries'];
  return builderOf(panel, factory, naming, sdk)
    .id(id)
    .title(panel.title)
    .description(panel.description)
    .datasource(DATASOURCE)
    .span(panel.width ?? width)
    .height(height);
}

function builderOf(panel: GrafanaPanel, factory: PanelFactory, naming: Naming, sdk: GrafanaSdk) {
  switch (panel.kind) {
    case 'stat':
      return factory.stat(panel);
    case 'table':
      return tableOf(panel, factory, sdk, naming);
    case 'heatmap':
      return factory.heatmap(panel);
    case 'state-timeline':
      return factory.stateTimeline(panel);
    default:
      return factory.timeSeries(panel);
  }
}

/** Returns the menu of all dashboards, which keeps the time range and the variables. */
function linkToOthers({ dashboard: { DashboardLinkBuilder, DashboardLinkType } }: GrafanaSdk) {
  return inPlace(
    new DashboardLinkBuilder('Dashboards')
      .type(DashboardLinkType.Dashboards)
      .icon('dashboard')
      .tags([TAG])
      .asDropdown(true)
      .includeVars(true)
      .keepTime(true),
  );
}

function annotationOf(
  { name, color, expr, text, tags = [], valueIsTime = false }: GrafanaAnnotation,
  factory: PanelFactory,
  naming: Naming,
  { dashboard }: GrafanaSdk,
) {
  const own = query(expr, text);
  const target = targetQuery(own, naming);
  return inPlace(
    new dashboard.AnnotationQueryBuilder()
      .name(name)
      .datasource(DATASOURCE)
      .enable(true)
      .hide(false)
      .iconColor(color)
      // Grafana 11 and later reads the target, earlier ones the expression.
      .target(factory.query(own, 0).range())
      .expr(target.expr)
      .titleFormat(name)
      .textFormat(target.legend)
      .tagKeys(tags.map((label) => labelOf(label, expr, naming)).join(','))
      .useValueForTime(valueIsTime),
  );
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
      .allValue('.*')
      .current({ selected: true, text: 'All', value: '$__all' });
  const usesRoute = given.rows.some(({ panels }) =>
    panels.some((panel) => queriesOf(panel).some(({ expr }) => expr.includes('$route'))),
  );
  const ofJob = `${naming.jobLabel}=~"$job"`;
  const routes = conventionalQuery(query(`${HTTP_METRICS.requests}{${ofJob}}`, ''), naming.names).expr;
  return [
    new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'),
    valuesOf('job', naming.jobLabel, anyMetric),
    valuesOf('instance', naming.instanceLabel, `${anyMetric}{${ofJob}}`),
    ...(usesRoute
      ? [valuesOf('route', labelOf('route', `${HTTP_METRICS.requests}{}`, naming), routesOf(routes, naming))]
      : []),
  ];
}

/** Returns the selector of all routes; a native histogram has no count of its own. */
function routesOf(selector: string, { prefix, histograms }: Naming): string {
  const [, histogram, matchers] = /^([^{]*)_count\{(.*)\}$/.exec(selector) ?? [];
  if (histograms === 'classic' || histogram === undefined) return `${prefix}${selector}`;
  const name = histograms === 'native' ? '' : '(_count)?';
  return `{__name__=~"${prefix}${histogram}${name}", ${matchers}}`;
}
