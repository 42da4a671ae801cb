import { BULL_REGISTRARS, BULLMQ_QUEUES, BULLMQ_WORKERS } from './bullmq/bullmq.discovery.js';
import { CACHE_MANAGERS } from './cache-manager/cache-manager.discovery.js';
import { CACHEABLE_MEMORIES, CACHEABLES } from './cacheable/cacheable.discovery.js';
import { IOREDIS_CLIENTS } from './ioredis/ioredis.discovery.js';
import { KEYV_STORES } from './keyv/keyv.discovery.js';
import { KNEX_INSTANCES } from './knex/knex.discovery.js';
import { LRU_CACHES } from './lru-cache/lru-cache.discovery.js';
import { MONGOOSE_CONNECTIONS } from './mongoose/mongoose.discovery.js';
import { MYSQL2_CONNECTIONS, MYSQL2_POOLS } from './mysql2/mysql2.discovery.js';
import { NODE_REDIS_CLIENTS, OWN_NODE_REDIS_CLIENTS } from './node-redis/node-redis.discovery.js';
import type { ObjectQuery } from './object-search.js';
import { PG_CLIENTS, PG_POOLS } from './pg/pg.discovery.js';
import { PINO_LOGGERS } from './pino/pino.discovery.js';
import { PRISMA_CLIENTS } from './prisma/prisma.discovery.js';
import { TYPEORM_DATA_SOURCES } from './typeorm/typeorm.discovery.js';
import { WINSTON_LOGGERS } from './winston/winston.discovery.js';

/** The queries of all finders of this library. One scan answers them together. */
export const CLIENT_QUERIES: readonly ObjectQuery<object>[] = [
  TYPEORM_DATA_SOURCES,
  PG_POOLS,
  PG_CLIENTS,
  MYSQL2_POOLS,
  MYSQL2_CONNECTIONS,
  KNEX_INSTANCES,
  PRISMA_CLIENTS,
  MONGOOSE_CONNECTIONS,
  CACHE_MANAGERS,
  KEYV_STORES,
  CACHEABLES,
  CACHEABLE_MEMORIES,
  LRU_CACHES,
  IOREDIS_CLIENTS,
  NODE_REDIS_CLIENTS,
  OWN_NODE_REDIS_CLIENTS,
  BULLMQ_QUEUES,
  BULLMQ_WORKERS,
  BULL_REGISTRARS,
  PINO_LOGGERS,
  WINSTON_LOGGERS,
];
