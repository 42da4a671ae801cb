import type { RetentionRequest } from '../../history/retention.js';
import type { MetricType } from '../../metrics/naming-rules.js';
import type { AlertCondition, AlertMeasurement, Severity } from './alert-rule.js';
import { type Expression, type Selection } from '../../query/expression.js';
import type { CompiledCollection } from './collection.js';
import type { Template } from './template.js';
import { isVital, VITALS } from '../../query/vital-definitions.js';

/** The metrics that exist, by name. */
export interface KnownMetrics {
  /** Returns the type of a metric; undefined if there is no such metric. */
  typeOf(metric: string): MetricType | undefined;
  /** Returns the names of all metrics. */
  names(): readonly string[];
  /** Returns the label names of a metric, default labels included; undefined if they are unknown. */
  labelNamesOf?(metric: string): readonly string[] | undefined;
}

/** The part of the existing metrics that is needed to check and compile a rule. */
export type MetricDefinitions = Pick<KnownMetrics, 'typeOf' | 'labelNamesOf'>;

/** A compiled rule, equivalent to one alerting rule of Prometheus. */
export interface CompiledRule {
  /** The name of the rule that it was compiled from. */
  readonly name: string;
  readonly severity: Severity;
  readonly message: Template;
  readonly labels: Readonly<Record<string, Template>>;
  readonly annotations: Readonly<Record<string, Template>>;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly noData: 'ok' | 'alert' | 'keep';
  readonly limit: number;
  readonly allowMissingMetric: boolean;
  /** The profiles that its alerts capture. */
  readonly collection: CompiledCollection | undefined;
  /** The metrics that the rule names. */
  readonly metrics: readonly string[];
  /** The samples that the history must retain for the rule. */
  readonly retention: readonly RetentionRequest[];
  /** The longest window of the rule, in milliseconds. */
  readonly longestWindowMs: number;
  /** The expression of the alerts: one for each label set that it returns. */
  readonly expression: Expression;
  /** The expressions that are compared with thresholds. The rule has no data if none of them has a value. */
  readonly measured: readonly Expression[];
}

/** A compiled condition. */
export interface CompiledCondition {
  readonly expression: Expression;
  readonly measured: readonly Expression[];
}

const DEFAULT_WINDOW_MS = 300_000;

/** Compiles a condition that was checked. */
export function compileCondition(condition: AlertCondition, known: MetricDefinitions): CompiledCondition {
  if ('all' in condition || 'any' in condition) {
    return 'all' in condition ? allOf(condition.all, known) : anyOf(condition.any, known);
  }
  const left = compileMeasurement(condition, known);
  const { operator, threshold } = condition;
  return { expression: { kind: 'compare', operator, left, threshold }, measured: [left] };
}

/** Compiles an `all`. Conditions without labels come last, since `and on ()` keeps the labels of its left side only. */
function allOf(conditions: readonly AlertCondition[], known: MetricDefinitions): CompiledCondition {
  const ordered = conditions.toSorted((a, b) => Number(hasNoLabels(a)) - Number(hasNoLabels(b)));
  const parts = ordered.map((part) => ({ ...compileCondition(part, known), onAny: hasNoLabels(part) }));
  return parts.reduce((left, { expression: right, measured, onAny }) => ({
    expression: { kind: 'and', left: left.expression, right, ...(onAny && { onAny }) },
    measured: [...left.measured, ...measured],
    onAny: left.onAny,
  }));
}

function anyOf(conditions: readonly AlertCondition[], known: MetricDefinitions): CompiledCondition {
  const parts = conditions.map((part) => compileCondition(part, known));
  return {
    expression: parts
      .map(({ expression }) => expression)
      .reduce((left, right) => ({ kind: 'or', left, right })),
    measured: parts.flatMap(({ measured }) => measured),
  };
}

function compileMeasurement(measurement: AlertMeasurement, known: MetricDefinitions): Expression {
  const own = compileAggregation(measurement, known);
  const { dividedBy } = measurement;
  if (dividedBy === undefined) return own;
  return { kind: 'arithmetic', operator: '/', left: own, right: compileMeasurement(dividedBy, known) };
}

function compileAggregation(
  { metric, labels = {}, aggregate = 'last', windowMs = DEFAULT_WINDOW_MS, groupBy }: AlertMeasurement,
  known: MetricDefinitions,
): Expression {
  if (isVital(metric)) return VITALS[metric];
  const isHistogram = known.typeOf(metric) === 'histogram';
  const of: Selection = { metric, labels, ...(isHistogram && { part: 'count' as const }) };
  if (aggregate.startsWith('p')) {
    return {
      kind: 'quantile',
      q: quantileShare(aggregate) ?? NaN,
      of: { metric, labels },
      windowMs,
      by: groupBy,
    };
  }
  if (isHistogram && aggregate === 'avg') {
    const rateOf = (part: 'sum' | 'count'): Expression =>
      grouped('sum', groupBy, { kind: 'range', name: 'rate', of: { ...of, part }, windowMs });
    return { kind: 'arithmetic', operator: '/', left: rateOf('sum'), right: rateOf('count') };
  }
  if (aggregate === 'last') return grouped('sum', groupBy, { kind: 'last', of });
  const name = aggregate as Exclude<typeof aggregate, `p${number}`>;
  const merge = name === 'avg' || name === 'min' || name === 'max' ? name : 'sum';
  return grouped(merge, groupBy, { kind: 'range', name, of, windowMs });
}

/** Returns the share of a quantile: 0.95 for `p95`, 0.999 for `p99.9`; undefined for any other aggregation. */
export function quantileShare(aggregate: string): number | undefined {
  const percent = /^p(\d{1,2}(?:\.\d+)?|100)$/.exec(aggregate)?.[1];
  if (percent === undefined) return undefined;
  // Parsed, since 99.9 / 100 is slightly less than 0.999.
  return Number(`${percent}e-2`);
}

function grouped(
  name: 'sum' | 'avg' | 'min' | 'max',
  by: readonly string[] | undefined,
  of: Expression,
): Expression {
  return by === undefined ? of : { kind: 'merge', name, by, of };
}

/** Returns true if the condition has no labels, so that it is combined with any label set. */
export function hasNoLabels(condition: AlertCondition): boolean {
  if ('all' in condition) return condition.all.every(hasNoLabels);
  if ('any' in condition) return condition.any.every(hasNoLabels);
  return isVital(condition.metric) || condition.groupBy?.length === 0;
}
