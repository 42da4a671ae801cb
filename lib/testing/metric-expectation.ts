import type { MetricType } from '../metrics/naming-rules.js';
import { nearestName } from '../primitives/nearest-name.js';
import type { MetricFamily, MetricsSnapshot } from '../metrics/snapshot.js';
import { MetricAssertionError } from './metric-assertion.error.js';
import {
  familyIn,
  hasLabels,
  readSeries,
  renderSeries,
  type SeriesReading,
  type ExpectedLabels,
} from './matching-series.js';
import { type ObservedMetrics, TrackedMetrics } from './tracked-metrics.js';
import { LIBRARY_METRICS } from '../metrics/metric-names.js';

/** Maximum number of names or series in a failure message. */
const MAX_LISTED = 10;
/** Relative tolerance: the sum of floating-point numbers depends on the order of the additions. */
const ROUNDING = 1e-9;

const DROPPED_SAMPLES = LIBRARY_METRICS.droppedSamples;

/** The matchers of each metric type, for error messages. */
const MATCHERS: Readonly<Record<MetricType, string>> = {
  counter: 'toHaveIncreasedBy() or toHaveValue()',
  gauge: 'toHaveValue()',
  histogram: 'toHaveObserved() or toHaveObservedSum()',
};

/** The comparison of one matcher, and its wording in failure messages. */
interface MetricComparison {
  /** The metric types that the matcher applies to. */
  readonly types: readonly MetricType[];
  readonly valueOf: (series: SeriesReading) => number;
  /** Returns the expectation, such as `to have increased by 2`. */
  readonly expected: (value: number) => string;
  /** Returns the result, such as `increased by 1`. */
  readonly actual: (value: number) => string;
  /** True if the matcher compares an increase over time. */
  readonly isIncrease: boolean;
  /** The name of the matcher, at which the stack of a failure begins. */
  readonly matcher: 'toHaveValue' | 'toHaveIncreasedBy' | 'toHaveObserved' | 'toHaveObservedSum';
}

/**
 * Returns an expectation of a metric. It applies to the sum of every series that has the given labels. Other labels may
 * have any value.
 *
 * @param metrics a registry, whose increases count from its creation, or the result of `trackMetrics(registry)`
 * @param name the name of the metric
 */
export function expectMetric(
  metrics: ObservedMetrics,
  name: string,
  labels: ExpectedLabels = {},
): MetricExpectation {
  return new MetricExpectation(metrics, name, labels);
}

/** An expectation of a metric. Each matcher reads the metric when it is called. */
export class MetricExpectation {
  /** @internal */
  constructor(
    private readonly metrics: ObservedMetrics,
    private readonly name: string,
    private readonly labels: ExpectedLabels,
  ) {}

  /**
   * Asserts the total of a counter or the value of a gauge. At least one series must exist; of a gauge, exactly one.
   *
   * @throws {MetricAssertionError} if the value differs
   */
  toHaveValue(value: number): void {
    this.compare(value, {
      types: ['counter', 'gauge'],
      valueOf: (series) => series.value,
      expected: (wanted) => `to have the value ${wanted}`,
      actual: (found) => `has the value ${found}`,
      isIncrease: false,
      matcher: 'toHaveValue',
    });
  }

  /**
   * Asserts the increase of a counter since its registry was created, or since it was tracked. A missing series has
   * increased by 0.
   *
   * @throws {MetricAssertionError} if the increase differs
   */
  toHaveIncreasedBy(amount: number): void {
    this.compare(amount, {
      types: ['counter'],
      valueOf: ({ increase }) => increase,
      expected: (wanted) => `to have increased by ${wanted}`,
      actual: (found) => `increased by ${found}`,
      isIncrease: true,
      matcher: 'toHaveIncreasedBy',
    });
  }

  /**
   * Asserts the number of values that a histogram or timer observed since its registry was created, or since it was
   * tracked.
   *
   * @throws {MetricAssertionError} if the number differs
   */
  toHaveObserved(count: number): void {
    this.compare(count, {
      types: ['histogram'],
      valueOf: ({ increase }) => increase,
      expected: (wanted) => `to have observed ${countOf(wanted, 'value')}`,
      actual: (found) => `observed ${countOf(found, 'value')}`,
      isIncrease: true,
      matcher: 'toHaveObserved',
    });
  }

