import type { LabelMatcher, LabelPattern } from '../../history/label-matchers.js';
import {
  booleanOf,
  countOf,
  expectKeys,
  expectOption,
  MonitoringOptionsError,
} from '../../options/option-checks.js';
import type { AlertRule, Comparison, Condition, Measurement, RuleBase, ServiceLevel } from './alert-rule.js';
import {
  compileCondition,
  type CompiledRule,
  type KnownMetrics,
  quantileShare,
  wishesOf,
} from './compiled-rule.js';
import type { Expression } from './expression.js';
import { nearestName } from '../../metrics/nearest-name.js';
import { compileServiceLevel } from './service-level.js';
import { Template } from './template.js';
import { isVital, VITAL_NAMES } from './vitals.js';

const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const OPERATORS = ['>', '>=', '<', '<=', '==', '!='];
const AGGREGATES = ['last', 'rate', 'increase', 'delta', 'avg', 'min', 'max', 'sum'];
export const SEVERITIES = ['critical', 'warning', 'info'] as const;
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
export function compileRule(rule: AlertRule, known: Pick<KnownMetrics, 'typeOf'>): CompiledRule[] {
  const owner = checkBase(rule);
  const base = compileBase(owner, rule);
  if ('slo' in rule) {
    return compileServiceLevel(owner, rule.slo).map(({ severity, expression, measured }) =>
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
  base: Omit<CompiledRule, 'wishes' | 'longestWindowMs' | 'expression' | 'measured'>,
  condition: Expression,
  measured: readonly Expression[],
): CompiledRule {
  const wishes = wishesOf(condition);
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
    wishes,
    longestWindowMs: Math.max(0, ...wishes.map(({ windowMs = 0 }) => windowMs)),
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
    forMs: countOf(`forMs of ${owner}`, rule.forMs, 0, 0),
    keepFiringForMs: countOf(`keepFiringForMs of ${owner}`, rule.keepFiringForMs, 0, 0),
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
      return [name, new Template(`"${name}" in ${owner}`, text)];
    }),
  );
}

function checkCondition(owner: string, condition: Condition, known: Pick<KnownMetrics, 'typeOf'>): void {
  expectOption(owner, condition, 'an object', typeof condition === 'object' && condition !== null);
  for (const way of ['all', 'any'] as const) {
    if (!(way in condition)) continue;
    expectKeys(owner, condition, [way]);
    const conditions = (condition as Record<string, unknown>)[way];
    const valid = Array.isArray(conditions) && conditions.length > 0;
    expectOption(`${way} of ${owner}`, conditions, 'a list of conditions', valid);
    (conditions as Condition[]).forEach((part, i) => checkCondition(`${way}[${i}] of ${owner}`, part, known));
    return;
  }
  const comparison = condition as Comparison;
  expectKeys(owner, comparison, [...MEASUREMENT_KEYS, 'operator', 'threshold']);
  const { operator, threshold } = comparison;
  expectOption(`operator of ${owner}`, operator, oneOf(OPERATORS), OPERATORS.includes(operator));
  expectOption(`threshold of ${owner}`, threshold, 'a finite number', Number.isFinite(threshold));
  checkMeasurement(owner, comparison, known);
}

function checkMeasurement(
  owner: string,
  measurement: Measurement,
  known: Pick<KnownMetrics, 'typeOf'>,
): void {
  const { metric, aggregate = 'last', windowMs, groupBy, labels, dividedBy } = measurement;
  const isName = typeof metric === 'string' && /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(metric);
  expectOption(`metric of ${owner}`, metric, 'the name of a metric or a vital', isName);
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
  if (windowMs !== undefined) countOf(`windowMs of ${owner}`, windowMs, 0);
  if (groupBy !== undefined) {
    const valid =
      Array.isArray(groupBy) && groupBy.every((label) => typeof label === 'string' && NAME.test(label));
    expectOption(`groupBy of ${owner}`, groupBy, 'a list of label names', valid);
  }
  checkMatchers(`labels of ${owner}`, labels);
  if (dividedBy === undefined) return;
  expectKeys(`dividedBy of ${owner}`, dividedBy, MEASUREMENT_KEYS);
  checkMeasurement(`dividedBy of ${owner}`, dividedBy, known);
}

/** @throws {MonitoringOptionsError} for what is no matcher, or an expression that Prometheus cannot read */
export function checkMatchers(owner: string, matchers: Readonly<Record<string, LabelMatcher>> = {}): void {
  expectOption(owner, matchers, 'an object', typeof matchers === 'object' && matchers !== null);
  for (const [name, matcher] of Object.entries(matchers)) {
    expectOption(`a label in ${owner}`, name, 'of letters, digits and underscores', NAME.test(name));
    const isNegated = typeof matcher === 'object' && matcher !== null && 'not' in matcher;
    const pattern: LabelPattern = isNegated ? matcher.not : matcher;
    const valid =
      typeof pattern === 'string' ||
      pattern instanceof RegExp ||
      (Array.isArray(pattern) && pattern.every((value) => typeof value === 'string'));
    expectOption(`"${name}" in ${owner}`, pattern, 'a text, a list of texts or a regular expression', valid);
    if (!(pattern instanceof RegExp)) continue;
    if (pattern.flags !== '' || /\(\?[=!<]|\\[1-9]|\\k</.test(pattern.source)) {
      throw new MonitoringOptionsError(
        `Expected "${name}" in ${owner} to be without flags, lookarounds and back references, which Prometheus does not know, got ${String(pattern)}.`,
      );
    }
  }
}

function oneOf(names: readonly string[]): string {
  return `one of ${names.join(', ')}`;
}
