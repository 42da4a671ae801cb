import type { BackTestResult } from '../alerting/evaluation/back-test.js';
import type { AlertAggregation, AlertRule, AlertComparison } from '../alerting/rules/alert-rule.js';
import type { MetricType } from '../metrics/naming-rules.js';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { ApiError } from './dashboard-api.endpoints.js';
import { oneOf } from './query-parameters.js';

/** A time in which an alert would have fired. */
export interface TrialFiring {
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since the Unix epoch. */
  readonly from: number;
  /** Absent if it would still fire. */
  readonly to?: number;
}

/** The result of trying a rule over the history. */
export interface RuleTrial {
  /** The rule as an entry of the option `alerting.rules`. */
  readonly code: string;
  readonly threshold: number;
  readonly operator: string;
  /** Newest first. */
  readonly firings: readonly TrialFiring[];
  /** Number of firings, those that are left out included. */
  readonly count: number;
  readonly from: number;
  readonly to: number;
  /** The time from which on the history covers the windows of the rule. */
  readonly completeFrom?: number;
  /** The error of the last evaluation that failed. */
  readonly problem?: string;
}

const AGGREGATIONS = ['last', 'rate', 'increase', 'avg', 'min', 'max', 'p50', 'p90', 'p95', 'p99'] as const;
const OPERATORS = ['>', '>=', '<', '<='] as const;
const MAX_FIRINGS = 200;
const MAX_WINDOW_MS = 24 * 3_600_000;

/** The aggregation that says most about a metric. */
const USUAL: Readonly<Record<MetricType, (typeof AGGREGATIONS)[number]>> = {
  counter: 'rate',
  gauge: 'last',
  histogram: 'p95',
};

/**
 * Returns the rule of a request.
 *
 * @param typeOf returns the type of a metric; undefined if there is no sample of it
 * @throws {ApiError}
 */
export function ruleOf(
  query: URLSearchParams,
  tags: ReadonlyMap<string, string>,
  typeOf: (metric: string) => MetricType | undefined,
): AlertRule {
  const metric = query.get('name') ?? '';
  const aggregate = oneOf(
    query,
    'aggregate',
    AGGREGATIONS,
    USUAL[typeOf(metric) ?? 'gauge'],
  ) satisfies AlertAggregation;
  const operator = oneOf(query, 'operator', OPERATORS, '>');
  const threshold = numberOf(query, 'threshold', 0, -Infinity);
  const forMs = numberOf(query, 'forMs', 0, 0);
  const windowMs = numberOf(query, 'windowMs', 300_000, 1);
  const groupBy = query.getAll('by');
  const condition: AlertComparison = {
    metric,
    ...(tags.size > 0 && { labels: Object.fromEntries(tags) }),
    ...(aggregate !== 'last' && { aggregate, windowMs }),
    ...(groupBy.length > 0 && { groupBy }),
    operator,
    threshold,
  };
  const side = operator.startsWith('>') ? 'above' : 'below';
  return {
    name: `${metric.replaceAll(/[^A-Za-z0-9_]/g, '_')}_${side}`,
    condition,
    severity: oneOf(query, 'severity', ['warning', 'critical', 'info'], 'warning'),
    ...(forMs > 0 && { forMs }),
    message: `${metric} is {{ value | printf "%.2f" }} (limit ${threshold})`,
  };
}

/**
 * Tries a rule over the history.
 *
 * @param backTest evaluates a rule over the samples of the past
 * @throws {ApiError} if the rule is invalid, or nothing of its metric is known
 */
export async function tryRule(
  rule: AlertRule,
  backTest: (rule: AlertRule) => Promise<BackTestResult>,
): Promise<RuleTrial> {
  const { timelines, from, to, completeFrom, lastError } = await accepted(backTest(rule));
  const firings: TrialFiring[] = [];
  for (const { labels, changes } of timelines) {
    let since: number | undefined;
    for (const { type, at } of changes) {
      if (type === 'firing') since ??= at;
      else if (type === 'resolved' && since !== undefined) {
        firings.push({ labels: ownLabels(labels), from: since, to: at });
        since = undefined;
      }
    }
    if (since !== undefined) firings.push({ labels: ownLabels(labels), from: since });
  }
  const condition = 'condition' in rule ? (rule.condition as AlertComparison) : undefined;
  return {
    code: codeOf(rule),
    threshold: condition?.threshold ?? NaN,
    operator: condition?.operator ?? '>',
    firings: firings.toSorted((a, b) => b.from - a.from).slice(0, MAX_FIRINGS),
    count: firings.length,
    from,
    to,
    ...(completeFrom !== undefined && { completeFrom }),
    ...(lastError !== undefined && { problem: lastError }),
  };
}

async function accepted<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof MonitoringOptionsError) throw new ApiError(400, error.message);
    throw error;
  }
}

function ownLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const { alertname: _, severity: __, ...own } = labels;
  return own;
}

function numberOf(query: URLSearchParams, name: string, otherwise: number, least: number): number {
  const given = query.get(name);
  if (given === null) return otherwise;
  const value = Number(given);
  const isDuration = name.endsWith('Ms');
  if (
    given.trim() === '' ||
    !Number.isFinite(value) ||
    value < least ||
    (isDuration && value > MAX_WINDOW_MS)
  ) {
    throw new ApiError(
      400,
      `\`${name}\` must be a number${isDuration ? ' of milliseconds, of a day at most' : ''}.`,
    );
  }
  return value;
}

/** Returns a value of plain objects, arrays, strings and numbers as TypeScript. */
export function codeOf(value: unknown, indent = ''): string {
  const inner = `${indent}  `;
  if (typeof value === 'string') return stringCode(value);
  if (Array.isArray(value)) return `[${value.map((each) => codeOf(each, inner)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const lines = Object.entries(value).map(
    ([name, each]) =>
      `${inner}${/^[A-Za-z_$][\w$]*$/.test(name) ? name : stringCode(name)}: ${codeOf(each, inner)},\n`,
  );
  return `{\n${lines.join('')}${indent}}`;
}

function stringCode(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
