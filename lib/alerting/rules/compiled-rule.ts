import type { RetentionRequest } from '../../history/retention.js';
import type { MetricType } from '../../metrics/naming.js';
import type { Condition, Measurement, Severity } from './alert-rule.js';
import { type Expression, type Selection } from '../../query/expression.js';
import type { Template } from './template.js';
import { isVital, VITALS } from '../../query/vital-expressions.js';

/** What metrics there are. */
export interface KnownMetrics {
  typeOf(metric: string): MetricType | undefined;
  names(): readonly string[];
  /** The names of the labels that the series of a metric may have; undefined if that is not known. */
  labelNamesOf?(metric: string): readonly string[] | undefined;
}

/** What of the metrics has to be known to check and compile a rule. */
export type MetricDefinitions = Pick<KnownMetrics, 'typeOf' | 'labelNamesOf'>;

/** One alerting rule as Prometheus knows them. */
export interface CompiledRule {
  /** The name of the rule it was made of. */
  readonly name: string;
  readonly severity: Severity;
  readonly message: Template;
  readonly labels: Readonly<Record<string, Template>>;
  readonly annotations: Readonly<Record<string, Template>>;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly noData: 'ok' | 'alert' | 'keep';
  readonly limit: number;
  readonly mayBeMissing: boolean;
  /** The metrics that have to exist. */
  readonly metrics: readonly string[];
  readonly retention: readonly RetentionRequest[];
  /** Beyond this time after the start, in milliseconds, all of its windows have been seen. */
  readonly longestWindowMs: number;
  /** When it is true. */
  readonly expression: Expression;
  /** Everything that is compared: there is no data if none of it has any. */
  readonly measured: readonly Expression[];
}

/** How a condition is computed. */
export interface CompiledCondition {
  readonly expression: Expression;
  readonly measured: readonly Expression[];
}

const DEFAULT_WINDOW_MS = 300_000;

/** The expression of a condition that has been checked. */
export function compileCondition(condition: Condition, known: MetricDefinitions): CompiledCondition {
  if ('all' in condition || 'any' in condition) {
    return 'all' in condition ? allOf(condition.all, known) : anyOf(condition.any, known);
  }
  const left = compileMeasurement(condition, known);
  const { operator, threshold } = condition;
  return { expression: { kind: 'compare', operator, left, threshold }, measured: [left] };
}

/** Those without labels come last: a left side with labels can have them on the right, but not the other way round. */
function allOf(conditions: readonly Condition[], known: MetricDefinitions): CompiledCondition {
  const ordered = conditions.toSorted((a, b) => Number(hasNoLabels(a)) - Number(hasNoLabels(b)));
  const parts = ordered.map((part) => ({ ...compileCondition(part, known), onAny: hasNoLabels(part) }));
  const [first, ...others] = parts;
  return {
    expression: others.reduce<Expression>(
      (left, { expression: right, onAny }) => ({ kind: 'and', left, right, ...(onAny && { onAny }) }),
      first.expression,
    ),
    measured: parts.flatMap(({ measured }) => measured),
  };
}

function anyOf(conditions: readonly Condition[], known: MetricDefinitions): CompiledCondition {
  const parts = conditions.map((part) => compileCondition(part, known));
  return {
    expression: parts
      .map(({ expression }) => expression)
      .reduce((left, right) => ({ kind: 'or', left, right })),
    measured: parts.flatMap(({ measured }) => measured),
  };
}

function compileMeasurement(measurement: Measurement, known: MetricDefinitions): Expression {
  const own = compileNumber(measurement, known);
  const { dividedBy } = measurement;
  if (dividedBy === undefined) return own;
  return { kind: 'arithmetic', operator: '/', left: own, right: compileMeasurement(dividedBy, known) };
}

function compileNumber(
  { metric, labels = {}, aggregate = 'last', windowMs = DEFAULT_WINDOW_MS, groupBy }: Measurement,
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

/** The share of the values that a quantile stands for: 0.95 for `p95`, 0.999 for `p99.9`. */
export function quantileShare(aggregate: string): number | undefined {
  const percent = /^p(\d{1,2}(?:\.\d+)?|100)$/.exec(aggregate)?.[1];
  if (percent === undefined) return undefined;
  // 99.9 / 100 is a little less than what 0.999 is.
  return Number(`${percent}e-2`);
}

function grouped(
  name: 'sum' | 'avg' | 'min' | 'max',
  by: readonly string[] | undefined,
  of: Expression,
): Expression {
  return by === undefined ? of : { kind: 'merge', name, by, of };
}

/** Whether there is one number only, which all labels go together with. */
export function hasNoLabels(condition: Condition): boolean {
  if ('all' in condition) return condition.all.every(hasNoLabels);
  if ('any' in condition) return condition.any.every(hasNoLabels);
  return isVital(condition.metric) || condition.groupBy?.length === 0;
}
