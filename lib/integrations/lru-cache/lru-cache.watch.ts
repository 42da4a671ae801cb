import type { Guard } from '../../primitives/guard.js';
import { type CallObserver, patchMethod } from '../../primitives/method-patch.js';
import { stopAll } from '../stop-all.js';
import type { LruCache } from './lru-cache.discovery.js';

/** The methods that add entries. `fetch()` adds an entry at once, which waits for its value. */
const ADDING_METHODS = ['set', 'fetch', 'forceFetch', 'memo'];

/**
 * Reports the entries that an `LRUCache` evicts. Its `dispose` is an option of its constructor, so what a call has evicted
 * is the number of entries that are gone beside that of its own key. An entry that is evicted when a fetched value turns
 * out to be large is not seen.
 *
 * @returns a function that stops the watch
 */
export function watchLruCache(cache: LruCache, evicted: (entries: number) => void, guard: Guard): () => void {
  const calls = new AddingCalls(cache, evicted);
  return stopAll(
    ADDING_METHODS.map((method) => patchMethod(cache, method, guard, ([key]) => calls.begin(key))),
  );
}

/** The calls to one cache that are running now: a function that computes a value may call the cache again. */
class AddingCalls {
  /** The keys of the running calls. */
  private readonly keys: unknown[] = [];
  /** The change of the number of entries that ended calls have explained. */
  private explained = 0;

  constructor(
    private readonly cache: LruCache,
    private readonly evicted: (entries: number) => void,
  ) {}

  /** Returns undefined for a call within another one for the same key, such as the `set()` of a `memo()`. */
  begin(key: unknown): CallObserver | undefined {
    if (this.keys.includes(key)) return undefined;
    const { cache } = this;
    const { size } = cache;
    const { explained } = this;
    const wasThere = this.has(key);
    this.keys.push(key);
    const end = () => {
      this.keys.pop();
      const change = cache.size - size - (this.explained - explained);
      const own = Number(this.has(key)) - Number(wasThere);
      this.explained += change;
      if (own > change) this.evicted(own - change);
    };
    return { returned: end, threw: end };
  }

  private has(key: unknown): boolean {
    return this.cache.getRemainingTTL(key) !== 0;
  }
}
