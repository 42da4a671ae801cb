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
  queryRange(
    metric: string,
    statistic: Parameters<MetricsHistory['queryRange']>[1],
    windowMs: number,
    moments: readonly number[],
    options?: DashboardQueryOptions,
  ): ReturnType<MetricsHistory['queryRange']>;
}
