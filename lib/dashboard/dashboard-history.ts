import type { Expression } from '../query/expression.js';
import type { RangeSeries } from '../query/range-query.js';
import type { HistoryReadOptions } from '../query/readings.js';
import type { MetricsHistory } from '../query/metrics-history.js';

/** Options of a range query. */
export interface DashboardQueryOptions extends Pick<HistoryReadOptions, 'labels' | 'groupBy'> {
  /** Merging of rates over several instances; one process has nothing to merge. @default 'sum' */
  readonly across?: 'sum' | 'avg';
}

/** The reads of the history that charts and tables are made from: of this process, or of Prometheus over many. */
export interface DashboardHistory extends Pick<
  MetricsHistory,
  'intervalMs' | 'lastSample' | 'typeOf' | 'timestamps' | 'coveredMs' | 'metrics' | 'series' | 'bucketCounts'
> {
  /** Number of series that the queries so far have left out. @default 0 */
  readonly leftOut?: number;
  /** Computes an expression at several times, in equal distances. @default this process evaluates it itself */
  expressionRange?(expression: Expression, moments: readonly number[]): Generator<void, RangeSeries[], void>;
  queryRange(
    metric: string,
    statistic: Parameters<MetricsHistory['queryRange']>[1],
    windowMs: number,
    moments: readonly number[],
    options?: DashboardQueryOptions,
  ): ReturnType<MetricsHistory['queryRange']>;
}
