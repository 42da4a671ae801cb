import { expectKeys, intervalMsOf } from '../../options/option-checks.js';

/** What is measured of the caches and the clients of Redis that the application uses. */
export interface CacheCollectorOptions {
  /**
   * How often the statistics of Redis are read, in milliseconds.
   * @default 15000
   */
  readonly intervalMs?: number;
  /**
   * How long that may take, in milliseconds.
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
