import {
  booleanOf,
  countOf,
  expectKeys,
  expectOption,
  MonitoringOptionsError,
  optionError,
} from '../../options/option-checks.js';
import { optionOf } from '../../options/option-descriptions.js';
import { nearestName } from '../../primitives/nearest-name.js';
import type { AlertCondition, AlertRule, AlertMeasurement, RuleBase, ServiceLevel } from './alert-rule.js';
import {
  compileCondition,
  type CompiledRule,
  type KnownMetrics,
  type MetricDefinitions,
} from './compiled-rule.js';
import { compileCollection } from './collection.js';
import { checkCondition } from './condition-checks.js';
import { type Expression, retentionOf } from '../../query/expression.js';
import { checkName, checkText, durationOf, oneOf, SEVERITIES } from './rule-checks.js';
import { compileServiceLevel } from './service-level.js';
import { Template } from './template.js';
import { isVital, PROCESS_CPU, VITAL_NAMES } from '../../query/vital-definitions.js';

const BASE_KEYS: readonly (keyof RuleBase)[] = [
  'name',
  'message',
  'labels',
  'annotations',
  'forMs',
  'keepFiringForMs',
  'noData',
  'limit',
  'allowMissingMetric',
  'collect',
  'collectLimit',
];
const NO_DATA = ['ok', 'alert', 'keep'] as const;
/** The labels that the engine sets. */
const RESERVED_LABELS = ['alertname', 'severity'];

/**
 * Checks and compiles a rule. A service level gives one compiled rule for each severity.
 *
 * @throws {MonitoringOptionsError} for an invalid rule
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
  expectOption(optionOf(owner, 'severity'), severity, oneOf(SEVERITIES), SEVERITIES.includes(severity));
  checkCondition(optionOf(owner, 'condition'), condition, known);
  const { expression, measured } = compileCondition(condition, known);
  return [completed({ ...base, severity, metrics: metricsOf(condition) }, expression, measured)];
}

/**
 * Checks that the metrics of a rule exist, unless the rule allows missing ones.
 *
 * @throws {MonitoringOptionsError} for an unknown metric; the error suggests the nearest name
 */
export function assertKnown({ name, metrics, allowMissingMetric }: CompiledRule, known: KnownMetrics): void {
  if (allowMissingMetric) return;
  for (const metric of metrics) {
    if (known.typeOf(metric) !== undefined) continue;
    const nearest = nearestName(metric, [...known.names(), ...VITAL_NAMES]);
    const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
    throw new MonitoringOptionsError(
      `The alert rule "${name}" uses the metric "${metric}", which does not exist.${hint} Define the metric before the application starts, or set \`allowMissingMetric: true\` on the rule.`,
    );
  }
}

function completed(
  base: Omit<CompiledRule, 'retention' | 'longestWindowMs' | 'expression' | 'measured'>,
  condition: Expression,
  measured: readonly Expression[],
): CompiledRule {
  const templates = [base.message, ...Object.values(base.labels), ...Object.values(base.annotations)];
  const retention = retentionOf(condition);
  if (templates.some(({ needsProcessCpu }) => needsProcessCpu)) retention.push(...retentionOf(PROCESS_CPU));
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

/** Returns the metrics that a condition names. The metrics behind a vital are optional and not among them. */
function metricsOf(condition: AlertCondition): string[] {
  if ('all' in condition) return condition.all.flatMap(metricsOf);
  if ('any' in condition) return condition.any.flatMap(metricsOf);
  const metrics: string[] = [];
  for (let of: AlertMeasurement | undefined = condition; of !== undefined; of = of.dividedBy)
    metrics.push(of.metric);
  return metrics.filter((metric) => !isVital(metric));
}

function metricsOfLevel({ total, good, errors, latency }: ServiceLevel): string[] {
  return [total, good, errors, latency].flatMap((part) => (part === undefined ? [] : [part.metric]));
}

/** Checks the name and the kind of a rule. @returns the description of the rule for error messages */
function checkBase(rule: AlertRule): string {
  expectOption('an alert rule', rule, 'an object', typeof rule === 'object' && rule !== null);
  checkName('the name of an alert rule', rule.name);
  const owner = `the alert rule "${rule.name}"`;
  const isServiceLevel = 'slo' in rule;
  if (isServiceLevel === 'condition' in rule) {
    throw optionError(
      owner,
      `must have either a \`condition\` or an \`slo\`; it has ${isServiceLevel ? 'both' : 'neither'}.`,
    );
  }
  expectKeys(owner, rule, [...BASE_KEYS, ...(isServiceLevel ? ['slo'] : ['condition', 'severity'])]);
  return owner;
}

function compileBase(owner: string, rule: RuleBase) {
  const at = (key: keyof RuleBase): string => optionOf(owner, key);
  const { name, noData = 'ok', message = name, labels = {} } = rule;
  expectOption(at('noData'), noData, oneOf(NO_DATA), NO_DATA.includes(noData));
  expectOption(at('message'), message, 'a string', typeof message === 'string');
  checkText(at('message'), message);
  expectOption(at('labels'), labels, 'an object', typeof labels === 'object' && labels !== null);
  for (const label of RESERVED_LABELS) {
    if (Object.hasOwn(labels, label)) {
      throw optionError(
        at('labels'),
        `must not contain "${label}", which the rule sets itself. Choose another label name.`,
      );
    }
  }
  return {
    name,
    message: new Template(at('message'), message),
    labels: templatesOf(at('labels'), labels),
    annotations: templatesOf(at('annotations'), rule.annotations),
    forMs: durationOf(at('forMs'), rule.forMs, 0),
    keepFiringForMs: durationOf(at('keepFiringForMs'), rule.keepFiringForMs, 0),
    noData,
    limit: rule.limit === undefined ? Infinity : countOf(at('limit'), rule.limit, 1),
    allowMissingMetric: booleanOf(at('allowMissingMetric'), rule.allowMissingMetric, false),
    collection: compileCollection(owner, rule),
  };
}

function templatesOf(owner: string, texts: Readonly<Record<string, string>> = {}): Record<string, Template> {
  expectOption(owner, texts, 'an object', typeof texts === 'object' && texts !== null);
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => {
      checkName(`a name in ${owner}`, name);
      const option = `the text "${name}" in ${owner}`;
      expectOption(option, text, 'a string', typeof text === 'string');
      checkText(option, text);
      return [name, new Template(option, text)];
    }),
  );
}
