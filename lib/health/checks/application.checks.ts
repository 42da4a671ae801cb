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
import { abandonedWork } from '../../integrations/until-aborted.js';
import type { HealthCheck } from '../health-check.js';
import type { BuiltInChecks, CheckTuning } from './built-in-checks.options.js';

/** A part of the application that can be asked whether it is there. */
interface Part {
  readonly name: string;
  readonly ping: (signal: AbortSignal) => Promise<void>;
}

/** The checks for the databases, caches and queues that an application has, found by what they are. */
export function applicationChecks(objects: ApplicationObjects, options: BuiltInChecks): HealthCheck[] {
  return [
    ...checksOf('database', databases(objects), options.database, 'Database connection successful'),
    ...checksOf('cache', caches(objects), options.cache, 'Cache operations successful'),
    ...checksOf('redis', redisClients(objects), options.redis, 'Redis connection successful'),
    ...checksOf('bullmq', queues(objects), options.bullmq, 'Queue connection successful'),
  ];
}

function databases(objects: ApplicationObjects): Part[] {
  const dataSources = findTypeOrmDataSources(objects);
  const instances = knexAndOrms(objects, dataSources);
  const pools = findPgPools(objects).filter(({ instance }) => !isHeldBy(instance, dataSources));
  return [
    ...instances,
    ...parts(findPrismaClients(objects), pingPrisma),
    ...parts(findMongooseConnections(objects), pingMongoose),
    ...parts(pools, pingPgPool),
    ...parts(findPgClients(objects), pingPgClient),
    ...parts(
      findMysql2Pools(objects).filter(({ instance }) => !isHeldBy(instance, dataSources)),
      pingMysql2,
    ),
  ];
}

function knexAndOrms(
  objects: ApplicationObjects,
  dataSources: ReturnType<typeof findTypeOrmDataSources>,
): Part[] {
  return [...parts(dataSources, pingDataSource), ...parts(findKnex(objects), pingKnex)];
}

/** By a connection of its pool, where TypeORM has none of its own that could be destroyed when it does not answer. */
async function pingDataSource(dataSource: TypeOrmDataSource, signal: AbortSignal): Promise<void> {
  const pools = dataSource.isInitialized
    ? typeOrmPools(dataSource).filter((pool) => pool instanceof Object)
    : [];
  const [pgPool] = pools.filter(isPgPool);
  const [mysql2Pool] = pools.filter(isMysql2Pool);
  if (pgPool !== undefined) await pingPgPool(pgPool, signal);
  else if (mysql2Pool !== undefined) await pingMysql2(mysql2Pool, signal);
  else await pingTypeOrm(dataSource, signal);
}

function caches(objects: ApplicationObjects): Part[] {
  return [
    ...parts(findCacheManagers(objects), pingCacheManager),
    ...parts(findKeyvStores(objects), pingKeyv),
  ];
}

/** Without those behind a cache, which is asked already, and which connects them only when it is used. */
function redisClients(objects: ApplicationObjects): Part[] {
  return [
    ...parts(findIoRedisClients(objects), pingIoRedis),
    ...parts(findOwnNodeRedisClients(objects), pingNodeRedis),
  ];
}

function queues(objects: ApplicationObjects): Part[] {
  return parts(findBullMqQueues(objects), pingBullMq);
}

function parts<T extends object>(
  found: readonly ObjectMatch<T>[],
  ping: (instance: T, signal: AbortSignal) => Promise<void>,
): Part[] {
  return found.map(({ name, instance }) => ({ name, ping: (signal) => ping(instance, signal) }));
}

/** Whether it is the pool behind a data source, which is asked already. */
function isHeldBy(pool: object, dataSources: readonly ObjectMatch<{ readonly driver: object }>[]): boolean {
  return dataSources.some(({ instance: { driver } }) => {
    const { master, pool: own, slaves } = driver as { master?: unknown; pool?: unknown; slaves?: unknown };
    return master === pool || own === pool || (Array.isArray(slaves) && slaves.includes(pool));
  });
}

/** The only one of a kind, and the default one, have the name of the kind; others have their own behind it. */
function checksOf(
  kind: string,
  found: readonly Part[],
  tuning: CheckTuning | false,
  message: string,
): HealthCheck[] {
  if (tuning === false) return [];
  const taken = new Set<string>();
  return found.map(({ name, ping }) => {
    const base =
      found.length === 1 || name === 'default' ? kind : `${kind}.${name.replace(/[^\w.-]+/g, '_')}`;
    let free = base.slice(0, 90);
    for (let number = 2; taken.has(free); number++) free = `${base.slice(0, 90)}.${number}`;
    taken.add(free);
    return {
      critical: kind === 'database',
      ...tuning,
      name: free,
      check: async (signal) => {
        try {
          await ping(signal);
        } catch (error) {
          // The check goes on as long as its work does, so that no more is sent to what answers nothing.
          await abandonedWork(signal);
          throw error;
        }
        return { status: 'healthy', message };
      },
    };
  });
}
