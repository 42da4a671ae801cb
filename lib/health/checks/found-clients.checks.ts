import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import { findBullMqQueues } from '../../integrations/bullmq/bullmq.discovery.js';
import { pingBullMq } from '../../integrations/bullmq/bullmq.ping.js';
import { findCacheManagers } from '../../integrations/cache-manager/cache-manager.discovery.js';
import { pingCacheManager } from '../../integrations/cache-manager/cache-manager.ping.js';
import { findIoRedisClients } from '../../integrations/ioredis/ioredis.discovery.js';
import { pingIoRedis } from '../../integrations/ioredis/ioredis.ping.js';
import { findKeyvStores } from '../../integrations/keyv/keyv.discovery.js';
import { pingKeyv } from '../../integrations/keyv/keyv.ping.js';
import { findKnex } from '../../integrations/knex/knex.discovery.js';
import { pingKnex } from '../../integrations/knex/knex.ping.js';
import { findMongooseConnections } from '../../integrations/mongoose/mongoose.discovery.js';
import { pingMongoose } from '../../integrations/mongoose/mongoose.ping.js';
import { findMysql2Pools, isMysql2Pool } from '../../integrations/mysql2/mysql2.discovery.js';
import { pingMysql2 } from '../../integrations/mysql2/mysql2.ping.js';
import { findOwnNodeRedisClients } from '../../integrations/node-redis/node-redis.discovery.js';
import { pingNodeRedis } from '../../integrations/node-redis/node-redis.ping.js';
import type { ObjectMatch } from '../../integrations/object-search.js';
import { findPgClients, findPgPools, isPgPool } from '../../integrations/pg/pg.discovery.js';
import { pingPgClient, pingPgPool } from '../../integrations/pg/pg.ping.js';
import { findPrismaClients } from '../../integrations/prisma/prisma.discovery.js';
import { pingPrisma } from '../../integrations/prisma/prisma.ping.js';
import {
  findTypeOrmDataSources,
  type TypeOrmDataSource,
  typeOrmPools,
} from '../../integrations/typeorm/typeorm.discovery.js';
import { pingTypeOrm } from '../../integrations/typeorm/typeorm.ping.js';
import { abandonedWork } from '../../integrations/abandoned-work.js';
import { freeName } from '../../primitives/free-name.js';
import type { HealthCheck } from '../health-check.js';
import type { BuiltInCheckOptions, BuiltInChecks } from './built-in-checks.options.js';

/** A dependency of the application and its ping. */
interface PingTarget {
  readonly name: string;
  readonly ping: (signal: AbortSignal) => Promise<void>;
}

/** Returns the checks of the databases, caches, Redis clients and queues found in the application. */
export function foundClientChecks(objects: ApplicationObjects, options: BuiltInChecks): HealthCheck[] {
  return [
    ...checksOf('database', databases(objects), options.database, 'Database connection successful'),
    ...checksOf('cache', caches(objects), options.cache, 'Cache operations successful'),
    ...checksOf('redis', redisClients(objects), options.redis, 'Redis connection successful'),
    ...checksOf('bullmq', queues(objects), options.bullmq, 'Queue connection successful'),
  ];
}

function databases(objects: ApplicationObjects): PingTarget[] {
  const dataSources = findTypeOrmDataSources(objects);
  const isStandalone = ({ instance }: { readonly instance: object }) => !isPoolOf(instance, dataSources);
  return [
    ...targets(dataSources, pingDataSource),
    ...targets(findKnex(objects), pingKnex),
    ...targets(findPrismaClients(objects), pingPrisma),
    ...targets(findMongooseConnections(objects), pingMongoose),
    ...targets(findPgPools(objects).filter(isStandalone), pingPgPool),
    ...targets(findPgClients(objects), pingPgClient),
    ...targets(findMysql2Pools(objects).filter(isStandalone), pingMysql2),
  ];
}

/** Pings over a connection of the pool: unlike a query of TypeORM, it can be destroyed when it hangs. */
async function pingDataSource(dataSource: TypeOrmDataSource, signal: AbortSignal): Promise<void> {
  const pools = dataSource.isInitialized
    ? typeOrmPools(dataSource).filter((pool) => typeof pool === 'object' && pool !== null)
    : [];
  const [pgPool] = pools.filter(isPgPool);
  const [mysql2Pool] = pools.filter(isMysql2Pool);
  if (pgPool !== undefined) await pingPgPool(pgPool, signal);
  else if (mysql2Pool !== undefined) await pingMysql2(mysql2Pool, signal);
  else await pingTypeOrm(dataSource, signal);
}

function caches(objects: ApplicationObjects): PingTarget[] {
  return [
    ...targets(findCacheManagers(objects), pingCacheManager),
    ...targets(findKeyvStores(objects), pingKeyv),
  ];
}

/** Returns the Redis clients, except those of a cache: the cache has a check, and connects its client on first use. */
function redisClients(objects: ApplicationObjects): PingTarget[] {
  return [
    ...targets(findIoRedisClients(objects), pingIoRedis),
    ...targets(findOwnNodeRedisClients(objects), pingNodeRedis),
  ];
}

function queues(objects: ApplicationObjects): PingTarget[] {
  return targets(findBullMqQueues(objects), pingBullMq);
}

function targets<T extends object>(
  found: readonly ObjectMatch<T>[],
  ping: (instance: T, signal: AbortSignal) => Promise<void>,
): PingTarget[] {
  return found.map(({ name, instance }) => ({ name, ping: (signal) => ping(instance, signal) }));
}

/** Returns true if a pool belongs to a data source, which has a check of its own. */
function isPoolOf(pool: object, dataSources: readonly ObjectMatch<{ readonly driver: object }>[]): boolean {
  return dataSources.some(({ instance: { driver } }) => {
    const { master, pool: own, slaves } = driver as { master?: unknown; pool?: unknown; slaves?: unknown };
    return master === pool || own === pool || (Array.isArray(slaves) && slaves.includes(pool));
  });
}

/** Returns checks with unique names: the kind for an only or default target, else the kind and the target's name. */
function checksOf(
  kind: string,
  found: readonly PingTarget[],
  options: BuiltInCheckOptions | false,
  message: string,
): HealthCheck[] {
  if (options === false) return [];
  const usedNames = new Set<string>();
  return found.map(({ name, ping }) => {
    const base =
      found.length === 1 || name === 'default' ? kind : `${kind}.${name.replace(/[^\w.-]+/g, '_')}`;
    const uniqueName = freeName(base.slice(0, 90), (other) => usedNames.has(other), '.');
    usedNames.add(uniqueName);
    return {
      critical: kind === 'database',
      ...options,
      name: uniqueName,
      check: async (signal) => {
        try {
          await ping(signal);
        } catch (error) {
          // The run stays pending until the ping ends, so that pings do not pile up on a server that hangs.
          await abandonedWork(signal);
          throw error;
        }
        return { status: 'healthy', message };
      },
    };
  });
}
