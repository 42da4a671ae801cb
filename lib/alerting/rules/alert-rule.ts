import type { ComparisonOperator } from '../../query/expression.js';
import type { LabelMatchers } from '../../query/label-matchers.js';

/** The severity of an alert. */
export type Severity = 'critical' | 'warning' | 'info';

/**
 * The aggregation of the samples of a metric to one number: the latest value (`last`), the increase per second
 * (`rate`), or a function of the samples within a window. `p95` and the like are quantiles of a histogram. Of a
 * histogram, `avg` is the average of the observed values, and `rate` and `increase` are about their number.
 */
export type AlertAggregation =
  'last' | 'rate' | 'increase' | 'delta' | 'avg' | 'min' | 'max' | 'sum' | `p${number}`;

/** A measured number: one for each series of a metric, or for each group of series. */
export interface AlertMeasurement {
  /** The name of a metric, or of a vital such as `error_rate_percent`. */
  readonly metric: string;
  /** The labels that the series must have. @default all series */
  readonly labels?: LabelMatchers;
  /** The aggregation of the samples. @default 'last' */
  readonly aggregate?: AlertAggregation;
  /** The window of every aggregation but `last`, in milliseconds. @default 300_000 */
  readonly windowMs?: number;
  /** The labels by which series are grouped; each group gives one number. @default no grouping */
  readonly groupBy?: readonly string[];
  /** The divisor of a ratio, such as all requests where the measured number is failed requests. */
  readonly dividedBy?: AlertMeasurement;
}

/** A measured number and the threshold that it is compared with. */
export interface AlertComparison extends AlertMeasurement {
  /** The operator between the measured number and the threshold. */
  readonly operator: ComparisonOperator;
  /** The threshold, in the unit of the metric. */
  readonly threshold: number;
}

/** The condition of an alert: a comparison, or several of which all or any must hold for the same labels. */
export type AlertCondition =
  AlertComparison | { readonly all: readonly AlertCondition[] } | { readonly any: readonly AlertCondition[] };

/** The profiles of the process that an alert captures, each if it is given. */
export interface AlertCollection {
  /** The functions that use the CPU, for a time such as `'10s'`, of 1 to 120 s. */
  readonly cpuProfile?: `${number}s`;
  /** The functions that allocated the memory in use, for a time such as `'30s'`, of 1 to 120 s. */
  readonly allocations?: `${number}s`;
  /** Everything on the heap. It stops the process for seconds. @default false */
  readonly heapSnapshot?: boolean;
  /** The diagnostic report of Node. @default false */
  readonly report?: boolean;
}

/** A limit of how often the alerts of a rule capture profiles. */
export interface CollectLimit {
  /** Number of times within the window. @default 2 */
  readonly count?: number;
  /** Length of the window, in milliseconds. @default 3_600_000 */
  readonly windowMs?: number;
}

/** The part that every kind of rule has. */
export interface RuleBase {
  /** The name of the rule, which is the label `alertname` of its alerts: letters, digits and underscores. */
  readonly name: string;
  /**
   * The text of the alert for people. It may contain `{{ value }}`, `{{ value | printf "%.2f" }}`,
   * `{{ value | humanizePercentage }}`, which is `25%` of 0.25, `{{ labels.route }}` and `{{ process_cpu }}`, the number of
   * CPUs that this process keeps busy.
   * @default the name of the rule
   */
  readonly message?: string;
  /** Labels that the alert has beside those of the series, with the placeholders of `message`. @default {} */
  readonly labels?: Readonly<Record<string, string>>;
  /** Further texts such as a `runbook_url`, with the placeholders of `message`. @default {} */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The time that the condition must hold before the alert fires, in milliseconds. @default 0 */
  readonly forMs?: number;
  /** The time that the alert keeps firing after the condition no longer holds, in milliseconds. @default 0 */
  readonly keepFiringForMs?: number;
  /**
   * The result of an evaluation without data: no alert, as in Prometheus (`ok`), an alert of its own (`alert`), or
   * the alerts of the evaluation before (`keep`).
   * @default 'ok'
   */
  readonly noData?: 'ok' | 'alert' | 'keep';
  /** The maximum number of alerts. Above it the rule has an error and no alerts. @default no limit */
  readonly limit?: number;
  /**
   * True if the metric may be defined after the start. Otherwise an unknown metric is an error at the start.
   * @default false
   */
  readonly allowMissingMetric?: boolean;
  /** The profiles that are captured when an alert begins to fire, one after the other. @default none */
  readonly collect?: AlertCollection;
  /** The limit of how often they are captured. @default twice an hour */
  readonly collectLimit?: CollectLimit;
}

/** A rule that fires while a condition holds. */
export interface ConditionRule extends RuleBase {
  /** The condition under which the alert is active. */
  readonly condition: AlertCondition;
  /** The severity of the alert. */
  readonly severity: Severity;
}

/** A rate of error budget consumption that is too high, measured over a long and a short window. */
export interface BurnRate {
  /** The long window, in milliseconds. */
  readonly longMs: number;
  /** The short window, in milliseconds. It ends the alert soon after the errors end. */
  readonly shortMs: number;
  /** The consumption rate as a multiple of the one that the objective allows. */
  readonly factor: number;
  /** The severity of the alert. */
  readonly severity: Severity;
}

/** A service level objective: the share of events that must be good. */
export interface ServiceLevel {
  /** The objective in percent, such as 99.9. */
  readonly objective: number;
  /** A counter of all events. */
  readonly total?: Pick<AlertMeasurement, 'metric' | 'labels'>;
  /** A counter of good events. An alternative to {@link errors}. */
  readonly good?: Pick<AlertMeasurement, 'metric' | 'labels'>;
  /** A counter of bad events. An alternative to {@link good}. */
  readonly errors?: Pick<AlertMeasurement, 'metric' | 'labels'>;
  /** A histogram in place of counters. Values up to `atMost`, a bound of its buckets, are good. */
  readonly latency?: Pick<AlertMeasurement, 'metric' | 'labels'> & { readonly atMost: number };
  /** The labels by which series are grouped; each group has its own error budget. @default [] */
  readonly groupBy?: readonly string[];
  /**
   * The burn rates that raise an alert.
   * @default critical: 14.4 over 1 h and 5 min, 6 over 6 h and 30 min; warning: 3 over 1 d and 2 h, 1 over 3 d and 6 h
   */
  readonly burnRates?: readonly BurnRate[];
}

/** A rule on a service level objective. It has one alert for each severity among its burn rates. */
export interface ServiceLevelRule extends RuleBase {
  /** The service level objective. */
  readonly slo: ServiceLevel;
}

/** An alert rule: a condition over metrics, or a service level objective. */
export type AlertRule = ConditionRule | ServiceLevelRule;
