import { expectKeys, expectOption, MonitoringOptionsError } from '../../options/option-checks.js';
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

/** Which use up 2 %, 5 %, 10 % and 10 % of the budget of 30 days before they are seen. */
export const DEFAULT_BURN_RATES: readonly BurnRate[] = [
  { longMs: HOUR, shortMs: 5 * MINUTE, factor: 14.4, severity: 'critical' },
  { longMs: 6 * HOUR, shortMs: 30 * MINUTE, factor: 6, severity: 'critical' },
  { longMs: DAY, shortMs: 2 * HOUR, factor: 3, severity: 'warning' },
  { longMs: 3 * DAY, shortMs: 6 * HOUR, factor: 1, severity: 'warning' },
];

/** What a service level comes down to for one severity. */
export interface BurnRateAlert {
  readonly severity: Severity;
  readonly expression: Expression;
  readonly measured: readonly Expression[];
}

/** @throws {MonitoringOptionsError} saying what is wrong with it */
export function compileServiceLevel(
  owner: string,
  slo: ServiceLevel,
  known: MetricDefinitions,
): BurnRateAlert[] {
  check(owner, slo, known);
  const { objective, burnRates = DEFAULT_BURN_RATES } = slo;
  // Of percents, so that 99.9 allows 0.001 and not a little more.
  const budget = Number((100 - objective).toPrecision(12)) / 100;
  const severities = [...new Set(burnRates.map(({ severity }) => severity))];
  return severities.map((severity) => {
    const measured: Expression[] = [];
    const tooFast = burnRates
      .filter((rate) => rate.severity === severity)
      .map(({ longMs, shortMs, factor }): Expression => {
        const threshold = Number((factor * budget).toPrecision(12));
        const over = (left: Expression): Expression => ({ kind: 'compare', operator: '>', left, threshold });
        const long = errorRatio(slo, longMs);
        measured.push(long);
        return { kind: 'and', left: over(long), right: over(errorRatio(slo, shortMs)) };
      });
    return { severity, expression: tooFast.reduce((left, right) => ({ kind: 'or', left, right })), measured };
  });
}

/** Which share was not good. */
function errorRatio(
  { total, good, errors, latency, groupBy = [] }: ServiceLevel,
  windowMs: number,
): Expression {
  const rateOf = (of: Selection): Expression => ({
    kind: 'merge',
    name: 'sum',
    by: groupBy,
    of: { kind: 'range', name: 'rate', of, windowMs },
  });
  const ofCounter = ({ metric, labels = {} }: { metric: string; labels?: Selection['labels'] }): Expression =>
    rateOf({ metric, labels });
  if (latency !== undefined) {
    const { metric, labels = {}, atMost } = latency;
    const all = rateOf({ metric, labels, part: 'count' });
    return notIn(rateOf({ metric, labels, part: { upTo: atMost } }), all);
  }
  const all = ofCounter(total!);
  if (good !== undefined) return notIn(orZero(ofCounter(good), all), all);
  return divided(orZero(ofCounter(errors!), all), all);
}

function notIn(good: Expression, all: Expression): Expression {
  return { kind: 'arithmetic', operator: '-', left: 1, right: divided(good, all) };
}

function divided(left: Expression, right: Expression): Expression {
  return { kind: 'arithmetic', operator: '/', left, right };
}

/** Before the first error there is no series of errors, but that is no lack of data. */
function orZero(first: Expression, all: Expression): Expression {
  return { kind: 'or', left: first, right: { kind: 'arithmetic', operator: '*', left: 0, right: all } };
}

function check(owner: string, slo: ServiceLevel, known: MetricDefinitions): void {
  const place = `slo of ${owner}`;
  expectKeys(place, slo, ['objective', 'total', 'good', 'errors', 'latency', 'groupBy', 'burnRates']);
  const { objective, total, good, errors, latency, groupBy, burnRates } = slo;
  const isShare = typeof objective === 'number' && objective > 0 && objective < 100;
  expectOption(`objective of ${place}`, objective, 'percents above 0 and below 100', isShare);
  const isLatency =
    latency !== undefined && total === undefined && good === undefined && errors === undefined;
  const isCounted =
    latency === undefined && total !== undefined && (good === undefined) !== (errors === undefined);
  if (!isLatency && !isCounted) {
    throw new MonitoringOptionsError(
      `Expected ${place} to have total and either good or errors, or else latency.`,
    );
  }
  checkGroupBy(place, groupBy);
  for (const [name, part] of Object.entries({ total, good, errors, latency })) {
    if (part === undefined) continue;
    const keys = name === 'latency' ? ['metric', 'labels', 'atMost'] : ['metric', 'labels'];
    expectKeys(`${name} of ${place}`, part, keys);
    checkMetricName(`${name} of ${place}`, part.metric);
    checkMatchers(`labels of ${name} of ${place}`, part.labels);
    checkLabels(`${name} of ${place}`, { ...part, ...(groupBy && { groupBy }) }, known);
  }
  if (latency !== undefined) {
    expectOption(
      `atMost of latency of ${place}`,
      latency.atMost,
      'a bound of its buckets',
      Number.isFinite(latency.atMost),
    );
  }
  burnRates?.forEach((rate, i) => {
    expectKeys(`burnRates[${i}] of ${place}`, rate, ['longMs', 'shortMs', 'factor', 'severity']);
    durationOf(`longMs of burnRates[${i}] of ${place}`, rate.longMs, 1);
    durationOf(`shortMs of burnRates[${i}] of ${place}`, rate.shortMs, 1);
    const isFactor = Number.isFinite(rate.factor) && rate.factor > 0;
    expectOption(`factor of burnRates[${i}] of ${place}`, rate.factor, 'a number above 0', isFactor);
    const isSeverity = SEVERITIES.includes(rate.severity);
    expectOption(`severity of burnRates[${i}] of ${place}`, rate.severity, oneOf(SEVERITIES), isSeverity);
  });
}
