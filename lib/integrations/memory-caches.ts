import type { Guard } from '../primitives/guard.js';
import type { ApplicationObjects } from './application-objects.integration.js';
import { findCacheManagers } from './cache-manager/cache-manager.discovery.js';
import { isObject } from '../primitives/is-object.js';
import {
  CACHEABLE_MEMORIES,
  CACHEABLES,
  isCacheable,
  isCacheableMemory,
  type MemoryOfCacheable,
} from './cacheable/cacheable.discovery.js';
import { watchCacheableMemory } from './cacheable/cacheable.watch.js';
import { findKeyvStores, type KeyvStore } from './keyv/keyv.discovery.js';
import { isLruCache, LRU_CACHES, type LruCache } from './lru-cache/lru-cache.discovery.js';
import { watchLruCache } from './lru-cache/lru-cache.watch.js';
import type { ObjectMatch } from './object-search.js';

/** A cache in memory that evicts entries, and lets it be seen. */
export type MemoryCache = MemoryOfCacheable | LruCache;

/**
 * Returns the caches in memory that let evictions be seen, each once: those that the application uses directly, and those
 * inside other caches, under the names of the outer ones.
 */
export function findMemoryCaches(objects: ApplicationObjects): ObjectMatch<MemoryCache>[] {
  const found = new Map<MemoryCache, ObjectMatch<MemoryCache>>();
  const add = (name: string, instance: MemoryCache | undefined) => {
    if (instance !== undefined && !found.has(instance)) found.set(instance, { name, instance });
  };
  for (const { name, instance } of findCacheManagers(objects)) {
    for (const store of instance.stores) add(name, memoryOf(store));
  }
  for (const { name, instance } of objects.find(CACHEABLES)) add(name, memoryOf(instance));
  for (const { name, instance } of findKeyvStores(objects)) add(name, memoryOf(instance));
  for (const { name, instance } of objects.find(CACHEABLE_MEMORIES)) add(name, instance);
  for (const { name, instance } of objects.find(LRU_CACHES)) add(name, instance);
  return [...found.values()];
}

/** Reports the entries that a cache evicts. @returns a function that stops the watch */
export function watchEvictions(
  cache: MemoryCache,
  evicted: (entries: number) => void,
  guard: Guard,
): () => void {
  return isCacheableMemory(cache)
    ? watchCacheableMemory(cache, evicted, guard)
    : watchLruCache(cache, evicted, guard);
}

/** Returns the number of values of a store in memory; undefined for another store. */
export function memorySize(store: KeyvStore): number | undefined {
  const values = valuesOf(store);
  return values instanceof Map ? values.size : memoryOf(store)?.size;
}

/** Returns true for a store without another one behind it, outside of this process. */
export function isInMemory(store: KeyvStore): boolean {
  return memorySize(store) !== undefined && !(isCacheable(store) && store.secondary !== undefined);
}

/** Returns the cache in memory that is inside a store: at once, in an adapter or in the primary store. */
function memoryOf(store: KeyvStore): MemoryCache | undefined {
  try {
    for (let values = valuesOf(store), depth = 0; isObject(values) && depth < 3; depth++) {
      if (isCacheableMemory(values) || isLruCache(values)) return values;
      values = valuesOf(values);
    }
  } catch {
    // An adapter of the application may refuse to be read.
  }
  return undefined;
}

function valuesOf(store: object): unknown {
  if ('primary' in store) return store.primary;
  return 'store' in store ? store.store : undefined;
}