  /**
   * Asserts the sum of the values that a histogram or timer observed since its registry was created, or since it was
   * tracked. The sum of a timer is in seconds.
   *
   * @throws {MetricAssertionError} if the sum differs
   */
  toHaveObservedSum(sum: number): void {
    this.compare(sum, {
      types: ['histogram'],
      valueOf: ({ sumIncrease }) => sumIncrease,
      expected: (wanted) => `to have observed values whose sum is ${wanted}`,
      actual: (found) => `observed values whose sum is ${found}`,
      isIncrease: true,
      matcher: 'toHaveObservedSum',
    });
  }

  private compare(expected: number, comparison: MetricComparison): void {
    const { metrics, name, labels } = this;
    const now = metrics.snapshot();
    const before = metrics instanceof TrackedMetrics ? metrics.before : undefined;
    const since = before ? 'since it was tracked' : 'since the registry was created';
    const expectation = `Expected ${renderSeries(name, labels)} ${comparison.expected(expected)}${comparison.isIncrease ? ` ${since}` : ''}, but`;
    const fail = (reason: string, ...more: readonly string[]): never => {
      throw new MetricAssertionError(
        [`${expectation} ${reason}`, ...more].join('\n'),
        this[comparison.matcher],
      );
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
      ...listSeries(name, all, (series) => comparison.actual(comparison.valueOf(series))),
      ...describeDropped(now, before, name),
    ];
    if (found.length === 0 && !comparison.isIncrease) return fail('there is no such series.', ...details);
    if (found.length > 1 && family.type === 'gauge') {
      return fail(`${found.length} series have these labels. Pass the labels of exactly one.`, ...details);
    }
    const value = found.reduce((sum, series) => sum + comparison.valueOf(series), 0);
    if (!isSame(value, expected)) return fail(`it ${comparison.actual(value)}.`, ...details);
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
  if (names.length === 0) return 'There are no metrics: the registry is disabled.';
  const own = names.filter((name) => !name.startsWith('monitoring_'));
  if (own.length === 0) return 'There are no metrics but those of the registry itself.';
  return `Metrics: ${firstOf(own).join(', ')}.`;
}

function knownLabels({ labelNames }: MetricFamily, { defaultLabels }: MetricsSnapshot): string[] {
  return [...labelNames, ...Object.keys(defaultLabels)];
}

function describeLabels(unknown: string, family: MetricFamily, snapshot: MetricsSnapshot): string {
  const known = knownLabels(family, snapshot);
  if (known.length === 0) return ' It has no labels.';
  return `${suggest(unknown, known)} Its labels: ${known.join(', ')}.`;
}

function suggest(name: string, names: readonly string[]): string {
  const nearest = nearestName(name, names);
  return nearest === undefined ? '' : ` Did you mean ${nearest}?`;
}

function listSeries(
  name: string,
  all: readonly SeriesReading[],
  resultOf: (series: SeriesReading) => string,
): string[] {
  if (all.length === 0) return ['It has no series yet.'];
  const lines = all.map((series) => `  ${renderSeries(name, series.labels)} ${resultOf(series)}`);
  return ['Its series:', ...firstOf(lines)];
}

/** Describes dropped samples, a likely reason for a value that is too low. */
function describeDropped(now: MetricsSnapshot, before: MetricsSnapshot | undefined, name: string): string[] {
  const reasons = readSeries(now, before, DROPPED_SAMPLES)
    .filter(({ labels, increase }) => labels['metric'] === name && increase > 0)
    .map(({ labels, increase }) => `${labels['reason']} ${countOf(increase, 'time')}`);
  return reasons.length === 0 ? [] : [`Dropped samples: ${reasons.join(', ')}.`];
}

function firstOf(lines: readonly string[]): string[] {
  const more = lines.length - MAX_LISTED;
  return more > 0 ? [...lines.slice(0, MAX_LISTED), `  and ${more} more`] : [...lines];
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
