import {
  booleanOf,
  countOf,
  expectKeys,
  expectOption,
  MonitoringOptionsError,
} from '../../options/option-checks.js';
import { nearestName } from '../../metrics/nearest-name.js';
import type { AlertRule, Comparison, Condition, Measurement, RuleBase, ServiceLevel } from './alert-rule.js';
import {
  compileCondition,
  type CompiledRule,
  hasNoLabels,
  type KnownMetrics,
  type MetricDefinitions,
  quantileShare,
} from './compiled-rule.js';
import { type Expression, retentionOf } from '../../query/expression.js';
import {
  checkGroupBy,
  checkLabels,
  checkMatchers,
  checkMetricName,
  checkText,
  durationOf,
  listOf,
  NAME,
  oneOf,
  SEVERITIES,
} from './rule-checks.js';
import { compileServiceLevel } from './service-level.js';
import { Template } from './template.js';
import { isVital, PROCESS_CPU, VITAL_NAMES } from '../../query/vital-expressions.js';

const OPERATORS = ['>', '>=', '<', '<=', '==', '!='];
const AGGREGATES = ['last', 'rate', 'increase', 'delta', 'avg', 'min', 'max', 'sum'];
const BASE_KEYS: readonly (keyof RuleBase)[] = [
  'name',
  'message',
  'labels',
  'annotations',
  'forMs',
  'keepFiringForMs',
  'noData',
  'limit',
  'mayBeMissing',
];
const MEASUREMENT_KEYS: readonly (keyof Measurement)[] = [
  'metric',
  'labels',
  'aggregate',
  'windowMs',
  'groupBy',
  'dividedBy',
];
/** For the names that labels of a rule may not take. */
const OWN_LABELS = ['alertname', 'severity'];

/**
 * Checks a rule and makes of it what is evaluated: one rule, or several of a service level.
 *
 * @throws {MonitoringOptionsError} saying what is wrong with it
 */
export function compileRule(rule: AlertRule, known: MetricDefinitions): CompiledRule[] {
  const owner = checkBase(rule);
  const base = compileBase(owner, rule);
  if ('slo' in rule) {
    return compileServiceLevel(owner, rule.slo, known).map(({ severity, expression, measured }) =>
      completed({ ...base, severity, metrics: metricsOfLevel(rule.slo) }, expression, measured),
    );
  }
  const { severity, condition } = rule;
  expectOption(`severity of ${owner}`, severity, oneOf(SEVERITIES), SEVERITIES.includes(severity));
  checkCondition(`condition of ${owner}`, condition, known);
  const { expression, measured } = compileCondition(condition, known);
  return [completed({ ...base, severity, metrics: metricsOf(condition) }, expression, measured)];
}

/**
 * @throws {MonitoringOptionsError} for a metric that there is none of, with the nearest name
 */
export function assertKnown({ name, metrics, mayBeMissing }: CompiledRule, known: KnownMetrics): void {
  if (mayBeMissing) return;
  for (const metric of metrics) {
    if (known.typeOf(metric) !== undefined) continue;
    const nearest = nearestName(metric, [...known.names(), ...VITAL_NAMES]);
    const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
    throw new MonitoringOptionsError(
      `The alert rule "${name}" is about a metric that does not exist: "${metric}".${hint} Define the metric before the application starts, or give the rule mayBeMissing: true.`,
    );
  }
}

function completed(
  base: Omit<CompiledRule, 'retention' | 'longestWindowMs' | 'expression' | 'measured'>,
  condition: Expression,
  measured: readonly Expression[],
): CompiledRule {
  const texts = [base.message, ...Object.values(base.labels), ...Object.values(base.annotations)];
  const retention = retentionOf(condition);
  if (texts.some(({ needsProcessCpu }) => needsProcessCpu)) retention.push(...retentionOf(PROCESS_CPU));
  const expression =
    base.noData === 'alert'
      ? measured.reduce<Expression>(
          (left, of) => ({ kind: 'or', left, right: { kind: 'absent', of } }),
          condition,
        )
      : condition;
  return {
    ...base,
    expression,
    measured,
    retention,
    longestWindowMs: Math.max(0, ...retention.map(({ windowMs = 0 }) => windowMs)),
  };
}

