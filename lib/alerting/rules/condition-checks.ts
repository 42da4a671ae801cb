import { expectKeys, expectOption, optionError } from '../../options/option-checks.js';
import { optionOf } from '../../options/option-descriptions.js';
import type { AlertCondition, AlertComparison, AlertMeasurement } from './alert-rule.js';
import { hasNoLabels, type MetricDefinitions, quantileShare } from './compiled-rule.js';
import {
  checkGroupBy,
  checkLabels,
  checkMatchers,
  checkMetricName,
  durationOf,
  listOf,
  oneOf,
} from './rule-checks.js';
import { isVital } from '../../query/vital-definitions.js';

const OPERATORS = ['>', '>=', '<', '<=', '==', '!='];
const AGGREGATIONS = ['last', 'rate', 'increase', 'delta', 'avg', 'min', 'max', 'sum'];
/** The aggregations of gauges, which a histogram does not have. */
const GAUGE_AGGREGATIONS = ['delta', 'min', 'max', 'sum'];
const MEASUREMENT_KEYS: readonly (keyof AlertMeasurement)[] = [
  'metric',
  'labels',
  'aggregate',
  'windowMs',
  'groupBy',
  'dividedBy',
];

/**
 * Checks the condition of a rule.
 *
 * @throws {MonitoringOptionsError} for an invalid condition, or one that can never hold
 */
export function checkCondition(owner: string, condition: AlertCondition, known: MetricDefinitions): void {
  expectOption(owner, condition, 'an object', typeof condition === 'object' && condition !== null);
  if ('all' in condition) {
    checkParts(owner, 'all', condition, condition.all, known);
    checkCommonLabels(optionOf(owner, 'all'), condition.all, known);
  } else if ('any' in condition) checkParts(owner, 'any', condition, condition.any, known);
  else checkComparison(owner, condition, known);
}

function checkParts(
  owner: string,
  key: 'all' | 'any',
  condition: AlertCondition,
  parts: readonly AlertCondition[],
  known: MetricDefinitions,
): void {
  expectKeys(owner, condition, [key]);
  const option = optionOf(owner, key);
  const valid = Array.isArray(parts) && parts.length > 0;
  expectOption(option, parts, 'a non-empty array of conditions', valid);
  parts.forEach((part, i) => checkCondition(optionOf(option, `[${i}]`), part, known));
}

function checkComparison(owner: string, comparison: AlertComparison, known: MetricDefinitions): void {
  expectKeys(owner, comparison, [...MEASUREMENT_KEYS, 'operator', 'threshold']);
  const { operator, threshold } = comparison;
  expectOption(optionOf(owner, 'operator'), operator, oneOf(OPERATORS), OPERATORS.includes(operator));
  const isNumber = Number.isFinite(threshold);
  expectOption(optionOf(owner, 'threshold'), threshold, 'a finite number', isNumber);
  checkMeasurement(owner, comparison, known);
}

function checkMeasurement(owner: string, measurement: AlertMeasurement, known: MetricDefinitions): void {
  const { metric, aggregate = 'last', windowMs, groupBy, labels, dividedBy } = measurement;
  checkMetricName(owner, metric);
  if (isVital(metric)) {
    const extra = MEASUREMENT_KEYS.filter((key) => key !== 'metric' && measurement[key] !== undefined);
    if (extra.length === 0) return;
    throw optionError(
      owner,
      `must not have ${extra.map((key) => `\`${key}\``).join(' or ')}: ${metric} is a vital, a single number computed from other metrics.`,
    );
  }
  checkAggregation(owner, measurement, known);
  durationOf(optionOf(owner, 'windowMs'), windowMs, 1);
  checkGroupBy(owner, groupBy);
  checkMatchers(optionOf(owner, 'labels'), labels);
  checkLabels(owner, measurement, known);
  const isQuantile = quantileShare(aggregate) !== undefined;
  if (isQuantile && (groupBy?.includes('le') || Object.hasOwn(labels ?? {}, 'le'))) {
    throw optionError(
      owner,
      `must not use the label "le", because ${aggregate} is computed from all buckets.`,
    );
  }
  if (dividedBy === undefined) return;
  const divisor = optionOf(owner, 'dividedBy');
  expectKeys(divisor, dividedBy, MEASUREMENT_KEYS);
  checkMeasurement(divisor, dividedBy, known);
  const [own, other] = [labelsOf(measurement, known), labelsOf(dividedBy, known)];
  if (own === undefined || other === undefined || isSameSet(own, other)) return;
  throw optionError(
    divisor,
    `must have the labels of the dividend, ${listOf(own)}; got ${listOf(other)}. Only numbers with equal labels are divided: set the same \`groupBy\` on both.`,
  );
}

function checkAggregation(
  owner: string,
  { metric, aggregate = 'last' }: AlertMeasurement,
  known: MetricDefinitions,
): void {
  const option = optionOf(owner, 'aggregate');
  const isQuantile = typeof aggregate === 'string' && quantileShare(aggregate) !== undefined;
  expectOption(
    option,
    aggregate,
    `${oneOf(AGGREGATIONS)} or a quantile such as p95`,
    isQuantile || AGGREGATIONS.includes(aggregate),
  );
  const type = known.typeOf(metric);
  if (type === 'histogram' && GAUGE_AGGREGATIONS.includes(aggregate)) {
    throw optionError(
      option,
      `must be rate, increase, avg or a quantile such as p95, because ${metric} is a histogram; got "${aggregate}".`,
    );
  }
  if (isQuantile && type !== undefined && type !== 'histogram') {
    throw optionError(
      option,
      `must not be a quantile, because ${metric} is a ${type}; got "${aggregate}". Use a histogram or a timer.`,
    );
  }
}

/**
 * Checks that the conditions of an `all` can hold for the same labels.
 *
 * @throws {MonitoringOptionsError} if they never do
 */
function checkCommonLabels(
  option: string,
  conditions: readonly AlertCondition[],
  known: MetricDefinitions,
): void {
  const mixed = conditions.find(
    (condition) => 'any' in condition && !hasNoLabels(condition) && condition.any.some(hasNoLabels),
  );
  if (mixed !== undefined) {
    throw optionError(
      option,
      'must not contain an `any` that mixes conditions with and without labels. Set `groupBy: []` on those with labels, or a `groupBy` on the others.',
    );
  }
  const [first, ...others] = conditions
    .filter((condition): condition is AlertComparison => 'metric' in condition && !hasNoLabels(condition))
    .map((condition) => labelsOf(condition, known))
    .filter((labels) => labels !== undefined);
  if (first === undefined) return;
  const other = others.find((labels) => !isSameSet(labels, first));
  if (other === undefined) return;
  throw optionError(
    option,
    `must have conditions with the same labels; got ${listOf(first)} and ${listOf(other)}, which never match. Set the same \`groupBy\` on all of them.`,
  );
}

/** Returns the label names of the numbers of a measurement; undefined if they are unknown. */
function labelsOf(
  { metric, groupBy }: AlertMeasurement,
  { labelNamesOf }: MetricDefinitions,
): readonly string[] | undefined {
  return isVital(metric) ? [] : (groupBy ?? labelNamesOf?.(metric));
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.every((name) => b.includes(name)) && b.every((name) => a.includes(name));
}
