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
import { Cumulative } from '../cumulative.js';
import type { SourceCollector } from '../source.collector.js';
import type { ResolvedCacheCollector } from './cache.options.js';

const COUNTERS = [
  ['keyspace_hits', 'redis_keyspace_hits_total', 'Keys that were looked up and found.'],
  ['keyspace_misses', 'redis_keyspace_misses_total', 'Keys that were looked up and not found.'],
  ['evicted_keys', 'redis_evicted_keys_total', 'Keys that were evicted.'],
  ['expired_keys', 'redis_expired_keys_total', 'Keys that expired.'],
  ['total_commands_processed', 'redis_commands_processed_total', 'Commands that the server has processed.'],
  [
    'total_connections_received',
    'redis_connections_received_total',
    'Connections that the server has accepted.',
  ],
  ['rejected_connections', 'redis_rejected_connections_total', 'Connections beyond the maximum of clients.'],
] as const;

const GAUGES = [
  ['used_memory', 'redis_memory_used_bytes', 'Memory that the server uses.'],
  ['maxmemory', 'redis_memory_max_bytes', 'Memory that the server may use; 0 is no limit.'],
  ['connected_clients', 'redis_connected_clients', 'Clients that are connected.'],
  ['blocked_clients', 'redis_blocked_clients', 'Clients that wait in a blocking command.'],
  ['uptime_in_seconds', 'redis_uptime_seconds', 'How long the server has been up.'],
  ['connected_slaves', 'redis_connected_replicas', 'Replicas that are connected.'],
] as const;

/** The collector of the statistics of each Redis that the application uses. */
export class RedisCollector implements SourceCollector {
  readonly name = 'redis';
  readonly metricNames: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** True while the application uses no Redis. */
  isIdle = true;

  private readonly counters: readonly { field: string; counts: Cumulative<'client'> }[];
  private readonly gauges: readonly { field: string; gauge: Gauge<'client'> }[];
  private readonly keys: Gauge<'client' | 'database'>;

  constructor(
    private readonly objects: ApplicationObjects,
    registry: MetricsRegistry,
    { intervalMs, timeoutMs }: ResolvedCacheCollector,
  ) {
    this.intervalMs = intervalMs;
    this.timeoutMs = timeoutMs;
    const labelNames = ['client'] as const;
    this.counters = COUNTERS.map(([field, name, help]) => ({
      field,
      counts: new Cumulative(registry.counter(name, help, { labelNames })),
    }));
    this.gauges = GAUGES.map(([field, name, help]) => ({
      field,
      gauge: registry.gauge(name, help, { labelNames }),
    }));
    this.keys = registry.gauge('redis_keys', 'Keys that a database has.', {
      labelNames: ['client', 'database'],
    });
    this.metricNames = [...this.gauges.map(({ gauge }) => gauge.name), this.keys.name];
  }

  /** Ends when every server has answered: one that does not is not asked again meanwhile. */
  async collect(): Promise<void> {
    const sources = this.sources();
    this.isIdle = sources.length === 0;
    const answers = await Promise.allSettled(sources.map(({ info }) => asOwnCall(info)));
    for (const { gauge } of this.gauges) gauge.reset();
    this.keys.reset();
    const failures: unknown[] = [];
    for (const [i, answer] of answers.entries()) {
      const { name } = sources[i];
      if (answer.status === 'fulfilled') this.show(name, parseRedisInfo(answer.value));
      else failures.push(answer.reason);
    }
    if (failures.length > 0) throw failures[0];
  }

  private sources(): RedisSource[] {
    return [...ioRedisSources(this.objects), ...nodeRedisSources(this.objects)];
  }

  private show(client: string, info: RedisInfo): void {
    for (const { field, counts } of this.counters) counts.follow({ client }, redisNumber(info, field));
    for (const { field, gauge } of this.gauges) {
      const value = redisNumber(info, field);
      if (value !== undefined) gauge.set({ client }, value);
    }
    for (const { database, keys } of redisKeys(info)) this.keys.set({ client, database }, keys);
  }
}
