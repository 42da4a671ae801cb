import type { RetentionRequest } from '../history/retention.js';
import type { LabelMatchers } from './label-matchers.js';
import { groupByLabels, keyOf } from './label-sets.js';
import type { MetricsHistory } from './metrics-history.js';
import type { HistoryReading } from './readings.js';

/** The name of a function over a window. */
export type RangeName = 'rate' | 'increase' | 'delta' | 'avg' | 'min' | 'max' | 'sum';
/** The name of an aggregation over several series. */
export type MergeName = 'sum' | 'avg' | 'min' | 'max';
/** An operator that compares a number with a threshold. */
export type ComparisonOperator = '>' | '>=' | '<' | '<=' | '==' | '!=';
/** An operator that computes a number from two others. */
export type ArithmeticOperator = '+' | '-' | '*' | '/';

/** A selection of numbers of a metric: its values, or the count, the sum or one bucket of a histogram. */
export interface Selection {
  readonly metric: string;
  readonly labels: LabelMatchers;
  readonly part?: 'count' | 'sum' | { readonly upTo: number };
}

/**
 * An expression tree of an alert rule. It is evaluated over the history and written as PromQL for Prometheus; both mean
 * the same.
 */
export type Expression =
  | { readonly kind: 'last'; readonly of: Selection }
  | { readonly kind: 'range'; readonly name: RangeName; readonly of: Selection; readonly windowMs: number }
  | {
      readonly kind: 'quantile';
      readonly q: number;
      readonly of: Selection;
      readonly windowMs: number;
      readonly by: readonly string[] | undefined;
    }
  | {
      readonly kind: 'merge';
      readonly name: MergeName;
      readonly by: readonly string[];
      readonly of: Expression;
    }
  | {
      readonly kind: 'arithmetic';
      readonly operator: ArithmeticOperator;
      readonly left: Expression | number;
      readonly right: Expression | number;
    }
  | {
      readonly kind: 'compare';
      readonly operator: ComparisonOperator;
      readonly left: Expression;
      readonly threshold: number;
    }
  /** The results on the left whose labels are also on the right; with `onAny`, all of them if the right has any. */
  | { readonly kind: 'and'; readonly left: Expression; readonly right: Expression; readonly onAny?: boolean }
  /** The results on the left, and those on the right whose labels are not on the left. */
  | { readonly kind: 'or'; readonly left: Expression; readonly right: Expression }
  /** One result without labels, if the expression has none. */
  | { readonly kind: 'absent'; readonly of: Expression };

/** One result of an expression. */
export interface Finding extends HistoryReading {
  /** The expression that was compared, if the result is that of a comparison. */
  readonly of?: Expression;
}

/**
 * Evaluates an expression at a time, in milliseconds since the Unix epoch.
 *
 * @throws {Error} if a histogram lacks the bucket that the expression selects
 */
export function evaluate(expression: Expression, history: MetricsHistory, at: number): readonly Finding[] {
  switch (expression.kind) {
    case 'last':
      return history.last(expression.of.metric, { ...readOptions(expression.of, history), at });
    case 'range':
      return rangeOf(expression, history, at);
    case 'quantile': {
      const { q, of, windowMs, by } = expression;
      return history.bucketQuantile(of.metric, q, windowMs, {
        labels: of.labels,
        ...(by && { groupBy: by }),
        at,
      });
    }
    case 'merge':
      return merged(expression.name, expression.by, evaluate(expression.of, history, at));
    case 'arithmetic':
      return calculated(expression, history, at);
    case 'compare': {
      const { operator, left, threshold } = expression;
      return evaluate(left, history, at)
        .filter(({ value }) => COMPARISONS[operator](value, threshold))
        .map(({ labels, value }) => ({ labels, value, of: left }));
    }
    case 'and': {
      const right = evaluate(expression.right, history, at);
      const keys = new Set(right.map(({ labels }) => keyOf(labels)));
      return evaluate(expression.left, history, at).filter(({ labels }) =>
        expression.onAny ? right.length > 0 : keys.has(keyOf(labels)),
      );
    }
    case 'or': {
      const left = evaluate(expression.left, history, at);
      const keys = new Set(left.map(({ labels }) => keyOf(labels)));
      return [
        ...left,
        ...evaluate(expression.right, history, at).filter(({ labels }) => !keys.has(keyOf(labels))),
      ];
    }
    default:
      return evaluate(expression.of, history, at).length > 0 ? [] : [{ labels: {}, value: 1 }];
  }
}

/** Returns true if a result may depend on several series, or on there being none, so that without one it may be wrong. */
export function combinesSeries(expression: Expression | number): boolean {
  if (typeof expression === 'number') return false;
  switch (expression.kind) {
    case 'last':
    case 'range':
      return false;
    case 'quantile':
      return expression.by !== undefined;
    case 'merge':
    case 'absent':
      return true;
    case 'compare':
      return combinesSeries(expression.left);
    default:
      return combinesSeries(expression.left) || combinesSeries(expression.right);
  }
}

