import type { MetricType } from '../metrics/naming.js';
import { nearestName } from '../metrics/nearest-name.js';
import type { MetricFamily, MetricsSnapshot } from '../metrics/snapshot.js';
import { MetricAssertionError } from './metric-assertion.error.js';
import {
  familyIn,
  hasLabels,
  readSeries,
  renderSeries,
  type SeriesReading,
  type SoughtLabels,
} from './sought-series.js';
import { type ObservedMetrics, TrackedMetrics } from './tracked-metrics.js';

/** How many names or series a failure lists. */
const LISTED = 10;
/** Sums of floating-point numbers differ in the last digits by the order in which they were added. */
const ROUNDING = 1e-9;

const REFUSED = 'monitoring_dropped_samples_total';

/** What fits a metric of each type, for whoever took a matcher that does not. */
const MATCHERS: Readonly<Record<MetricType, string>> = {
  counter: 'toHaveIncreasedBy() or toHaveValue()',
  gauge: 'toHaveValue()',
  histogram: 'toHaveObserved() or toHaveObservedSum()',
};

/** What to compare, and how to say it. */
interface Comparison {
  readonly types: readonly MetricType[];
  readonly of: (series: SeriesReading) => number;
  /** `to have increased by 2`. */
  readonly wish: (value: number) => string;
  /** `increased by 1`. */
  readonly fact: (value: number) => string;
  /** Whether it is about a span of time. */
  readonly since: boolean;
  /** The method that the test called, where the stack of a failure begins. */
  readonly matcher: 'toHaveValue' | 'toHaveIncreasedBy' | 'toHaveObserved' | 'toHaveObservedSum';
}

/**
 * Begins an expectation of a metric. It is about every series that has these labels, added up; labels that are left
 * out may have any value.
 *
 * @param metrics a registry, whose increases count from its beginning, or what `trackMetrics(registry)` gave
 * @param name as it was defined
 */
export function expectMetric(
  metrics: ObservedMetrics,
  name: string,
  labels: SoughtLabels = {},
): MetricExpectation {
  return new MetricExpectation(metrics, name, labels);
}

/** What a test says of a metric. Each matcher looks at the metric as it is when it is called. */
export class MetricExpectation {
  /** @internal */
  constructor(
    private readonly metrics: ObservedMetrics,
    private readonly name: string,
    private readonly labels: SoughtLabels,
  ) {}

  /**
   * The counter has this total, or the gauge this value. There must be such a series; of a gauge, one only.
   *
   * @throws {MetricAssertionError} if it has not
   */
  toHaveValue(value: number): void {
    this.compare(value, {
      types: ['counter', 'gauge'],
      of: (series) => series.value,
      wish: (wanted) => `to have the value ${wanted}`,
      fact: (found) => `has the value ${found}`,
      since: false,
      matcher: 'toHaveValue',
    });
  }

  /**
   * The counter grew by this much since its registry began, or since it was tracked. A series that there is not has
   * grown by 0.
   *
   * @throws {MetricAssertionError} if it did not
   */
  toHaveIncreasedBy(amount: number): void {
    this.compare(amount, {
      types: ['counter'],
      of: ({ increase }) => increase,
      wish: (wanted) => `to have increased by ${wanted}`,
      fact: (found) => `increased by ${found}`,
      since: true,
      matcher: 'toHaveIncreasedBy',
    });
  }

  /**
   * The histogram or timer was given this many values since its registry began, or since it was tracked.
   *
   * @throws {MetricAssertionError} if it was not
   */
  toHaveObserved(count: number): void {
    this.compare(count, {
      types: ['histogram'],
      of: ({ increase }) => increase,
      wish: (wanted) => `to have observed ${countOf(wanted, 'value')}`,
      fact: (found) => `observed ${countOf(found, 'value')}`,
      since: true,
      matcher: 'toHaveObserved',
    });
  }

  /**
   * The values that the histogram or timer was given have this sum, since its registry began, or since it was
   * tracked; that of a timer is in seconds.
   *
   * @throws {MetricAssertionError} if they have not
   */
  toHaveObservedSum(sum: number): void {
    this.compare(sum, {
      types: ['histogram'],
      of: ({ sumIncrease }) => sumIncrease,
      wish: (wanted) => `to have observed values whose sum is ${wanted}`,
      fact: (found) => `observed values whose sum is ${found}`,
      since: true,
      matcher: 'toHaveObservedSum',
    });
  }

