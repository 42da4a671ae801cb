import type { VitalName } from '../../query/vital-definitions.js';
import type { LabelMatchers } from '../../query/label-matchers.js';
import type { DashboardComputation, DashboardUnit } from '../panels/dashboard-panel.js';

/** The unit of a value; `format.js` of the page formats it. */
export type Unit = DashboardUnit;

/** The function computed from the samples of a metric at each point in time. */
export type Computation = DashboardComputation;
type Percentile = Extract<Computation, `p${number}`>;

/** A query for one or more lines of a chart. */
export interface Query {
  readonly metric: string;
  readonly compute: Computation;
  readonly labels?: LabelMatchers;
  /** Labels to group by: one line for each combination of their values. @default one line for all series */
  readonly groupBy?: readonly string[];
  /** Name of the line, appended to its label values if it has any. */
  readonly legend: string;
  /** Factor of the values, such as 100 for percent. @default 1 */
  readonly scale?: number;
  /** Counter by whose rate, with the same label matchers, the values are divided. */
  readonly per?: string;
  /** Merging of rates over several instances. @default 'sum' */
  readonly across?: 'sum' | 'avg';
}

/** A chart. */
export interface Panel {
  readonly title: string;
  readonly help?: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** Vital whose thresholds are drawn as lines. */
  readonly threshold?: VitalName;
  /** Factor that converts the thresholds to the unit of the chart. @default 1 */
  readonly thresholdScale?: number;
  /** True if the lines are parts of a whole, to be drawn on top of each other. @default false */
  readonly isStacked?: boolean;
}

/** A page of charts. */
export interface View {
  readonly name: string;
  readonly title: string;
  /** Text shown while no chart has data. */
  readonly empty: string;
  readonly panels: readonly Panel[];
}

/** The lines of a query: one with a name, or one for each combination of label values. */
type Lines = Pick<Query, 'groupBy' | 'legend'>;

/** Returns one line for each combination of the values of these labels. */
export function by(...labels: readonly string[]): Lines {
  return { groupBy: labels, legend: '' };
}

/** Returns true if a function is a percentile. */
export function isPercentile(compute: Computation): compute is Percentile {
  return /^p\d+$/.test(compute);
}

/** Returns the quantile of a percentile: 0.95 for `p95`. */
export function quantileOf(compute: Percentile): number {
  return Number(compute.slice(1)) / 100;
}

/** Returns a chart. */
export function panel(
  title: string,
  unit: Unit,
  queries: readonly Query[],
  options: Pick<Panel, 'help' | 'threshold' | 'thresholdScale' | 'isStacked'> = {},
): Panel {
  return { title, unit, queries, ...options };
}

/** Returns a query for the current value of a gauge. */
export function value(metric: string, lines: string | Lines): Query {
  return query(metric, 'value', lines);
}

/** Returns a query for the per-second rate of a counter, or of the observations of a histogram. */
export function rate(metric: string, lines: string | Lines, labels?: LabelMatchers): Query {
  return query(metric, 'rate', lines, labels);
}

/** Returns a query for the per-second rate of the sum of a histogram. */
export function rateOfSum(metric: string, lines: string | Lines): Query {
  return query(metric, 'rate of the sum', lines);
}

/** Returns a query for the 95th percentile of a histogram. */
export function p95(metric: string, lines: string | Lines, labels?: LabelMatchers): Query {
  return query(metric, 'p95', lines, labels);
}

/** Returns a query for each of several percentiles of a histogram. */
export function percentiles(
  metric: string,
  labels?: LabelMatchers,
  computations: readonly Computation[] = ['p50', 'p95', 'p99'],
): Query[] {
  return computations.map((compute) => query(metric, compute, compute, labels));
}

/** Returns a query whose values are divided by the rate of a counter with the same labels. */
export function per(counter: string, of: Query): Query {
  return { ...of, per: counter };
}

/** Returns a query whose values are multiplied by 100, and of several instances their average. */
export function percent(of: Query): Query {
  return { ...of, scale: 100, across: 'avg' };
}

function query(metric: string, compute: Computation, lines: string | Lines, labels?: LabelMatchers): Query {
  return {
    metric,
    compute,
    ...(labels && { labels }),
    ...(typeof lines === 'string' ? { legend: lines } : lines),
  };
}
