import { type LabelMatcher, type LabelPattern, labelTest, matchersOf } from '../../query/label-matchers.js';
import { nearestName } from '../../primitives/nearest-name.js';
import { countOf, expectObject, expectOption, optionError } from '../../options/option-checks.js';
import { optionOf } from '../../options/option-descriptions.js';
import { PortableRegExp } from '../../primitives/portable-regexp.js';
import { messageOf } from '../../primitives/error-message.js';
import type { AlertMeasurement } from './alert-rule.js';
import type { MetricDefinitions } from './compiled-rule.js';

export const SEVERITIES = ['critical', 'warning', 'info'] as const;
/** A valid label name. `__name__` is reserved for the name of the metric. */
const LABEL_NAME = /^(?!__name__$)[a-zA-Z_][a-zA-Z0-9_]*$/;
const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
/** The longest duration of Prometheus, which counts nanoseconds in 64 bits: 292 years. */
const MAX_DURATION_MS = 9_223_372_036_854;

/**
 * Checks label matchers.
 *
 * @throws {MonitoringOptionsError} for an invalid matcher, or a regular expression that Prometheus cannot read
 */
export function checkMatchers(owner: string, matchers: Readonly<Record<string, LabelMatcher>> = {}): void {
  expectObject(owner, matchers);
  for (const [name, matcher] of Object.entries(matchers)) {
    checkName(`a label name in ${owner}`, name);
    const option = `the label "${name}" in ${owner}`;
    const isNegated = typeof matcher === 'object' && matcher !== null && 'not' in matcher;
    const pattern: LabelPattern = isNegated ? matcher.not : matcher;
    const valid =
      typeof pattern === 'string' ||
      pattern instanceof RegExp ||
      (Array.isArray(pattern) && pattern.every((value) => typeof value === 'string'));
    expectOption(option, pattern, 'a string, an array of strings or a regular expression', valid);
    if (pattern instanceof RegExp) checkRegExp(option, pattern);
    else for (const text of [pattern].flat()) checkText(option, text);
  }
}

function checkRegExp(option: string, pattern: RegExp): void {
  const isPlain = pattern.flags === '' || pattern.flags === 'u';
  const problem = isPlain ? problemOf(pattern.source) : 'a flag';
  if (problem === undefined) return;
  const isUnsupported = !isPlain || /has (\(\?|\\[1-9k])/.test(problem);
  throw optionError(
    option,
    isUnsupported
      ? `must be a regular expression without flags, lookarounds and back references, which Prometheus does not support; got ${String(pattern)}.`
      : `must be a regular expression that means the same in Prometheus; got ${String(pattern)}: ${problem}.`,
  );
}

function problemOf(source: string): string | undefined {
  try {
    PortableRegExp.check(source);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * Checks the name of a rule, a label or an annotation.
 *
 * @throws {MonitoringOptionsError} if it is not a valid label name
 */
export function checkName(option: string, name: unknown): void {
  const isName = typeof name === 'string' && LABEL_NAME.test(name);
  expectOption(option, name, 'a name of letters, digits and underscores that begins with no digit', isName);
}

/**
 * Checks that a text is well-formed Unicode.
 *
 * @throws {MonitoringOptionsError} if it has lone surrogates, which no file can hold
 */
export function checkText(option: string, text: string): void {
  expectOption(option, text, 'well-formed Unicode, without lone surrogates', text.isWellFormed());
}

/**
 * Checks that a metric has the labels of a measurement: no series would match a label that it does not have.
 *
 * @throws {MonitoringOptionsError} for an unknown label
 */
export function checkLabels(
  owner: string,
  { metric, labels = {}, groupBy = [] }: Pick<AlertMeasurement, 'metric' | 'labels' | 'groupBy'>,
  { labelNamesOf }: MetricDefinitions,
): void {
  const names = labelNamesOf?.(metric);
  if (names === undefined) return;
  const required = matchersOf(labels)
    .filter((matcher) => !labelTest([matcher])({}))
    .map(({ name }) => name);
  for (const label of [...required, ...groupBy]) {
    if (names.includes(label)) continue;
    const nearest = nearestName(label, names);
    const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
    throw optionError(
      owner,
      `must use labels of ${metric}, which has ${listOf(names)}; got "${label}".${hint}`,
    );
  }
}

/**
 * Checks a list of label names.
 *
 * @throws {MonitoringOptionsError} if it is not an array of valid label names
 */
export function checkGroupBy(owner: string, groupBy: readonly string[] | undefined): void {
  if (groupBy === undefined) return;
  const valid =
    Array.isArray(groupBy) && groupBy.every((label) => typeof label === 'string' && LABEL_NAME.test(label));
  expectOption(optionOf(owner, 'groupBy'), groupBy, 'an array of label names', valid);
}

/**
 * Checks the name of a metric.
 *
 * @throws {MonitoringOptionsError} if it is not a valid metric name
 */
export function checkMetricName(owner: string, metric: string): void {
  const isName = typeof metric === 'string' && METRIC_NAME.test(metric);
  expectOption(optionOf(owner, 'metric'), metric, 'the name of a metric or a vital', isName);
}

/**
 * Returns a duration in milliseconds, or its default.
 *
 * @throws {MonitoringOptionsError} if it is not a whole number, or longer than Prometheus supports
 */
export function durationOf(
  option: string,
  ms: number | undefined,
  min: number,
  defaultMs: number = min,
): number {
  const duration = countOf(option, ms, defaultMs, min);
  const expected = `at most ${MAX_DURATION_MS} ms (292 years)`;
  expectOption(option, duration, expected, duration <= MAX_DURATION_MS);
  return duration;
}

/** Returns names as a list for an error message. */
export function listOf(names: readonly string[]): string {
  return names.length === 0 ? 'no labels' : names.map((name) => `"${name}"`).join(', ');
}

/** Returns the valid values of an option for an error message. */
export function oneOf(names: readonly string[]): string {
  return `one of ${names.join(', ')}`;
}
