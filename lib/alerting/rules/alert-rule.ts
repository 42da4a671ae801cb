import type { ComparisonOperator } from '../../query/expression.js';
import type { LabelMatchers } from '../../query/label-matchers.js';

/** How bad it is that a rule fires. */
export type Severity = 'critical' | 'warning' | 'info';

/**
 * What is made of the samples of a metric: its value now (`last`), how fast it goes up in a second (`rate`), or what
 * there was in a window. `p95` and its like are quantiles of a histogram, of which `avg` is the average of the
 * observed values, and `rate` and `increase` are about how many there were.
 */
export type Aggregate = 'last' | 'rate' | 'increase' | 'delta' | 'avg' | 'min' | 'max' | 'sum' | `p${number}`;

/** A number that is watched; one for each series, or for each group of them. */
export interface Measurement {
  /** The name of a metric, or of a vital such as `error_rate_percent`. */
  readonly metric: string;
  /** Only series with such labels. @default all */
  readonly labels?: LabelMatchers;
  /** @default 'last' */
  readonly aggregate?: Aggregate;
  /** How far back, for all aggregates but `last`, in milliseconds. @default 300_000 */
  readonly windowMs?: number;
  /** One number for all series that are equal in these labels. @default one for each series */
  readonly groupBy?: readonly string[];
  /** Another number that this one is a share of, such as errors of requests. */
  readonly dividedBy?: Measurement;
}

/** A number and the limit that it should not cross. */
export interface Comparison extends Measurement {
  readonly operator: ComparisonOperator;
  readonly threshold: number;
}

/** When to fire: one comparison, or several of which all or any have to be true for the same labels. */
export type Condition =
  Comparison | { readonly all: readonly Condition[] } | { readonly any: readonly Condition[] };

/** What all rules have. */
export interface RuleBase {
  /** Of letters, digits and underscores. */
  readonly name: string;
  /**
   * What to tell people. May contain `{{ value }}`, `{{ value | printf "%.2f" }}`, `{{ labels.route }}` and
   * `{{ process_cpu }}`, which is how many processors this process keeps busy.
   */
  readonly message?: string;
  /** Added to those of the series. They may contain the same, and are part of what an alert is known by. */
  readonly labels?: Readonly<Record<string, string>>;
  /** More to tell people, such as a `runbook_url`. They may contain the same. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** How long it has to be true before it fires, in milliseconds. @default 0 */
  readonly forMs?: number;
  /** How long it fires on after it has ceased to be true, in milliseconds. @default 0 */
  readonly keepFiringForMs?: number;
  /**
   * What it means that there is nothing to compare: all is well as in Prometheus (`ok`), an alert of its own
   * (`alert`), or as before (`keep`).
   * @default 'ok'
   */
  readonly noData?: 'ok' | 'alert' | 'keep';
  /** More alerts than this are an error of the rule, which then has none. @default no limit */
  readonly limit?: number;
  /** Whether the metric may come into being after the start; otherwise an unknown one is an error. @default false */
  readonly mayBeMissing?: boolean;
}

/** A rule that fires when a condition is true. */
export interface ConditionRule extends RuleBase {
  readonly condition: Condition;
  readonly severity: Severity;
}

/** How fast an error budget is used up: over a long window, and still over a short one. */
export interface BurnRate {
  readonly longMs: number;
  readonly shortMs: number;
  /** How many times faster than the objective allows. */
  readonly factor: number;
  readonly severity: Severity;
}

/** What share of something has to be good. */
export interface ServiceLevel {
  /** In percent, such as 99.9. */
  readonly objective: number;
  /** A counter of everything. */
  readonly total?: Pick<Measurement, 'metric' | 'labels'>;
  /** A counter of what was good; or {@link errors}. */
  readonly good?: Pick<Measurement, 'metric' | 'labels'>;
  /** A counter of what was not. */
  readonly errors?: Pick<Measurement, 'metric' | 'labels'>;
  /** Instead of counters: a histogram, of which all values up to a bound of its buckets are good. */
  readonly latency?: Pick<Measurement, 'metric' | 'labels'> & { readonly atMost: number };
  readonly groupBy?: readonly string[];
  /** @default 14.4 times over 1 h and 5 min or 6 times over 6 h and 30 min, critical; 3 times over 1 d and 2 h or once over 3 d and 6 h, a warning */
  readonly burnRates?: readonly BurnRate[];
}

/** A rule for each severity with which an error budget is used up too fast. */
export interface ServiceLevelRule extends RuleBase {
  readonly slo: ServiceLevel;
}

/** A condition over metrics, or a service level, that somebody is told of. */
export type AlertRule = ConditionRule | ServiceLevelRule;
