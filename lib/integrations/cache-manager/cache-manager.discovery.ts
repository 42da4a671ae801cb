import type { ApplicationObjects } from '../application-objects.integration.js';
import type { ObjectMatch, ObjectQuery } from '../object-search.js';
import { isCacheable } from '../cacheable/cacheable.discovery.js';
import { isKeyv, type KeyvStore } from '../keyv/keyv.discovery.js';
import { hasMethods } from '../object-shape.js';

/** The used part of a `Cache` of cache-manager 6 or later, which `@nestjs/cache-manager` provides. */
export interface CacheManager {
  /** The stores, in the order of lookup. */
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

/** The query of {@link findCacheManagers}. */
export const CACHE_MANAGERS: ObjectQuery<CacheManager> = {
  marks: ['mdel'],
  is: isCacheManager,
  // `@nestjs/cache-manager` provides it by these two tokens.
  nameOf: (_, location) => (location === 'CACHE_MANAGER' || location === 'Cache' ? 'default' : location),
};

/** Returns the caches of the application. The cache of `@nestjs/cache-manager` is named `default`. */
export function findCacheManagers(objects: ApplicationObjects): ObjectMatch<CacheManager>[] {
  return objects.find(CACHE_MANAGERS);
}

/** Returns the stores of all caches of the application, each once. */
export function findStoresOfCaches(objects: ApplicationObjects): ObjectMatch<KeyvStore>[] {
  const stores = new Set(findCacheManagers(objects).flatMap(({ instance }) => instance.stores));
  return [...stores].map((instance) => ({ name: 'store', instance }));
}

function isCacheManager(candidate: object): candidate is CacheManager {
  return (
    hasMethods(candidate, 'get', 'mget', 'set', 'mset', 'del', 'mdel', 'clear', 'wrap') &&
    'stores' in candidate &&
    Array.isArray(candidate.stores) &&
    candidate.stores.every((store: object) => isKeyv(store) || isCacheable(store))
  );
}
