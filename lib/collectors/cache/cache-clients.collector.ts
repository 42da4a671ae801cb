import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import type { ObjectMatch } from '../../integrations/object-search.js';
import { InstanceWatches } from '../../integrations/instance-watches.js';
import { CacheRecorder } from '../../integrations/cache.recorder.js';
import {
  findCacheManagers,
  findStoresOfCaches,
} from '../../integrations/cache-manager/cache-manager.discovery.js';
import { watchCacheManager } from '../../integrations/cache-manager/cache-manager.watch.js';
import { findIoRedisClients } from '../../integrations/ioredis/ioredis.discovery.js';
import { watchIoRedis } from '../../integrations/ioredis/ioredis.watch.js';
import { findKeyvStores, type KeyvStore } from '../../integrations/keyv/keyv.discovery.js';
import { watchKeyv, watchStore } from '../../integrations/keyv/keyv.watch.js';
import {
  findMemoryCaches,
  isInMemory,
  memorySize,
  watchEvictions,
} from '../../integrations/memory-caches.js';
import { findNodeRedisClients } from '../../integrations/node-redis/node-redis.discovery.js';
import { watchNodeRedis } from '../../integrations/node-redis/node-redis.watch.js';
import type { OperationWaits } from '../../integrations/operation-waits.js';
import { RedisRecorder } from '../../integrations/redis/redis.recorder.js';
import type { Clock } from '../../metrics/clock.js';
import type { Convention } from '../../metrics/conventions/conventions.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import { CACHE_METRICS } from '../../metrics/metric-names.js';

/** A collector of the calls that the application makes to its caches and Redis clients. */
export class CacheClientsCollector implements ManagedCollector {
  readonly name = 'cache_clients';
  readonly metricNames: readonly string[];
  /** True while the application has no cache and no Redis client. */
  isIdle = true;

  private readonly watches: readonly { refresh(): readonly unknown[]; stop(): void }[];
  private readonly entries: Gauge<'cache'>;

  constructor(
    private readonly objects: ApplicationObjects,
    registry: MetricsRegistry,
    clock: Clock,
    operations: OperationWaits | undefined,
    convention?: Convention,
  ) {
    const caches = new CacheRecorder(registry, clock, operations);
    const redis = new RedisRecorder(registry, clock, operations, convention);
    this.entries = registry.gauge(CACHE_METRICS.entries, 'Entries in an in-memory cache.', {
      labelNames: ['cache'],
    });
    const evictions = registry.counter(
      CACHE_METRICS.evictions,
      'Entries that an in-memory cache has removed to make room for others.',
      { labelNames: ['cache'] },
    );
    this.metricNames = [this.entries.name];
    this.watches = [
      // Before the caches, so that calls from a cache to its store are attributed to the cache.
      new InstanceWatches(
        () => storesOf(objects),
        ({ instance }) => watchStore(instance, caches),
        caches.guard,
      ),
      new InstanceWatches(
        () => findCacheManagers(objects),
        ({ name, instance }) =>
          watchCacheManager(instance, caches.forCache(name, instance.stores.every(isInMemory))),
        caches.guard,
      ),
      new InstanceWatches(
        () => findKeyvStores(objects),
        ({ name, instance }) => watchKeyv(instance, caches.forCache(name, isInMemory(instance))),
        caches.guard,
      ),
      new InstanceWatches(
        () => findIoRedisClients(objects),
        ({ name, instance }) => watchIoRedis(instance, name, redis),
        redis.guard,
      ),
      new InstanceWatches(
        () => findNodeRedisClients(objects),
        ({ name, instance }) => watchNodeRedis(instance, name, redis),
        redis.guard,
      ),
      new InstanceWatches(
        () => findMemoryCaches(objects),
        ({ name: cache, instance }) => {
          const series = evictions.labels({ cache });
          return watchEvictions(instance, (entries) => series.inc(entries), caches.guard);
        },
        caches.guard,
      ),
    ];
  }

  start(): void {
    for (const watch of this.watches) watch.refresh();
  }

  stop(): void {
    for (const watch of this.watches) watch.stop();
  }

  collect(): void {
    this.isIdle = this.watches.flatMap((watch) => watch.refresh()).length === 0;
    this.entries.reset();
    for (const { name: cache, instance } of findMemoryCaches(this.objects)) {
      this.entries.set({ cache }, instance.size);
    }
    for (const { name: cache, instance } of findKeyvStores(this.objects)) {
      const size = memorySize(instance);
      if (size !== undefined) this.entries.set({ cache }, size);
    }
    for (const { name: cache, instance } of findCacheManagers(this.objects)) {
      const sizes = instance.stores.map(memorySize).filter((size) => size !== undefined);
      // Lookups begin at the first store, and the other stores hold its entries too.
      const [size] = sizes;
      if (size !== undefined) this.entries.set({ cache }, size);
    }
  }
}

/** Returns the Keyv stores, both those used directly and those inside caches, each once. */
function storesOf(objects: ApplicationObjects): ObjectMatch<KeyvStore>[] {
  const found = [...findKeyvStores(objects), ...findStoresOfCaches(objects)];
  return [...new Map(found.map((each) => [each.instance, each])).values()];
}
