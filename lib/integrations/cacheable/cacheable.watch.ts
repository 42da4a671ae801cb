import type { Guard } from '../../primitives/guard.js';
import { patchMethod } from '../../primitives/method-patch.js';
import { stopAll } from '../stop-all.js';
import type { MemoryOfCacheable } from './cacheable.discovery.js';

/**
 * Reports each entry that a `CacheableMemory` evicts. It has no event for that, but deletes the least recently used entry
 * by its public `delete()`: one while it sets a new key, several while it is made smaller.
 *
 * @returns a function that stops the watch
 */
export function watchCacheableMemory(
  memory: MemoryOfCacheable,
  evicted: (entries: number) => void,
  guard: Guard,
): () => void {
  /** Number of deletions that are evictions. */
  let evictable = 0;
  const observeWith = (entries: number) => {
    const before = evictable;
    const end = () => {
      evictable = before;
    };
    evictable = entries;
    return { returned: end, threw: end };
  };
  return stopAll([
    patchMethod(memory, 'set', guard, () => (memory.lruSize > 0 ? observeWith(1) : undefined)),
    patchMethod(memory, 'lruResize', guard, () => observeWith(Infinity)),
    patchMethod(memory, 'delete', guard, () => {
      // A hook of the application may delete an entry of a cache that is not full.
      if (evictable > 0 && memory.size >= memory.lruSize) {
        evictable--;
        evicted(1);
      }
      return undefined;
    }),
  ]);
}
