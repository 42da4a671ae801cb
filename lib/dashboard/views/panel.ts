import type { VitalName } from '../../query/vital-expressions.js';
import type { LabelMatchers } from '../../query/label-matchers.js';

/** In what a number is, for people; see `format.js` of the page. */
export type Unit =
  | 'number'
  | 'seconds'
  | 'milliseconds'
  | 'bytes'
  | 'percent'
  | 'ratio'
  | 'per second'
  | 'bytes per second'
  | 'timestamp';

/** What is made of the samples of a metric at each moment. */
export type Computation =
  'value' | 'rate' | 'rate of the sum' | 'increase' | 'average' | 'p50' | 'p90' | 'p95' | 'p99';

/** One or several lines of a chart. */
export interface Query {
  readonly metric: string;
  readonly compute: Computation;
  readonly labels?: LabelMatchers;
  /** One line for each combination of these labels. @default one line for everything together */
  readonly groupBy?: readonly string[];
  /** What a line is called that has no labels to be called by. */
  readonly legend: string;
  /** What the numbers are multiplied by, such as 100 for per cent. @default 1 */
  readonly scale?: number;
}

/** One chart. */
export interface Panel {
  readonly title: string;
  readonly help?: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** The vital whose thresholds are drawn as lines. */
  readonly threshold?: VitalName;
  /** What those thresholds are multiplied by to be in the unit of the chart. @default 1 */
  readonly thresholdScale?: number;
}

/** One page of charts. */
export interface View {
  readonly name: string;
  readonly title: string;
  /** What is said as long as there is nothing to show. */
  readonly empty: string;
  readonly panels: readonly Panel[];
}
