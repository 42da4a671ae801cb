import { expectKeys, intervalMsOf } from '../../options/option-checks.js';

/** Options of the collectors of caches and Redis servers. */
export interface CacheCollectorOptions {
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

/** @throws {MonitoringOptionsError} */
export function resolveCacheCollector(
  cache: CacheCollectorOptions | false = {},
): ResolvedCacheCollector | false {
  if (cache === false) return false;
  const option = 'collectors.cache';
  expectKeys(option, cache, ['intervalMs', 'timeoutMs']);
  return {
    intervalMs: intervalMsOf(`${option}.intervalMs`, cache.intervalMs, 15_000),
    timeoutMs: intervalMsOf(`${option}.timeoutMs`, cache.timeoutMs, 5_000),
  };
}
