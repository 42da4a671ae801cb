import { hasMethods } from '../object-shape.js';
import type { ObjectQuery } from '../object-search.js';

/** The used part of an `LRUCache` of `lru-cache` 7 or later. */
export interface LruCache {
  /** Number of entries. */
  readonly size: number;
  /** Returns 0 for a key without an entry. It changes neither the order nor the age of the entries. */
  getRemainingTTL(key: unknown): number;
}

/** The query of the caches that the application uses without a store around them. */
export const LRU_CACHES: ObjectQuery<LruCache> = {
  marks: ['purgeStale'],
  is: isLruCache,
};

/** Returns true for an `LRUCache`. */
export function isLruCache(candidate: object): candidate is LruCache {
  return (
    hasMethods(candidate, 'get', 'set', 'delete', 'clear', 'peek', 'purgeStale', 'getRemainingTTL') &&
    'size' in candidate &&
    typeof candidate.size === 'number'
  );
}
