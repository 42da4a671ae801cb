/** The id of a unit in Grafana. */
export type GrafanaUnit =
  's' | 'bytes' | 'Bps' | 'reqps' | 'ops' | 'cpm' | 'percent' | 'percentunit' | 'short' | 'none' | 'bool';

/** A Prometheus query and its legend. */
export interface GrafanaQuery {
  /** PromQL in which every selector has braces, to which the selected jobs and instances are added. */
  readonly expr: string;
  /** Legend format, such as `{{route}}`. */
  readonly legend: string;
}

/** A value from which on a figure has another color. */
export interface GrafanaThreshold {
  readonly value: number;
  readonly color: 'green' | 'yellow' | 'red';
}

/** The dashboard that a link opens, with the same time range and variables. */
export interface GrafanaLink {
  readonly title: string;
  /** The `uid` of the dashboard. */
  readonly to: string;
  /** The label of the point, line or table row whose value the variable `route` gets. @default the variable is kept */
  readonly route?: string;
}

interface Panel {
  readonly title: string;
  /** Explanation of the values and how to interpret them. */
  readonly description: string;
  /** Width in columns of the grid, which has 24. @default by kind */
  readonly width?: number;
  /** Links of its points, lines or figure. @default none */
  readonly links?: readonly GrafanaLink[];
}

/** A chart of lines over time. */
export interface TimeSeriesPanel extends Panel {
  readonly kind?: 'timeseries';
  readonly unit: GrafanaUnit;
  readonly queries: readonly GrafanaQuery[];
  /** Maximum of the value axis. */
  readonly max?: number;
  /** True if the areas below the lines are stacked. @default false */
  readonly stacked?: boolean;
  /** True if the dots of traces are drawn. @default false */
  readonly exemplars?: boolean;
  /** Colors of lines, by a regular expression of their names. @default those of Grafana */
  readonly colors?: Readonly<Record<string, string>>;
}

/** The current figure of one query, before its past. */
export interface StatPanel extends Panel {
  readonly kind: 'stat';
  readonly unit: GrafanaUnit;
  readonly query: GrafanaQuery;
  /** Colors of values, ascending; below the first one the figure is green. @default one neutral color */
  readonly thresholds?: readonly GrafanaThreshold[];
  /** The text while there is no value. @default '–' */
  readonly noValue?: string;
}

/** One column of figures. */
export interface TableColumn {
  readonly title: string;
  readonly unit: GrafanaUnit;
  /** PromQL of the value at the end of the time range, with the labels of the table. */
  readonly expr: string;
  readonly thresholds?: readonly GrafanaThreshold[];
}

/** A table with a row for each combination of some labels. */
export interface TablePanel extends Panel {
  readonly kind: 'table';
  /** The labels, each with the title of its column. */
  readonly labels: Readonly<Record<string, string>>;
  /** Rows are sorted by the first one, the highest value first. */
  readonly columns: readonly TableColumn[];
}

/** The distribution of a histogram over time. */
export interface HeatmapPanel extends Panel {
  readonly kind: 'heatmap';
  readonly unit: GrafanaUnit;
  /** Selector of the buckets, such as `job_duration_seconds_bucket{}`. */
  readonly buckets: string;
}

/** The states of some things over time. */
export interface StateTimelinePanel extends Panel {
  readonly kind: 'state-timeline';
  readonly query: GrafanaQuery;
  /** Text and color of each value. */
  readonly states: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
}

/** A panel, by its kind. */
export type GrafanaPanel = TimeSeriesPanel | StatPanel | TablePanel | HeatmapPanel | StateTimelinePanel;

/** A row of panels with a title. */
export interface GrafanaRow {
  readonly title: string;
  readonly panels: readonly GrafanaPanel[];
}

/** The definition of a dashboard, from which the JSON of Grafana is built. */
export interface GrafanaDashboard {
  /** Identity in Grafana: an import replaces the dashboard with the same uid. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly GrafanaRow[];
}

/** Events that every dashboard draws into its charts. */
export interface GrafanaAnnotation {
  readonly name: string;
  readonly color: string;
  /** PromQL of series that exist while the event lasts. */
  readonly expr: string;
  /** Text of an event, such as `{{version}}`. */
  readonly text: string;
  /** Labels that are shown as tags. @default none */
  readonly tags?: readonly string[];
  /** True if the value is the time of the event, in milliseconds since the Unix epoch. @default false */
  readonly valueIsTime?: boolean;
}

/** Returns a query with its legend. */
export function query(expr: string, legend: string): GrafanaQuery {
  return { expr, legend };
}

/** Returns the queries of a panel; a stat panel, a table or a state timeline has queries without a legend of their own. */
export function queriesOf(panel: GrafanaPanel): readonly GrafanaQuery[] {
  switch (panel.kind) {
    case 'stat':
    case 'state-timeline':
      return [panel.query];
    case 'table':
      return columnsOf(panel).map((expr) => query(expr, ''));
    case 'heatmap':
      return [query(`sum by (le) (increase(${panel.buckets}[$__rate_interval]))`, '{{le}}')];
    default:
      return panel.queries;
  }
}

/** Returns the queries of the columns. If the first one chooses rows, the others have the same. */
function columnsOf({ labels, columns: [first, ...others] }: TablePanel): string[] {
  if (first === undefined) return [];
  const rows = first.expr.startsWith('topk(')
    ? ` and on (${Object.keys(labels).join(', ')}) ${first.expr}`
    : '';
  return [first.expr, ...others.map(({ expr }) => (rows === '' ? expr : `(${expr})${rows}`))];
}
