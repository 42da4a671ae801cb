import type { ApplicationObjects } from './application-objects.integration.js';
import { findBullMqQueues } from './bullmq/bullmq.discovery.js';
import { findCacheManagers } from './cache-manager/cache-manager.discovery.js';
import { CACHEABLE_MEMORIES, CACHEABLES } from './cacheable/cacheable.discovery.js';
import { findIoRedisClients } from './ioredis/ioredis.discovery.js';
import { findKeyvStores } from './keyv/keyv.discovery.js';
import { findKnex } from './knex/knex.discovery.js';
import { LRU_CACHES } from './lru-cache/lru-cache.discovery.js';
import { findMongooseConnections } from './mongoose/mongoose.discovery.js';
import { findMysql2Connections, findMysql2Pools } from './mysql2/mysql2.discovery.js';
import { findNodeRedisClients } from './node-redis/node-redis.discovery.js';
import type { ObjectMatch } from './object-search.js';
import { findPgClients, findPgPools } from './pg/pg.discovery.js';
import { findPrismaClients } from './prisma/prisma.discovery.js';
import { findTypeOrmDataSources, withoutTypeOrm } from './typeorm/typeorm.discovery.js';

/** A library, and the finder of its clients among the objects of the application. */
type Finder = readonly [
  library: string,
  find: (objects: ApplicationObjects) => readonly ObjectMatch<object>[],
];

const DATABASES: readonly Finder[] = [
  ['TypeORM', findTypeOrmDataSources],
  ['pg', withoutTypeOrm(findPgPools)],
  ['pg', findPgClients],
  ['mysql2', withoutTypeOrm(findMysql2Pools)],
  ['mysql2', findMysql2Connections],
  ['Knex', findKnex],
  ['Prisma', findPrismaClients],
  ['Mongoose', findMongooseConnections],
];
const CACHES: readonly Finder[] = [
  ['cache-manager', findCacheManagers],
  ['Keyv', findKeyvStores],
  ['cacheable', (objects) => objects.find(CACHEABLES)],
  ['cacheable', (objects) => objects.find(CACHEABLE_MEMORIES)],
  ['lru-cache', (objects) => objects.find(LRU_CACHES)],
  ['ioredis', findIoRedisClients],
  ['redis', findNodeRedisClients],
];
const QUEUES: readonly Finder[] = [['BullMQ', findBullMqQueues]];

/** The clients of each kind, each as its name and its library. */
export const foundDatabases = (objects: ApplicationObjects): string[] => foundBy(DATABASES, objects);
export const foundCaches = (objects: ApplicationObjects): string[] => foundBy(CACHES, objects);
export const foundQueues = (objects: ApplicationObjects): string[] => foundBy(QUEUES, objects);

function foundBy(finders: readonly Finder[], objects: ApplicationObjects): string[] {
  return finders.flatMap(([library, find]) => find(objects).map(({ name }) => `${name} (${library})`));
}