/** The metrics that a condition names itself; those that a vital is made of are there or not. */
function metricsOf(condition: Condition): string[] {
  if ('all' in condition) return condition.all.flatMap(metricsOf);
  if ('any' in condition) return condition.any.flatMap(metricsOf);
  const metrics: string[] = [];
  for (let of: Measurement | undefined = condition; of !== undefined; of = of.dividedBy)
    metrics.push(of.metric);
  return metrics.filter((metric) => !isVital(metric));
}

function metricsOfLevel({ total, good, errors, latency }: ServiceLevel): string[] {
  return [total, good, errors, latency].flatMap((part) => (part === undefined ? [] : [part.metric]));
}

function checkBase(rule: AlertRule): string {
  expectOption('an alert rule', rule, 'an object', typeof rule === 'object' && rule !== null);
  expectOption(
    'the name of an alert rule',
    rule.name,
    'of letters, digits and underscores',
    typeof rule.name === 'string' && NAME.test(rule.name),
  );
  const owner = `the alert rule "${rule.name}"`;
  const isServiceLevel = 'slo' in rule;
  if (isServiceLevel === 'condition' in rule) {
    throw new MonitoringOptionsError(`Expected ${owner} to have either a condition or an slo.`);
  }
  expectKeys(owner, rule, [...BASE_KEYS, ...(isServiceLevel ? ['slo'] : ['condition', 'severity'])]);
  return owner;
}

function compileBase(owner: string, rule: RuleBase) {
  const { name, noData = 'ok', message = name, labels = {} } = rule;
  const options = ['ok', 'alert', 'keep'] as const;
  expectOption(`noData of ${owner}`, noData, oneOf(options), options.includes(noData));
  expectOption(`message of ${owner}`, message, 'a text', typeof message === 'string');
  checkText(`message of ${owner}`, message);
  expectOption(`labels of ${owner}`, labels, 'an object', typeof labels === 'object' && labels !== null);
  for (const label of OWN_LABELS) {
    if (Object.hasOwn(labels, label)) {
      throw new MonitoringOptionsError(
        `The label "${label}" of ${owner} is set by the rule itself. Choose another name.`,
      );
    }
  }
  return {
    name,
    message: new Template(`the message of ${owner}`, message),
    labels: templatesOf(`labels of ${owner}`, labels),
    annotations: templatesOf(`annotations of ${owner}`, rule.annotations),
    forMs: durationOf(`forMs of ${owner}`, rule.forMs, 0),
    keepFiringForMs: durationOf(`keepFiringForMs of ${owner}`, rule.keepFiringForMs, 0),
    noData,
    limit: rule.limit === undefined ? Infinity : countOf(`limit of ${owner}`, rule.limit, 1),
    mayBeMissing: booleanOf(`mayBeMissing of ${owner}`, rule.mayBeMissing, false),
  };
}

function templatesOf(owner: string, texts: Readonly<Record<string, string>> = {}): Record<string, Template> {
  expectOption(owner, texts, 'an object', typeof texts === 'object' && texts !== null);
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => {
      expectOption(`a name in ${owner}`, name, 'of letters, digits and underscores', NAME.test(name));
      expectOption(`"${name}" in ${owner}`, text, 'a text', typeof text === 'string');
      checkText(`"${name}" in ${owner}`, text);
      return [name, new Template(`"${name}" in ${owner}`, text)];
    }),
  );
}

function checkCondition(owner: string, condition: Condition, known: MetricDefinitions): void {
  expectOption(owner, condition, 'an object', typeof condition === 'object' && condition !== null);
  for (const way of ['all', 'any'] as const) {
    if (!(way in condition)) continue;
    expectKeys(owner, condition, [way]);
    const conditions = (condition as Record<string, unknown>)[way];
    const valid = Array.isArray(conditions) && conditions.length > 0;
    expectOption(`${way} of ${owner}`, conditions, 'a list of conditions', valid);
    (conditions as Condition[]).forEach((part, i) => checkCondition(`${way}[${i}] of ${owner}`, part, known));
    if (way === 'all') checkTogether(owner, conditions as Condition[], known);
    return;
  }
  const comparison = condition as Comparison;
  expectKeys(owner, comparison, [...MEASUREMENT_KEYS, 'operator', 'threshold']);
  const { operator, threshold } = comparison;
  expectOption(`operator of ${owner}`, operator, oneOf(OPERATORS), OPERATORS.includes(operator));
  expectOption(`threshold of ${owner}`, threshold, 'a finite number', Number.isFinite(threshold));
  checkMeasurement(owner, comparison, known);
}

