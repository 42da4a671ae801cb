/** In what Grafana shows a number: the names of its units. */
export type GrafanaUnit =
  's' | 'bytes' | 'Bps' | 'reqps' | 'ops' | 'percent' | 'percentunit' | 'short' | 'bool';

/** One question to Prometheus, and what its answers are called. */
export interface GrafanaQuery {
  /** PromQL, where `{}` after a name stands for the series of the chosen jobs and instances. */
  readonly expr: string;
  /** The template of the legend, such as `{{route}}`. */
  readonly legend: string;
}

export interface GrafanaPanel {
  readonly title: string;
  /** What one sees, and what to make of it. */
  readonly description: string;
  readonly unit: GrafanaUnit;
  readonly queries: readonly GrafanaQuery[];
  /** The highest value there can be. */
  readonly max?: number;
}

export interface GrafanaRow {
  readonly title: string;
  readonly panels: readonly GrafanaPanel[];
}

/** What a dashboard shows, before it is brought into the form of Grafana. */
export interface GrafanaDashboard {
  /** By which Grafana knows it again. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly GrafanaRow[];
}

/** A query with what it is called. */
export function query(expr: string, legend: string): GrafanaQuery {
  return { expr, legend };
}
