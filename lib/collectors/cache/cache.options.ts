import { flag, interval, type OptionTable, readOptions } from '../../options/option-table.js';

/** Options of the collectors of caches and Redis servers. */
export interface CacheCollectorOptions {
  /**
   * True to read the statistics of Redis servers; false to measure the clients only.
   * @default true; false on AWS Lambda
   */
  readonly serverStatistics?: boolean;
  /**
   * Interval at which Redis server statistics are read, in milliseconds.
   * @default 15000
   */
  readonly intervalMs?: number;
  /**
   * Time limit of one read of the statistics, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number;
}

/** Options of the cache collectors, with every default filled in. */
export type ResolvedCacheCollector = Required<CacheCollectorOptions>;

export const CACHE: OptionTable<CacheCollectorOptions> = {
  serverStatistics: flag(true),
  intervalMs: interval(15_000),
  timeoutMs: interval(5_000),
};

/** @throws {MonitoringOptionsError} */
export function resolveCacheCollector(
  cache: CacheCollectorOptions | false = {},
): ResolvedCacheCollector | false {
  return cache !== false && readOptions('collectors.cache', cache, CACHE);
}
