import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import { ioRedisSources } from '../../integrations/ioredis/ioredis.sources.js';
import { nodeRedisSources } from '../../integrations/node-redis/node-redis.sources.js';
import { asOwnCall } from '../../integrations/own-calls.js';
import {
  parseRedisInfo,
  type RedisInfo,
  redisKeys,
  redisNumber,
} from '../../integrations/redis/redis-info.js';
import type { RedisSource } from '../../integrations/redis/redis-source.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { CounterMirror } from '../counter-mirror.js';
import type { ManagedCollector } from '../managed-collector.js';
import type { ResolvedCacheCollector } from './cache.options.js';
import { REDIS_METRICS } from '../../metrics/metric-names.js';

const COUNTERS = [
  ['keyspace_hits', 'redis_keyspace_hits_total', 'Key lookups that found a key.'],
  ['keyspace_misses', 'redis_keyspace_misses_total', 'Key lookups that found no key.'],
  ['evicted_keys', REDIS_METRICS.evictedKeys, 'Keys evicted because of the memory limit.'],
  ['expired_keys', REDIS_METRICS.expiredKeys, 'Keys that expired.'],
  ['total_commands_processed', 'redis_commands_processed_total', 'Commands processed by the server.'],
  ['total_connections_received', 'redis_connections_received_total', 'Connections accepted by the server.'],
  [
    'rejected_connections',
    'redis_rejected_connections_total',
    'Connections rejected because of the `maxclients` limit.',
  ],
] as const;

const GAUGES = [
  ['used_memory', REDIS_METRICS.memoryUsed, 'Memory used by the server.'],
  ['maxmemory', 'redis_memory_max_bytes', 'Memory limit of the server; 0 means no limit.'],
  ['connected_clients', 'redis_connected_clients', 'Connected clients.'],
  ['blocked_clients', 'redis_blocked_clients', 'Clients waiting in a blocking command.'],
  ['uptime_in_seconds', 'redis_uptime_seconds', 'Uptime of the server.'],
  ['connected_slaves', 'redis_connected_replicas', 'Connected replicas.'],
] as const;

/** A collector of the statistics of each Redis server that the application uses. */
export class RedisCollector implements ManagedCollector {
  readonly name = 'redis';
  readonly metricNames: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** True while the application uses no Redis. */
  isIdle = true;

  private readonly counters: readonly { field: string; counts: CounterMirror<'client'> }[];
  private readonly gauges: readonly { field: string; gauge: Gauge<'client'> }[];
  private readonly keys: Gauge<'client' | 'database'>;

  constructor(
    private readonly objects: ApplicationObjects,
    registry: MetricsRegistry,
    { intervalMs, timeoutMs }: ResolvedCacheCollector,
  ) {
    this.intervalMs = intervalMs;
    this.timeoutMs = timeoutMs;
    const ofServer = { labelNames: ['client'], aggregate: 'shared' } as const;
    this.counters = COUNTERS.map(([field, name, help]) => ({
      field,
      counts: new CounterMirror(registry.counter(name, help, ofServer)),
    }));
    this.gauges = GAUGES.map(([field, name, help]) => ({
      field,
      gauge: registry.gauge(name, help, ofServer),
    }));
    this.keys = registry.gauge('redis_keys', 'Keys in a database.', {
      labelNames: ['client', 'database'],
      aggregate: 'shared',
    });
    this.metricNames = [...this.gauges.map(({ gauge }) => gauge.name), this.keys.name];
  }

  /** Resolves when every server has responded, so that a hanging server never has two pending requests. */
  async collect(): Promise<void> {
    const sources = this.sources();
    this.isIdle = sources.length === 0;
    const results = await Promise.all(sources.map(readInfo));
    for (const { gauge } of this.gauges) gauge.reset();
    this.keys.reset();
    const failures: unknown[] = [];
    for (const { name, info, failure } of results) {
      if (info !== undefined) this.update(name, info);
      else failures.push(failure);
    }
    if (failures.length > 0) throw failures[0];
  }

  private sources(): RedisSource[] {
    return [...ioRedisSources(this.objects), ...nodeRedisSources(this.objects)];
  }

  private update(client: string, info: RedisInfo): void {
    for (const { field, counts } of this.counters) counts.update({ client }, redisNumber(info, field));
    for (const { field, gauge } of this.gauges) {
      const value = redisNumber(info, field);
      if (value !== undefined) gauge.set({ client }, value);
    }
    for (const { database, keys } of redisKeys(info)) this.keys.set({ client, database }, keys);
  }
}

interface InfoResult {
  readonly name: string;
  readonly info?: RedisInfo;
  readonly failure?: unknown;
}

async function readInfo({ name, info }: RedisSource): Promise<InfoResult> {
  try {
    return { name, info: parseRedisInfo(await asOwnCall(info)) };
  } catch (failure) {
    return { name, failure };
  }
}
