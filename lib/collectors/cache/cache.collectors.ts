import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import type { Clock } from '../../metrics/clock.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { SourceCollector } from '../source.collector.js';
import { CacheClientsCollector } from './cache-clients.collector.js';
import type { ResolvedCacheCollector } from './cache.options.js';
import { RedisCollector } from './redis.collector.js';

/** What is measured of caches: what the application does with them, and what Redis says of itself. */
export function cacheCollectors(
  objects: ApplicationObjects,
  registry: MetricsRegistry,
  clock: Clock,
  options: ResolvedCacheCollector,
): SourceCollector[] {
  return [
    new CacheClientsCollector(objects, registry, clock),
    new RedisCollector(objects, registry, options),
  ];
}
