import { expectKeys, intervalMsOf } from '../../options/option-checks.js';

/** Options of the collectors of caches and of Redis. */
export interface CacheCollectorOptions {
  /**
   * Interval at which the statistics of Redis are read, in milliseconds.
   * @default 15000
   */
  readonly intervalMs?: number;
  /**
   * Time limit of one such reading, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number;
}

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
