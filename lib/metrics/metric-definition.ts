import { MetricDefinitionError } from './metric-definition.error.js';
import type { Labels } from './labels.js';
import { isSameList } from '../primitives/same-list.js';

/** The kind of a metric in this library; a timer is exposed as a histogram. */
export type MetricKind = 'counter' | 'gauge' | 'histogram' | 'timer';

/**
 * The aggregation of a metric over several workers: the sum of their values, the sum with one value for each `process`
 * whose threads report the same one, or one value that is `shared` by all workers, such as that of the machine or of a
 * database server. Gauges can also have the maximum, minimum or average of the values, the value of the series that was
 * created first or last, or one series for each worker with the label `worker`.
 */
export type Aggregation =
  'sum' | 'process' | 'shared' | 'max' | 'min' | 'average' | 'first' | 'latest' | 'worker';

const COUNTER_AGGREGATIONS: readonly Aggregation[] = ['sum', 'process', 'shared'];
const GAUGE_AGGREGATIONS: readonly Aggregation[] = [
  ...COUNTER_AGGREGATIONS,
  'max',
  'min',
  'average',
  'first',
  'latest',
  'worker',
];

/** The label with the worker of a series, on a gauge with `aggregate: 'worker'`. */
export const WORKER_LABEL = 'worker';

/** The definition of a metric. */
export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly labelNames: readonly string[];
  readonly seriesLimit: number;
  readonly aggregate: Aggregation | undefined;
  /** True if further label names may come with later series. An empty value means that a series has no such label. */
  readonly openLabels?: boolean;
}

/** Options of every kind of metric. */
export interface MetricOptions<L extends string> {
  /** Label names of the metric. @default none */
  readonly labelNames?: readonly L[];
  /**
   * Maximum number of series of this metric.
   * @default the limit of the registry
   */
  readonly seriesLimit?: number;
}

/** Options that return one bound series instead of the metric. */
export interface BoundMetricOptions<L extends string> {
  /** Labels of the series. */
  readonly labels: Labels<L>;
}

/** Options of counters. */
export interface CounterOptions {
  /**
   * Aggregation over several workers; see the option `cluster`.
   * @default 'sum'
   */
  readonly aggregate?: Extract<Aggregation, 'sum' | 'process' | 'shared'>;
}

/** Options of gauges. */
export interface GaugeOptions {
  /**
   * Aggregation over several workers; see the option `cluster`.
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

/** Options of a metric of any kind. */
export interface GivenOptions
  extends MetricOptions<string>, Partial<BoundMetricOptions<string>>, GaugeOptions, BucketOptions {}

/** A definition with the bucket bounds of a histogram or a timer. */
export interface DescribedMetric extends MetricDefinition {
  readonly upperBounds?: readonly number[];
}

/**
 * Checks that a definition agrees with that of an existing metric. Options that are not given are not compared.
 *
 * @throws {MetricDefinitionError} an error that shows both definitions
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
    existing.openLabels !== true &&
    (help === undefined || help === existing.help) &&
    isSameList(labelNames.toSorted(), existing.labelNames.toSorted()) &&
    (upperBounds === undefined || isSameList(upperBounds, existing.upperBounds ?? [])) &&
    (seriesLimit === undefined || seriesLimit === existing.seriesLimit) &&
    (aggregate === undefined || aggregate === existing.aggregate);
  if (same) return;
  const requested: DescribedMetric = {
    name: existing.name,
    help: help ?? existing.help,
    kind,
    labelNames,
    seriesLimit: seriesLimit ?? existing.seriesLimit,
    aggregate: aggregate ?? existing.aggregate,
    ...(upperBounds && { upperBounds }),
  };
  throw new MetricDefinitionError(
    `${describeMetric(requested)} conflicts with ${describeMetric(existing)}, which already exists. Use the same definition, or another name.`,
  );
}

/** Returns a definition in one line, for an error message. */
export function describeMetric(metric: DescribedMetric): string {
  const labels = metric.labelNames.length > 0 ? `{${metric.labelNames.join(', ')}}` : '';
  const buckets = metric.upperBounds ? ` with buckets [${metric.upperBounds.join(', ')}]` : '';
  const aggregate = metric.aggregate ? `, aggregated by ${metric.aggregate}` : '';
  return `${metric.kind} ${metric.name}${labels} "${metric.help}"${buckets}${aggregate}, seriesLimit ${metric.seriesLimit}`;
}

/**
 * Checks a series limit and returns it.
 *
 * @throws {MetricDefinitionError} unless it is a whole number of at least 1, or Infinity
 */
export function checkedSeriesLimit(owner: string, limit: number): number {
  if (limit === Infinity || (Number.isInteger(limit) && limit >= 1)) return limit;
  throw new MetricDefinitionError(
    `\`seriesLimit\` of ${owner} must be a whole number of at least 1, or Infinity; got ${String(limit)} (${typeof limit}).`,
  );
}

/**
 * Checks an aggregation and returns it.
 *
 * @throws {MetricDefinitionError} if it is unknown, or adds a label that the metric already has
 */
export function checkedAggregate(
  owner: string,
  kind: MetricKind,
  aggregate: Aggregation | undefined,
  labelNames: readonly string[],
): Aggregation | undefined {
  const known = kind === 'gauge' ? GAUGE_AGGREGATIONS : COUNTER_AGGREGATIONS;
  if (aggregate !== undefined && !known.includes(aggregate)) {
    throw new MetricDefinitionError(
      `\`aggregate\` of ${owner} must be one of ${known.join(', ')}; got "${aggregate as string}".`,
    );
  }
  if (aggregate === 'worker' && labelNames.includes(WORKER_LABEL)) {
    throw new MetricDefinitionError(
      `${owner} already has the label "${WORKER_LABEL}", which aggregate: 'worker' adds. Rename the label, or choose another aggregation.`,
    );
  }
  return aggregate;
}
