import { expectKeys, expectOption, optionError } from '../../options/option-checks.js';
import { optionOf } from '../../options/option-descriptions.js';
import type { BurnRate, ServiceLevel, Severity } from './alert-rule.js';
import type { MetricDefinitions } from './compiled-rule.js';
import type { Expression, Selection } from '../../query/expression.js';
import {
  checkGroupBy,
  checkLabels,
  checkMatchers,
  checkMetricName,
  durationOf,
  oneOf,
  SEVERITIES,
} from './rule-checks.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The default burn rates. They detect that 2 %, 5 %, 10 % and 10 % of the error budget of 30 days are consumed. */
const DEFAULT_BURN_RATES: readonly BurnRate[] = [
  { longMs: HOUR, shortMs: 5 * MINUTE, factor: 14.4, severity: 'critical' },
  { longMs: 6 * HOUR, shortMs: 30 * MINUTE, factor: 6, severity: 'critical' },
  { longMs: DAY, shortMs: 2 * HOUR, factor: 3, severity: 'warning' },
  { longMs: 3 * DAY, shortMs: 6 * HOUR, factor: 1, severity: 'warning' },
];

type CounterSelection = NonNullable<ServiceLevel['total']>;

/** The source of the events of a service level: a histogram, or two counters. */
type EventSource =
  | { readonly latency: NonNullable<ServiceLevel['latency']> }
  | { readonly total: CounterSelection; readonly good: CounterSelection }
  | { readonly total: CounterSelection; readonly errors: CounterSelection };

/** The alert of a service level for one severity. */
export interface BurnRateAlert {
  readonly severity: Severity;
  readonly expression: Expression;
  readonly measured: readonly Expression[];
}

/**
 * Checks and compiles a service level.
 *
 * @throws {MonitoringOptionsError} for an invalid service level
 */
export function compileServiceLevel(
  owner: string,
  slo: ServiceLevel,
  known: MetricDefinitions,
): BurnRateAlert[] {
  const source = checkServiceLevel(optionOf(owner, 'slo'), slo, known);
  const { objective, groupBy = [], burnRates = DEFAULT_BURN_RATES } = slo;
  // Rounded, since 100 - 99.9 is slightly more than 0.1.
  const budget = Number((100 - objective).toPrecision(12)) / 100;
  const severities = [...new Set(burnRates.map(({ severity }) => severity))];
  return severities.map((severity) => {
    const measured: Expression[] = [];
    const tooFast = burnRates
      .filter((rate) => rate.severity === severity)
      .map(({ longMs, shortMs, factor }): Expression => {
        const threshold = Number((factor * budget).toPrecision(12));
        const over = (left: Expression): Expression => ({ kind: 'compare', operator: '>', left, threshold });
        const long = errorRatio(source, groupBy, longMs);
        measured.push(long);
        return { kind: 'and', left: over(long), right: over(errorRatio(source, groupBy, shortMs)) };
      });
    return { severity, expression: tooFast.reduce((left, right) => ({ kind: 'or', left, right })), measured };
  });
}

/** Returns the expression of the share of bad events within a window. */
function errorRatio(source: EventSource, groupBy: readonly string[], windowMs: number): Expression {
  const rateOf = (of: Selection): Expression => ({
    kind: 'merge',
    name: 'sum',
    by: groupBy,
    of: { kind: 'range', name: 'rate', of, windowMs },
  });
  if ('latency' in source) {
    const { metric, labels = {}, atMost } = source.latency;
    const all = rateOf({ metric, labels, part: 'count' });
    return complement(rateOf({ metric, labels, part: { upTo: atMost } }), all);
  }
  const ofCounter = ({ metric, labels = {} }: CounterSelection): Expression => rateOf({ metric, labels });
  const all = ofCounter(source.total);
  if ('good' in source) return complement(orZero(ofCounter(source.good), all), all);
  return divided(orZero(ofCounter(source.errors), all), all);
}

function complement(good: Expression, all: Expression): Expression {
  return { kind: 'arithmetic', operator: '-', left: 1, right: divided(good, all) };
}

function divided(left: Expression, right: Expression): Expression {
  return { kind: 'arithmetic', operator: '/', left, right };
}

/** Returns an expression that is 0 where only the total has a series: before the first error there is none of errors. */
function orZero(first: Expression, all: Expression): Expression {
  return { kind: 'or', left: first, right: { kind: 'arithmetic', operator: '*', left: 0, right: all } };
}

/** Checks a service level. @returns the source of its events */
function checkServiceLevel(option: string, slo: ServiceLevel, known: MetricDefinitions): EventSource {
  expectKeys(option, slo, ['objective', 'total', 'good', 'errors', 'latency', 'groupBy', 'burnRates']);
  const { objective, total, good, errors, latency, groupBy, burnRates } = slo;
  const isPercentage = typeof objective === 'number' && objective > 1 && objective < 100;
  expectOption(
    optionOf(option, 'objective'),
    objective,
    'a percentage above 1 and below 100, such as 99.9',
    isPercentage,
  );
  const source = sourceOf(option, slo);
  checkGroupBy(option, groupBy);
  for (const [name, part] of Object.entries({ total, good, errors, latency })) {
    if (part === undefined) continue;
    const keys = name === 'latency' ? ['metric', 'labels', 'atMost'] : ['metric', 'labels'];
    const own = optionOf(option, name);
    expectKeys(own, part, keys);
    checkMetricName(own, part.metric);
    checkMatchers(optionOf(own, 'labels'), part.labels);
    checkLabels(own, { ...part, ...(groupBy && { groupBy }) }, known);
  }
  if (latency !== undefined) {
    const { atMost } = latency;
    const expected = 'a bound of the buckets of the histogram';
    expectOption(optionOf(option, 'latency.atMost'), atMost, expected, Number.isFinite(atMost));
  }
  burnRates?.forEach((rate, i) => checkBurnRate(optionOf(option, `burnRates[${i}]`), rate));
  return source;
}

function sourceOf(option: string, { total, good, errors, latency }: ServiceLevel): EventSource {
  if (latency !== undefined && total === undefined && good === undefined && errors === undefined) {
    return { latency };
  }
  if (latency === undefined && total !== undefined) {
    if (good !== undefined && errors === undefined) return { total, good };
    if (errors !== undefined && good === undefined) return { total, errors };
  }
  throw optionError(option, 'must have either `latency`, or `total` with one of `good` and `errors`.');
}

function checkBurnRate(option: string, rate: BurnRate): void {
  expectKeys(option, rate, ['longMs', 'shortMs', 'factor', 'severity']);
  const { longMs, shortMs, factor, severity } = rate;
  durationOf(optionOf(option, 'longMs'), longMs, 1);
  durationOf(optionOf(option, 'shortMs'), shortMs, 1);
  const isFactor = Number.isFinite(factor) && factor > 0;
  expectOption(optionOf(option, 'factor'), factor, 'a number above 0', isFactor);
  const isSeverity = SEVERITIES.includes(severity);
  expectOption(optionOf(option, 'severity'), severity, oneOf(SEVERITIES), isSeverity);
}
