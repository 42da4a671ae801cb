import type { CacheModuleOptions } from '@nestjs/cache-manager';

/** A report may be a little old. */
const TTL_MS = 2_000;

/** In memory, or in Redis if there is an address, for whoever runs several instances. */
export async function reportsCache(redisUrl: string | undefined): Promise<CacheModuleOptions> {
  if (redisUrl === undefined) return { ttl: TTL_MS };
  const { createKeyv } = await import('@keyv/redis');
  return { ttl: TTL_MS, stores: [createKeyv(redisUrl)] };
}
