import type { LabelMatchers } from '../../query/label-matchers.js';

/** An area of the dashboard. */
export type DashboardArea = 'now' | 'routes' | 'errors' | 'dependencies' | 'process' | 'explore';

/** The unit of the values of a chart, a figure or a column; they are shown in the form that people read. */
export type DashboardUnit =
  | 'number'
  | 'seconds'
  | 'milliseconds'
  | 'bytes'
  | 'percent'
  | 'ratio'
  | 'per second'
  | 'bytes per second'
  | 'timestamp';

/** A severity, which is shown with a sign and a color. */
export type DashboardState = 'ok' | 'warning' | 'critical' | 'unknown';

/** Options of `@DashboardPanel()`. */
export interface DashboardPanelOptions {
  /** Title of the panel, of at most 80 characters. */
  readonly title: string;
  /** Area at whose end the panel is shown, such as `now` or `routes`. @default a page of its own, by `page` */
  readonly area?: DashboardArea;
  /** Title of the page of the panel, of at most 40 characters. Panels with the same page share it. @default 'Application' */
  readonly page?: string;
  /** Position among the panels of the same area or page, the lowest first. @default 0 */
  readonly order?: number;
  /** Time limit of one call of the method, in milliseconds. @default 2000 */
  readonly timeoutMs?: number;
}

/** A method with `@DashboardPanel()`. Its signal is aborted at the time limit. */
export type DashboardPanelMethod = (
  signal: AbortSignal,
) => DashboardPanelContent | undefined | Promise<DashboardPanelContent | undefined>;

/** A value of a table or a figure. Dates are shown as local time, and null and undefined as a dash. */
export type DashboardValue = string | number | bigint | boolean | Date | null | undefined;

/** The content of a panel: data, never markup. Everything is optional. It is shown in this order. */
export interface DashboardPanelContent {
  /** Paragraphs of plain text: at most 20, of 1000 characters each. */
  readonly text?: string | readonly string[];
  /** Key figures: at most 24. */
  readonly figures?: readonly DashboardFigure[];
  /** Charts: at most 8. */
  readonly charts?: readonly DashboardChart[];
  /** Tables: at most 8. */
  readonly tables?: readonly DashboardTable[];
  /** Buttons: at most 10. They are shown only with `endpoints.auth`. */
  readonly actions?: readonly DashboardAction[];
}

/** A key figure. */
export interface DashboardFigure {
  readonly title: string;
  readonly value: DashboardValue;
  /** Unit of a number. @default 'number' */
  readonly unit?: DashboardUnit;
  readonly state?: DashboardState;
  /** Explanation, such as a limit. */
  readonly note?: string;
}

/** A chart: of metrics, whose samples come from the history, or of values that the application has itself. */
export type DashboardChart = DashboardMetricChart | DashboardValueChart;

/** A chart of metrics over the time range of the page. */
export interface DashboardMetricChart {
  readonly title: string;
  readonly help?: string;
  /** @default the unit of the first metric, by its name */
  readonly unit?: DashboardUnit;
  /** Lines of the chart: at most 8. */
  readonly lines: readonly DashboardChartLine[];
}

/** A line of a chart, or several by the values of labels: of a metric, or of a query in PromQL. */
export type DashboardChartLine = DashboardMetricLine | DashboardPromqlLine;

/** A line, or several, of a query in PromQL. */
export interface DashboardPromqlLine {
  /**
   * Query such as `sum by (shop) (rate(orders_total[5m]))`, of at most 1000 characters, with the names and labels of the
   * registry. Supported are selectors, the functions over a window, `sum`, `avg`, `min` and `max` with `by`,
   * `histogram_quantile`, arithmetic, comparisons with a number, `and` and `or`.
   */
  readonly promql: string;
  /** Name in the legend, after the label values if there are any. @default the label values, or else the query */
  readonly name?: string;
}

/** A line of a metric, or several by the values of labels. */
export interface DashboardMetricLine {
  /** Name of the metric, which need not exist yet. */
  readonly metric: string;
  /** Function that gives each point. @default 'rate' for a counter, 'p95' for a histogram, 'value' for a gauge */
  readonly compute?: DashboardComputation;
  /** Label values that the series must have. @default every series */
  readonly labels?: LabelMatchers;
  /** Labels to group by: one line for each combination of their values. @default one line */
  readonly groupBy?: readonly string[];
  /** Name in the legend. @default the name of the metric; with `groupBy`, the label values alone */
  readonly name?: string;
  /** Factor of the values, such as 100 for a percentage of a ratio. @default 1 */
  readonly scale?: number;
}

/** A function of the samples of a metric at each point of a chart. Rates and percentiles are over a window that the chart names. */
export type DashboardComputation =
  'value' | 'rate' | 'rate of the sum' | 'increase' | 'average' | 'p50' | 'p90' | 'p95' | 'p99';

/** A chart of values that the application has itself. */
export interface DashboardValueChart {
  readonly title: string;
  readonly help?: string;
  /** @default 'number' */
  readonly unit?: DashboardUnit;
  /** Times in ascending order, as dates or in milliseconds since the Unix epoch: at most 500, the latest ones. */
  readonly times: readonly (number | Date)[];
  /** Lines of the chart, at most 8, with one value for each time; null where it is unknown. */
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

/** A table. */
export interface DashboardTable {
  readonly title: string;
  /** Columns: at most 20. A string is a column of plain values. */
  readonly columns: readonly (string | DashboardColumn)[];
  /** Rows, with one value for each column: at most 200; the table says how many more there are. */
  readonly rows: readonly (readonly DashboardValue[])[];
  /** Number of all rows, if they are more than given. @default the number of rows */
  readonly total?: number;
  /** Text shown while there is no row. @default 'No data' */
  readonly empty?: string;
}

/** A column of a table. */
export interface DashboardColumn {
  readonly title: string;
  /** Unit of its numbers. */
  readonly unit?: DashboardUnit;
}

/** A button of a panel. It exists only with `endpoints.auth`, and each press is counted. */
export interface DashboardAction {
  /** Text of the button, of at most 80 characters; unique in the panel. */
  readonly title: string;
  /** Question that a person has to confirm first. @default none */
  readonly confirm?: string;
  /**
   * Does what the button says, within 10 seconds. What it throws is shown as its failure.
   *
   * @param signal aborted at the time limit
   * @returns a text that is shown, if it is a string
   */
  run(signal: AbortSignal): unknown;
}
