import { countOf, expectKeys, intervalMsOf } from '../../options/option-checks.js';

/** Options of the request statistics by endpoint. */
export interface ApiStatisticsOptions {
  /** Length of the sliding window, in milliseconds. @default 300_000 */
  readonly windowMs?: number;
  /** Number of endpoints with metrics, the busiest first. @default 100 */
  readonly shownEndpoints?: number;
}

/** Options of the request statistics, with every default filled in. */
export type ResolvedApiStatistics = Required<ApiStatisticsOptions>;

/** @throws {MonitoringOptionsError} */
export function resolveApiStatistics(api: ApiStatisticsOptions | false = {}): ResolvedApiStatistics | false {
  if (api === false) return false;
  expectKeys('collectors.api', api, ['windowMs', 'shownEndpoints']);
  return {
    windowMs: intervalMsOf('collectors.api.windowMs', api.windowMs, 300_000),
    shownEndpoints: countOf('collectors.api.shownEndpoints', api.shownEndpoints, 100),
  };
}
