import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { isKeyv, type KeyvStore, pingKeyv } from '../keyv/keyv.discovery.js';
import { hasMethods } from '../structure.js';

/** The part that is used of a `Cache` of cache-manager 6 or later, which `@nestjs/cache-manager` provides. */
export interface CacheManager {
  /** The first is asked first. */
  readonly stores: readonly KeyvStore[];
  get(key: string): Promise<unknown>;
  mget(keys: string[]): Promise<unknown[]>;
  set(key: string, value: unknown, ttl?: number): Promise<unknown>;
  mset(list: readonly object[]): Promise<unknown>;
  del(key: string): Promise<unknown>;
  mdel(keys: string[]): Promise<unknown>;
  ttl?(key: string): Promise<unknown>;
  clear(): Promise<unknown>;
  wrap(key: string, load: () => unknown, ...rest: unknown[]): Promise<unknown>;
}

export function findCacheManagers(objects: ApplicationObjects): Found<CacheManager>[] {
  return objects.find({
    is: isCacheManager,
    // What `@nestjs/cache-manager` provides it by.
    nameOf: (_, place) => (place === 'CACHE_MANAGER' || place === 'Cache' ? 'default' : place),
  });
}

/** Returns the stores that caches of the application keep their values in, each once. */
export function findStoresOfCaches(objects: ApplicationObjects): Found<KeyvStore>[] {
  const stores = new Set(findCacheManagers(objects).flatMap(({ instance }) => instance.stores));
  return [...stores].map((instance) => ({ name: 'store', instance }));
}

/** Writes and reads a value in every store of the cache; rejects if it cannot be read. */
export async function pingCacheManager(cache: CacheManager, signal: AbortSignal): Promise<void> {
  await Promise.all(cache.stores.map((store) => pingKeyv(store, signal)));
}

function isCacheManager(candidate: object): candidate is CacheManager {
  return (
    hasMethods(candidate, 'get', 'mget', 'set', 'mset', 'del', 'mdel', 'clear', 'wrap') &&
    'stores' in candidate &&
    Array.isArray(candidate.stores) &&
    candidate.stores.every(isKeyv)
  );
}