  private compare(expected: number, comparison: Comparison): void {
    const { metrics, name, labels } = this;
    const now = metrics.snapshot();
    const before = metrics instanceof TrackedMetrics ? metrics.before : undefined;
    const since = before ? 'since it was tracked' : 'since the registry began';
    const wish = `Expected ${renderSeries(name, labels)} ${comparison.wish(expected)}${comparison.since ? ` ${since}` : ''}, but`;
    const fail = (reason: string, ...more: readonly string[]): never => {
      throw new MetricAssertionError([`${wish} ${reason}`, ...more].join('\n'), this[comparison.matcher]);
    };

    const family = familyIn(now, name);
    if (family === undefined)
      return fail(`there is no such metric.${suggest(name, namesIn(now))}`, listNames(now));
    if (!comparison.types.includes(family.type)) {
      return fail(`it is a ${family.type}: use ${MATCHERS[family.type]}.`);
    }
    const unknown = Object.keys(labels).find((label) => !knownLabels(family, now).includes(label));
    if (unknown !== undefined)
      return fail(`it has no label "${unknown}".${describeLabels(unknown, family, now)}`);

    const all = readSeries(now, before, name);
    const found = all.filter((series) => hasLabels(series.labels, now, labels));
    const details = [
      ...listSeries(name, all, (series) => comparison.fact(comparison.of(series))),
      ...describeRefusals(now, before, name),
    ];
    if (found.length === 0 && !comparison.since) return fail('there is no such series.', ...details);
    if (found.length > 1 && family.type === 'gauge') {
      return fail(`${found.length} series have these labels. Give the labels of one.`, ...details);
    }
    const value = found.reduce((sum, series) => sum + comparison.of(series), 0);
    if (!isSame(value, expected)) return fail(`it ${comparison.fact(value)}.`, ...details);
  }
}

function isSame(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= ROUNDING * Math.max(Math.abs(a), Math.abs(b));
}

function namesIn({ families }: MetricsSnapshot): string[] {
  return families.map(({ name }) => name);
}

function listNames(snapshot: MetricsSnapshot): string {
  const names = namesIn(snapshot);
  if (names.length === 0) return 'There are no metrics at all: the registry is not enabled.';
  const own = names.filter((name) => !name.startsWith('monitoring_'));
  if (own.length === 0) return 'There are no metrics but those of the registry itself.';
  return `There are: ${firstOf(own).join(', ')}.`;
}

function knownLabels({ labelNames }: MetricFamily, { defaultLabels }: MetricsSnapshot): string[] {
  return [...labelNames, ...Object.keys(defaultLabels)];
}

function describeLabels(unknown: string, family: MetricFamily, snapshot: MetricsSnapshot): string {
  const known = knownLabels(family, snapshot);
  if (known.length === 0) return ' It has no labels at all.';
  return `${suggest(unknown, known)} It has: ${known.join(', ')}.`;
}

function suggest(name: string, names: readonly string[]): string {
  const nearest = nearestName(name, names);
  return nearest === undefined ? '' : ` Did you mean ${nearest}?`;
}

function listSeries(
  name: string,
  all: readonly SeriesReading[],
  factOf: (series: SeriesReading) => string,
): string[] {
  if (all.length === 0) return ['It has no series yet.'];
  const lines = all.map((series) => `  ${renderSeries(name, series.labels)} ${factOf(series)}`);
  return ['Its series:', ...firstOf(lines)];
}

/** Samples that were refused are a likely reason for a number that is too small. */
function describeRefusals(now: MetricsSnapshot, before: MetricsSnapshot | undefined, name: string): string[] {
  const reasons = readSeries(now, before, REFUSED)
    .filter(({ labels, increase }) => labels['metric'] === name && increase > 0)
    .map(({ labels, increase }) => `${labels['reason']} ${countOf(increase, 'time')}`);
  return reasons.length === 0 ? [] : [`Samples of it were refused: ${reasons.join(', ')}.`];
}

function firstOf(lines: readonly string[]): string[] {
  const more = lines.length - LISTED;
  return more > 0 ? [...lines.slice(0, LISTED), `  and ${more} more`] : [...lines];
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