/** Returns every selection of an expression with its window in milliseconds. */
export function selectionsOf(expression: Expression | number): { of: Selection; windowMs: number }[] {
  if (typeof expression === 'number') return [];
  switch (expression.kind) {
    case 'last':
      return [{ of: expression.of, windowMs: 0 }];
    case 'range':
    case 'quantile':
      return [{ of: expression.of, windowMs: expression.windowMs }];
    case 'merge':
    case 'absent':
      return selectionsOf(expression.of);
    case 'compare':
      return selectionsOf(expression.left);
    default:
      return [...selectionsOf(expression.left), ...selectionsOf(expression.right)];
  }
}

/** Returns the retention requests that an expression needs, one for each metric. */
export function retentionOf(expression: Expression): RetentionRequest[] {
  const windows = new Map<string, number>();
  for (const { of, windowMs } of selectionsOf(expression)) {
    windows.set(of.metric, Math.max(windows.get(of.metric) ?? 0, windowMs));
  }
  return [...windows].map(([metric, windowMs]) => ({ metric, windowMs }));
}

const COMPARISONS: Readonly<Record<ComparisonOperator, (value: number, threshold: number) => boolean>> = {
  '>': (value, threshold) => value > threshold,
  '>=': (value, threshold) => value >= threshold,
  '<': (value, threshold) => value < threshold,
  '<=': (value, threshold) => value <= threshold,
  '==': (value, threshold) => value === threshold,
  '!=': (value, threshold) => value !== threshold,
};

const ARITHMETIC: Readonly<Record<ArithmeticOperator, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
};

/** The aggregations, which round and treat NaN as those of Prometheus do. */
const MERGES: Readonly<Record<MergeName, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  avg: (values) => values.reduce(runningMean),
  min: (values) => values.reduce((least, value) => (least > value || Number.isNaN(least) ? value : least)),
  max: (values) => values.reduce((most, value) => (most < value || Number.isNaN(most) ? value : most)),
};

function runningMean(mean: number, value: number, index: number): number {
  const isInfinite = Math.abs(mean) === Infinity;
  if (isInfinite && (value === mean || Number.isFinite(value))) return mean;
  return mean + (value / (index + 1) - mean / (index + 1));
}

function rangeOf(
  { name, of, windowMs }: Extract<Expression, { kind: 'range' }>,
  history: MetricsHistory,
  at: number,
): HistoryReading[] {
  const options = { ...readOptions(of, history), at };
  switch (name) {
    case 'rate':
      return history.rate(of.metric, windowMs, options);
    case 'increase':
      return history.increase(of.metric, windowMs, options);
    case 'delta':
      return history.delta(of.metric, windowMs, options);
    case 'avg':
      return history.average(of.metric, windowMs, options);
    case 'min':
      return history.min(of.metric, windowMs, options);
    case 'max':
      return history.max(of.metric, windowMs, options);
    default:
      return history.sum(of.metric, windowMs, options);
  }
}

function readOptions({ metric, labels, part }: Selection, history: MetricsHistory) {
  if (typeof part !== 'object') return { labels, ...(part && { part }) };
  const bucket = history.upperBounds(metric).indexOf(part.upTo);
  if (bucket < 0 && history.typeOf(metric) !== undefined) {
    throw new Error(
      `${metric} has no bucket with the upper bound ${part.upTo}; its bounds are ${history.upperBounds(metric).join(', ')}`,
    );
  }
  return { labels, part: { bucket } };
}

function merged(
  name: MergeName,
  by: readonly string[],
  readings: readonly HistoryReading[],
): HistoryReading[] {
  return groupByLabels(readings, by).map(({ labels, items }) => ({
    labels,
    value: MERGES[name](items.map(({ value }) => value)),
  }));
}

function calculated(
  { operator, left, right }: Extract<Expression, { kind: 'arithmetic' }>,
  history: MetricsHistory,
  at: number,
): HistoryReading[] {
  const calculate = ARITHMETIC[operator];
  if (typeof left === 'number') {
    return operandOf(right, history, at).map(({ labels, value }) => ({
      labels,
      value: calculate(left, value),
    }));
  }
  const readings = evaluate(left, history, at);
  if (typeof right === 'number') {
    return readings.map(({ labels, value }) => ({ labels, value: calculate(value, right) }));
  }
  const others = new Map(evaluate(right, history, at).map(({ labels, value }) => [keyOf(labels), value]));
  return readings.flatMap(({ labels, value }) => {
    const other = others.get(keyOf(labels));
    return other === undefined ? [] : [{ labels, value: calculate(value, other) }];
  });
}

function operandOf(
  operand: Expression | number,
  history: MetricsHistory,
  at: number,
): readonly HistoryReading[] {
  return typeof operand === 'number' ? [{ labels: {}, value: operand }] : evaluate(operand, history, at);
}
