import { countOf, expectKeys, intervalMsOf } from '../../options/option-checks.js';

/** How requests are summed up by endpoint. */
export interface ApiStatisticsOptions {
  /** Over how long, in milliseconds. @default 300_000 */
  readonly windowMs?: number;
  /** Of how many endpoints there are metrics, the busiest first. @default 100 */
  readonly shownEndpoints?: number;
}

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