function checkMeasurement(owner: string, measurement: Measurement, known: MetricDefinitions): void {
  const { metric, aggregate = 'last', windowMs, groupBy, labels, dividedBy } = measurement;
  checkMetricName(owner, metric);
  if (isVital(metric)) {
    const extra = MEASUREMENT_KEYS.filter((key) => key !== 'metric' && measurement[key] !== undefined);
    if (extra.length === 0) return;
    throw new MonitoringOptionsError(
      `Expected ${owner} to have no ${extra.join(' and no ')}, since ${metric} is one number, made of other metrics.`,
    );
  }
  const isQuantile = typeof aggregate === 'string' && quantileShare(aggregate) !== undefined;
  expectOption(
    `aggregate of ${owner}`,
    aggregate,
    `${oneOf(AGGREGATES)} or a quantile such as p95`,
    isQuantile || AGGREGATES.includes(aggregate),
  );
  const type = known.typeOf(metric);
  if (type === 'histogram' && ['delta', 'min', 'max', 'sum'].includes(aggregate)) {
    throw new MonitoringOptionsError(
      `Expected aggregate of ${owner} to be rate, increase, avg or a quantile such as p95, since ${metric} is a histogram, got "${aggregate}".`,
    );
  }
  if (isQuantile && type !== undefined && type !== 'histogram') {
    throw new MonitoringOptionsError(
      `Expected ${owner} to be about a histogram or a timer, since it asks for ${aggregate}; ${metric} is a ${type}.`,
    );
  }
  durationOf(`windowMs of ${owner}`, windowMs, 1);
  checkGroupBy(owner, groupBy);
  checkMatchers(`labels of ${owner}`, labels);
  checkLabels(owner, measurement, known);
  if (isQuantile && (groupBy?.includes('le') || Object.hasOwn(labels ?? {}, 'le'))) {
    throw new MonitoringOptionsError(
      `Expected ${owner} to do without the label "le", since ${aggregate} is made of all buckets.`,
    );
  }
  if (dividedBy === undefined) return;
  expectKeys(`dividedBy of ${owner}`, dividedBy, MEASUREMENT_KEYS);
  checkMeasurement(`dividedBy of ${owner}`, dividedBy, known);
  const [own, other] = [labelsOf(measurement, known), labelsOf(dividedBy, known)];
  if (own === undefined || other === undefined || isSameSet(own, other)) return;
  throw new MonitoringOptionsError(
    `Expected dividedBy of ${owner} to have the labels of what it divides, ${listOf(own)}, got ${listOf(other)}: only numbers of equal labels are divided. Give both the same groupBy.`,
  );
}

/** @throws {MonitoringOptionsError} for conditions that are never true of the same labels */
function checkTogether(owner: string, conditions: readonly Condition[], known: MetricDefinitions): void {
  const mixed = conditions.find(
    (condition) => 'any' in condition && !hasNoLabels(condition) && condition.any.some(hasNoLabels),
  );
  if (mixed !== undefined) {
    throw new MonitoringOptionsError(
      `Expected each any in ${owner} to have conditions with labels only, or without labels only. Give those with labels groupBy: [], or the others a groupBy.`,
    );
  }
  const [first, ...others] = conditions
    .filter((condition): condition is Comparison => 'metric' in condition && !hasNoLabels(condition))
    .map((condition) => labelsOf(condition, known))
    .filter((labels) => labels !== undefined);
  const other = others.find((labels) => !isSameSet(labels, first));
  if (other === undefined) return;
  throw new MonitoringOptionsError(
    `Expected the conditions in all of ${owner} to be about the same labels, got ${listOf(first)} and ${listOf(other)}, which are never equal. Give all of them the same groupBy.`,
  );
}

/** The labels of the numbers that a measurement comes to; undefined if they are not known. */
function labelsOf(
  { metric, groupBy }: Measurement,
  { labelNamesOf }: MetricDefinitions,
): readonly string[] | undefined {
  return isVital(metric) ? [] : (groupBy ?? labelNamesOf?.(metric));
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.every((name) => b.includes(name)) && b.every((name) => a.includes(name));
}
