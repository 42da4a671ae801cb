import { count, interval, type OptionTable, readOptions } from '../../options/option-table.js';

/** Options of the request statistics by endpoint. */
export interface ApiStatisticsOptions {
  /** Length of the sliding window, in milliseconds. @default 300_000 */
  readonly windowMs?: number;
  /** Number of endpoints with metrics, the busiest first. @default 100 */
  readonly maxEndpoints?: number;
}

/** Options of the request statistics, with every default filled in. */
export type ResolvedApiStatistics = Required<ApiStatisticsOptions>;

export const API: OptionTable<ApiStatisticsOptions> = {
  windowMs: interval(300_000),
  maxEndpoints: count(100),
};

/** @throws {MonitoringOptionsError} */
export function resolveApiStatistics(api: ApiStatisticsOptions | false = {}): ResolvedApiStatistics | false {
  return api !== false && readOptions('collectors.api', api, API);
}
