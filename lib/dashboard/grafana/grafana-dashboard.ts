/** The id of a unit in Grafana. */
export type GrafanaUnit =
  's' | 'bytes' | 'Bps' | 'reqps' | 'ops' | 'percent' | 'percentunit' | 'short' | 'bool';

/** A Prometheus query and its legend. */
export interface GrafanaQuery {
  /** PromQL in which every selector has braces, to which the selected jobs and instances are added. */
  readonly expr: string;
  /** Legend format, such as `{{route}}`. */
  readonly legend: string;
}

/** A time series panel. */
export interface GrafanaPanel {
  readonly title: string;
  /** Explanation of the values and how to interpret them. */
  readonly description: string;
  readonly unit: GrafanaUnit;
  readonly queries: readonly GrafanaQuery[];
  /** Maximum of the value axis. */
  readonly max?: number;
}

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

/** Returns a query with its legend. */
export function query(expr: string, legend: string): GrafanaQuery {
  return { expr, legend };
}
