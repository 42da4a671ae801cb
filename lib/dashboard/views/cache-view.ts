import { by, p95, panel, rate, value, type View } from './panel.js';

/** Caches and Redis. */
export const CACHE: View = {
  name: 'cache',
  title: 'Cache',
  empty: 'No cache found. Supported: cache-manager, Keyv, ioredis and node-redis.',
  panels: [
    panel('Hits and misses', 'per second', [
      rate('cache_hits_total', 'hits'),
      rate('cache_misses_total', 'misses'),
    ]),
    panel('Writes and deletes', 'per second', [
      rate('cache_sets_total', 'set'),
      rate('cache_deletes_total', 'deleted'),
    ]),
    panel('Operation duration (p95)', 'seconds', [p95('cache_operation_duration_seconds', by('operation'))]),
    panel('Entries', 'number', [value('cache_entries', by('cache'))]),
    panel('Redis commands', 'per second', [rate('redis_client_command_duration_seconds', by('command'))]),
    panel('Redis memory used', 'bytes', [value('redis_memory_used_bytes', 'used')]),
    panel('Redis keys removed', 'per second', [
      rate('redis_evicted_keys_total', 'evicted'),
      rate('redis_expired_keys_total', 'expired'),
    ]),
  ],
};
