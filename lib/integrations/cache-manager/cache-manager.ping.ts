import { pingKeyv } from '../keyv/keyv.ping.js';
import type { CacheManager } from './cache-manager.discovery.js';

/** Writes a value to every store of the cache and reads it back. Rejects if one cannot be read. */
export async function pingCacheManager(cache: CacheManager, signal: AbortSignal): Promise<void> {
  await Promise.all(cache.stores.map((store) => pingKeyv(store, signal)));
}
