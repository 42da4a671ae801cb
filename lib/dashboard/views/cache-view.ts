import { by, p95, panel, rate, value, type View } from './panel.js';
import { CACHE_METRICS, REDIS_METRICS } from '../../metrics/metric-names.js';

/** Caches and Redis. */
export const CACHE: View = {
  name: 'cache',
  title: 'Cache',
  empty: 'No cache found. Supported: cache-manager, Keyv, ioredis and node-redis.',
  panels: [
    panel('Hits and misses', 'per second', [
      rate(CACHE_METRICS.hits, 'hits'),
      rate(CACHE_METRICS.misses, 'misses'),
    ]),
    panel('Writes and deletes', 'per second', [
      rate(CACHE_METRICS.sets, 'set'),
      rate(CACHE_METRICS.deletes, 'deleted'),
    ]),
    panel('Operation duration (p95)', 'seconds', [p95(CACHE_METRICS.duration, by('operation'))]),
    panel('Entries', 'number', [value(CACHE_METRICS.entries, by('cache'))]),
    panel('Evictions', 'per second', [rate(CACHE_METRICS.evictions, by('cache'))]),
    panel('Redis commands', 'per second', [rate(REDIS_METRICS.commandDuration, by('command'))]),
    panel('Redis memory used', 'bytes', [value(REDIS_METRICS.memoryUsed, 'used')]),
    panel('Redis keys removed', 'per second', [
      rate(REDIS_METRICS.evictedKeys, 'evicted'),
      rate(REDIS_METRICS.expiredKeys, 'expired'),
    ]),
  ],
};
