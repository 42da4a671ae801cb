import { isKeyv, type KeyvStore } from '../keyv/keyv.discovery.js';
import { hasMethods } from '../object-shape.js';
import type { ObjectQuery } from '../object-search.js';

/** The used part of a `CacheableMemory` of `cacheable`. */
export interface MemoryOfCacheable {
  /** Number of entries. */
  readonly size: number;
  /** Number of entries from which on the least recently used one is evicted; 0 evicts none. */
  readonly lruSize: number;
}

/** The used part of a `Cacheable`, a cache of two stores. */
export interface CacheableCache extends KeyvStore {
  /** The store in which a lookup begins. */
  readonly primary: KeyvStore;
  /** The store that is asked for what the primary one does not have. */
  readonly secondary?: KeyvStore | undefined;
}

/** The query of the `CacheableMemory` that the application uses without a store around it. */
export const CACHEABLE_MEMORIES: ObjectQuery<MemoryOfCacheable> = {
  marks: ['lruSize'],
  is: isCacheableMemory,
};

/** The query of the `Cacheable` that the application uses without a cache of cache-manager around it. */
export const CACHEABLES: ObjectQuery<CacheableCache> = {
  marks: ['primary'],
  is: isCacheable,
};

/** Returns true for a `CacheableMemory`. */
export function isCacheableMemory(candidate: object): candidate is MemoryOfCacheable {
  return (
    hasMethods(candidate, 'get', 'set', 'delete', 'clear', 'lruResize') &&
    'lruSize' in candidate &&
    typeof candidate.lruSize === 'number' &&
    'size' in candidate &&
    typeof candidate.size === 'number'
  );
}

/** Returns true for a `Cacheable`. */
export function isCacheable(candidate: object): candidate is CacheableCache {
  return (
    hasMethods(candidate, 'get', 'set', 'delete', 'clear', 'disconnect') &&
    'primary' in candidate &&
    typeof candidate.primary === 'object' &&
    candidate.primary !== null &&
    isKeyv(candidate.primary)
  );
}
