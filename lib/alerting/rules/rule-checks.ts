import { type LabelMatcher, type LabelPattern, labelTest, matchersOf } from '../../query/label-matchers.js';
import { nearestName } from '../../metrics/nearest-name.js';
import { countOf, expectOption, MonitoringOptionsError } from '../../options/option-checks.js';
import { CommonRegExp } from '../../primitives/common-regexp.js';
import { messageOf } from '../../primitives/message-of.js';
import type { Measurement } from './alert-rule.js';
import type { MetricDefinitions } from './compiled-rule.js';

export const SEVERITIES = ['critical', 'warning', 'info'] as const;
/** A name of a label; that of the metric is none. */
export const NAME = /^(?!__name__$)[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Prometheus counts nanoseconds, in 64 bits: 292 years. */
const LONGEST_DURATION_MS = 9_223_372_036_854;

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
    if (pattern instanceof RegExp) checkRegExp(`"${name}" in ${owner}`, pattern);
    else for (const text of [pattern].flat()) checkText(`"${name}" in ${owner}`, text);
  }
}

function checkRegExp(owner: string, pattern: RegExp): void {
  const isPlain = pattern.flags === '' || pattern.flags === 'u';
  const problem = isPlain ? problemOf(pattern.source) : 'a flag';
  if (problem === undefined) return;
  const isKnown = !isPlain || /has (\(\?|\\[1-9k])/.test(problem);
  throw new MonitoringOptionsError(
    isKnown
      ? `Expected ${owner} to be without flags, lookarounds and back references, which Prometheus does not know, got ${String(pattern)}.`
      : `Expected ${owner} to mean the same in Prometheus, got ${String(pattern)}: ${problem}.`,
  );
}

function problemOf(source: string): string | undefined {
  try {
    CommonRegExp.check(source);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** @throws {MonitoringOptionsError} for a text that no file can hold */
export function checkText(owner: string, text: string): void {
  expectOption(owner, text, 'a text of whole characters', text.isWellFormed());
}

/** @throws {MonitoringOptionsError} for a label that the metric has not: no series would ever be found by it */
export function checkLabels(
  owner: string,
  { metric, labels = {}, groupBy = [] }: Pick<Measurement, 'metric' | 'labels' | 'groupBy'>,
  { labelNamesOf }: MetricDefinitions,
): void {
  const names = labelNamesOf?.(metric);
  if (names === undefined) return;
  const wanted = matchersOf(labels)
    .filter((matcher) => !labelTest([matcher])({}))
    .map(({ name }) => name);
  for (const label of [...wanted, ...groupBy]) {
    if (names.includes(label)) continue;
    const nearest = nearestName(label, names);
    const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
    throw new MonitoringOptionsError(
      `Expected ${owner} to use labels that ${metric} has, ${listOf(names)}, got "${label}".${hint}`,
    );
  }
}

/** @throws {MonitoringOptionsError} for what is no list of names of labels */
export function checkGroupBy(owner: string, groupBy: readonly string[] | undefined): void {
  if (groupBy === undefined) return;
  const valid =
    Array.isArray(groupBy) && groupBy.every((label) => typeof label === 'string' && NAME.test(label));
  expectOption(`groupBy of ${owner}`, groupBy, 'a list of label names', valid);
}

/** @throws {MonitoringOptionsError} for what cannot be the name of a metric */
export function checkMetricName(owner: string, metric: string): void {
  const isName = typeof metric === 'string' && /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(metric);
  expectOption(`metric of ${owner}`, metric, 'the name of a metric or a vital', isName);
}

/** @throws {MonitoringOptionsError} for what is no whole number of milliseconds, or more than Prometheus can count */
export function durationOf(
  owner: string,
  ms: number | undefined,
  least: number,
  byDefault: number = least,
): number {
  const duration = countOf(owner, ms, byDefault, least);
  const expected = `at most ${LONGEST_DURATION_MS} ms (292 years)`;
  expectOption(owner, duration, expected, duration <= LONGEST_DURATION_MS);
  return duration;
}

export function listOf(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `"${name}"`).join(', ');
}

export function oneOf(names: readonly string[]): string {
  return `one of ${names.join(', ')}`;
}
