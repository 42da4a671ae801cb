import { MetricDefinitionError } from './errors.js';
import type { Labels } from './labels.js';

/** What the registry was asked for; a timer is exposed as a histogram. */
export type MetricKind = 'counter' | 'gauge' | 'histogram' | 'timer';

/**
 * What a gauge is when several workers have it: the sum, the largest, the smallest or the average of theirs, that of
 * the series which began first or last, or one series for each worker, told apart by the label `worker`.
 */
export type Aggregation = 'sum' | 'max' | 'min' | 'average' | 'first' | 'latest' | 'worker';

const AGGREGATIONS: readonly Aggregation[] = ['sum', 'max', 'min', 'average', 'first', 'latest', 'worker'];

/** The label that tells the series of the workers apart, of a gauge with `aggregate: 'worker'`. */
export const WORKER_LABEL = 'worker';

/** How a metric was defined. */
export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly labelNames: readonly string[];
  readonly seriesLimit: number;
  readonly aggregate: Aggregation | undefined;
}

/** Options that every kind of metric has. */
export interface MetricOptions<L extends string> {
  /** The labels that the metric has. */
  readonly labelNames?: readonly L[];
  /**
   * How many series this metric may have.
   * @default the limit of the registry
   */
  readonly seriesLimit?: number;
}

/** Options that bind one series at once. */
export interface BoundMetricOptions<L extends string> {
  /** The labels of the one series that is wanted. */
  readonly labels: Labels<L>;
}

/** Options of gauges. */
export interface GaugeOptions {
  /**
   * What it is when the metrics of several workers are brought together; see the option `cluster`.
   * @default 'sum'
   */
  readonly aggregate?: Aggregation;
}

/** Options of histograms and timers. */
export interface BucketOptions {
  /**
   * Upper bounds in strictly ascending order, in the unit of the metric.
   * @default 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
   */
  readonly buckets?: readonly number[];
}

/** Options as they come in, of whatever kind. */
export interface GivenOptions
  extends MetricOptions<string>, Partial<BoundMetricOptions<string>>, GaugeOptions, BucketOptions {}

/** A definition together with what only histograms and timers have. */
export interface DescribedMetric extends MetricDefinition {
  readonly upperBounds?: readonly number[];
}

/**
 * Checks that what is asked for is what exists; what the caller leaves open is not compared.
 *
 * @throws {MetricDefinitionError} naming both definitions
 */
export function assertSameDefinition(
  existing: DescribedMetric,
  kind: MetricKind,
  help: string | undefined,
  labelNames: readonly string[],
  { aggregate, buckets, seriesLimit }: GivenOptions,
): void {
  const upperBounds = buckets?.filter((bound) => bound !== Infinity);
  const same =
    existing.kind === kind &&
    (help === undefined || help === existing.help) &&
    sameList(labelNames.toSorted(), existing.labelNames.toSorted()) &&
    (upperBounds === undefined || sameList(upperBounds, existing.upperBounds ?? [])) &&
    (seriesLimit === undefined || seriesLimit === existing.seriesLimit) &&
    (aggregate === undefined || aggregate === existing.aggregate);
  if (same) return;
  const wanted: DescribedMetric = {
    name: existing.name,
    help: help ?? existing.help,
    kind,
    labelNames,
    seriesLimit: seriesLimit ?? existing.seriesLimit,
    aggregate: aggregate ?? existing.aggregate,
    ...(upperBounds && { upperBounds }),
  };
  throw new MetricDefinitionError(
    `${describeMetric(wanted)} conflicts with ${describeMetric(existing)}, which exists. Use the same definition, or another name.`,
  );
}

/** The definition in one line, for an error message. */
export function describeMetric(metric: DescribedMetric): string {
  const labels = metric.labelNames.length > 0 ? `{${metric.labelNames.join(', ')}}` : '';
  const buckets = metric.upperBounds ? ` with buckets [${metric.upperBounds.join(', ')}]` : '';
  const aggregate = metric.aggregate ? `, aggregated by ${metric.aggregate}` : '';
  return `${metric.kind} ${metric.name}${labels} "${metric.help}"${buckets}${aggregate}, limit ${metric.seriesLimit}`;
}

/**
 * Checks a limit of series.
 *
 * @throws {MetricDefinitionError} unless it is a whole number from 1 up, or Infinity
 */
export function checkedSeriesLimit(owner: string, limit: number): number {
  if (limit === Infinity || (Number.isInteger(limit) && limit >= 1)) return limit;
  throw new MetricDefinitionError(
    `Expected seriesLimit of ${owner} to be a whole number from 1 up, got ${String(limit)} (${typeof limit}).`,
  );
}

/**
 * Checks how the gauges of several workers are to be brought together.
 *
 * @throws {MetricDefinitionError} unless it is one of the ways there are, and its label is free
 */
export function checkedAggregate(
  owner: string,
  aggregate: Aggregation | undefined,
  labelNames: readonly string[],
): Aggregation | undefined {
  if (aggregate !== undefined && !AGGREGATIONS.includes(aggregate)) {
    throw new MetricDefinitionError(
      `Expected aggregate of ${owner} to be one of ${AGGREGATIONS.join(', ')}, got ${aggregate as string}.`,
    );
  }
  if (aggregate === 'worker' && labelNames.includes(WORKER_LABEL)) {
    throw new MetricDefinitionError(
      `${owner} has a label "${WORKER_LABEL}" of its own, which aggregate: 'worker' would add. Rename the label, or choose another aggregate.`,
    );
  }
  return aggregate;
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((element, i) => element === b[i]);
}
