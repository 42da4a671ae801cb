import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import type { OperationWaits } from '../../integrations/operation-waits.js';
import type { Clock } from '../../metrics/clock.js';
import type { Convention } from '../../metrics/conventions/conventions.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import { CacheClientsCollector } from './cache-clients.collector.js';
import type { ResolvedCacheCollector } from './cache.options.js';
import { RedisCollector } from './redis.collector.js';

/** Returns the collectors of cache calls and of Redis server statistics. */
export function cacheCollectors(
  objects: ApplicationObjects,
  registry: MetricsRegistry,
  clock: Clock,
  options: ResolvedCacheCollector,
  operations: OperationWaits | undefined,
  convention?: Convention,
): ManagedCollector[] {
  const clients = new CacheClientsCollector(objects, registry, clock, operations, convention);
  return options.serverStatistics ? [clients, new RedisCollector(objects, registry, options)] : [clients];
}
