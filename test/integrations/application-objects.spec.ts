import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createKeyv } from '@keyv/redis';
import { CACHE_MANAGER, CacheModule } from '@nestjs/cache-manager';
import { type DynamicModule, Injectable, Module, Scope } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';
import mongoose from 'mongoose';
import mysql from 'mysql2';
import mysqlWithPromises from 'mysql2/promise';
import { Client, Pool } from 'pg';
import { createClient } from 'redis';
import { DataSource } from 'typeorm';
import { ApplicationObjects } from '../../lib/integrations/application-objects.integration.js';
import { findCacheManagers } from '../../lib/integrations/cache-manager/cache-manager.discovery.js';
import { pingCacheManager } from '../../lib/integrations/cache-manager/cache-manager.ping.js';
import { findIoRedisClients } from '../../lib/integrations/ioredis/ioredis.discovery.js';
import { pingIoRedis } from '../../lib/integrations/ioredis/ioredis.ping.js';
import { findKeyvStores } from '../../lib/integrations/keyv/keyv.discovery.js';
import { pingKeyv } from '../../lib/integrations/keyv/keyv.ping.js';
import { findMongooseConnections } from '../../lib/integrations/mongoose/mongoose.discovery.js';
import { pingMongoose } from '../../lib/integrations/mongoose/mongoose.ping.js';
import { findMysql2Pools } from '../../lib/integrations/mysql2/mysql2.discovery.js';
import { findNodeRedisClients } from '../../lib/integrations/node-redis/node-redis.discovery.js';
import { pingNodeRedis } from '../../lib/integrations/node-redis/node-redis.ping.js';
import { findPgClients, findPgPools, type PgPoolClient } from '../../lib/integrations/pg/pg.discovery.js';
import { pingPgPool } from '../../lib/integrations/pg/pg.ping.js';
import { findPrismaClients } from '../../lib/integrations/prisma/prisma.discovery.js';
import { pingPrisma } from '../../lib/integrations/prisma/prisma.ping.js';
import { findTypeOrmDataSources } from '../../lib/integrations/typeorm/typeorm.discovery.js';
import { pingTypeOrm } from '../../lib/integrations/typeorm/typeorm.ping.js';
import { eventually } from '../support/eventually.js';
import { startedApplication } from './started-application.js';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function objectsOf(definition: Omit<DynamicModule, 'module'>): Promise<ApplicationObjects> {
  const { app, objects } = await startedApplication(definition);
  closing.push(() => app.close());
  return objects;
}

const value = (provide: string | symbol, useValue: unknown) => ({ provide, useValue });
const none = () => Promise.resolve();
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const names = (found: readonly { name: string }[]) => found.map(({ name }) => name);
const inMemory = (name?: string) =>
  TypeOrmModule.forRoot({ type: 'sqljs', synchronize: true, entities: [], ...(name && { name }) });

/** A deep mock, which has a function for every name. */
const deepMock = new Proxy({}, { get: () => () => undefined });
const forbidding = new Proxy(
  {},
  {
    has: () => {
      throw new Error('Do not look at me.');
    },
    ownKeys: () => {
      throw new Error('Do not look at me.');
    },
  },
);

describe('the search of an application', () => {
  it('finds each data source under its name, and the data source answers a ping', async () => {
    const objects = await objectsOf({ imports: [inMemory(), inMemory('users')] });
    const found = findTypeOrmDataSources(objects);
    expect(names(found)).toEqual(['default', 'users']);
    for (const { instance } of found) {
      expect(instance).toBeInstanceOf(DataSource);
      await pingTypeOrm(instance, AbortSignal.timeout(10_000));
    }
  });

  it('finds a pool of pg as a provider, behind Drizzle and in a property', async () => {
    const pools = Array.from({ length: 3 }, () => new Pool());
    const drizzle = { $client: pools[1], select: () => undefined };
    @Injectable()
    class ReportsService {
      readonly pool = pools[2];
      readonly same = pools[0];
    }
    const objects = await objectsOf({
      providers: [ReportsService, value('PG_POOL', pools[0]), value(Symbol('DRIZZLE'), drizzle)],
    });
    const found = findPgPools(objects);
    expect(names(found)).toEqual(['PG_POOL', 'DRIZZLE', 'ReportsService.pool']);
    expect(found.map(({ instance }) => instance)).toEqual(pools);
    expect(findPgClients(objects)).toEqual([]);
  });

  it('finds a client of pg without a pool', async () => {
    const client = new Client();
    const objects = await objectsOf({ providers: [value('PG', client)] });
    expect(findPgClients(objects)).toEqual([{ name: 'PG', instance: client }]);
    expect(findPgPools(objects)).toEqual([]);
  });

  it('finds a pool of mysql2 with callbacks and with promises, each once', async () => {
    const plain = mysql.createPool({});
    const promising = mysqlWithPromises.createPool({});
    closing.push(() => promising.end());
    const objects = await objectsOf({
      providers: [value('PROMISING', promising), value('PLAIN', plain), value('AGAIN', plain.promise())],
    });
    expect(findMysql2Pools(objects)).toEqual([
      { name: 'PROMISING', instance: promising.pool },
      { name: 'PLAIN', instance: plain },
    ]);
  });

  it('finds a Redis client of either library, whose ping fails before it is connected', async () => {
    const ioredis = new Redis({ lazyConnect: true });
    ioredis.disconnect();
    const nodeRedis = createClient();
    const objects = await objectsOf({ providers: [value('IOREDIS', ioredis), value('REDIS', nodeRedis)] });
    expect(findIoRedisClients(objects)).toEqual([{ name: 'IOREDIS', instance: ioredis }]);
    expect(names(findNodeRedisClients(objects))).toEqual(['REDIS']);
    expect(findNodeRedisClients(objects)[0]?.instance).toBe(nodeRedis);
    const signal = AbortSignal.timeout(10_000);
    await expect(pingIoRedis(ioredis, signal)).rejects.toThrow('the connection is not ready (end)');
    await expect(pingNodeRedis(nodeRedis, signal)).rejects.toThrow('the connection is not ready');
  });

  it('finds a Redis client inside a store of Keyv, also inside a cache', async () => {
    const [inCache, alone] = [createKeyv('redis://127.0.0.1:1'), createKeyv('redis://127.0.0.1:1')];
    const objects = await objectsOf({
      imports: [CacheModule.register({ stores: [inCache] })],
      providers: [value('SESSIONS', alone)],
    });
    const clients = [inCache, alone].map(({ store }) => (store as { client: unknown }).client);
    expect(findNodeRedisClients(objects).map(({ instance }) => instance)).toEqual(
      expect.arrayContaining(clients),
    );
    expect(names(findNodeRedisClients(objects)).toSorted()).toEqual(['CACHE_MANAGER', 'SESSIONS']);
  });

  it('finds each connection of Mongoose, whose ping fails before it is open', async () => {
    const connection = mongoose.createConnection();
    closing.push(() => connection.close());
    const objects = await objectsOf({ providers: [value('DatabaseConnection', connection)] });
    const found = findMongooseConnections(objects);
    expect(names(found)).toEqual(['default']);
    expect(found[0]?.instance).toBe(connection);
    await expect(pingMongoose(connection, AbortSignal.timeout(10_000))).rejects.toThrow(
      'the connection is not open',
    );
  });

  it('finds a client of Prisma, whose ping is in the language of its database', async () => {
    const asked: unknown[] = [];
    const ask = (question: unknown) => Promise.resolve(asked.push(question));
    const prisma = { $connect: ask, $disconnect: ask, $transaction: ask };
    const sql = { ...prisma, _activeProvider: 'postgresql', $queryRawUnsafe: ask };
    const mongo = { ...prisma, _activeProvider: 'mongodb', $queryRawUnsafe: ask, $runCommandRaw: ask };
    const objects = await objectsOf({ providers: [value('SQL', sql), value('MONGO', mongo)] });
    const found = findPrismaClients(objects);
    expect(names(found)).toEqual(['SQL', 'MONGO']);
    for (const { instance } of found) await pingPrisma(instance, AbortSignal.timeout(10_000));
    expect(asked).toEqual(['SELECT 1 /* nestjs-monitoring */', { ping: 1 }]);
  });

  it('finds a client of Prisma once, even with several proxies of it', async () => {
    const client = { $connect: none, $disconnect: none, $transaction: none };
    Object.assign(client, { _originalClient: client });
    const objects = await objectsOf({
      providers: [
        value('PRISMA', new Proxy(client, {})),
        value('EXTENDED', Object.create(new Proxy(client, {})) as unknown),
        value('REPOSITORY', { prisma: client }),
      ],
    });
    expect(names(findPrismaClients(objects))).toEqual(['PRISMA']);
  });

  it('finds each cache of cache-manager and each Keyv, whose stores answer a ping', async () => {
    const sessions = new Keyv({ namespace: 'sessions' });
    const objects = await objectsOf({
      imports: [CacheModule.register({ isGlobal: true })],
      providers: [value('SESSIONS', sessions), { provide: 'ALIAS', useExisting: CACHE_MANAGER }],
    });
    const caches = findCacheManagers(objects);
    expect(names(caches)).toEqual(['default']);
    expect(findKeyvStores(objects)).toEqual([{ name: 'SESSIONS', instance: sessions }]);
    const signal = AbortSignal.timeout(10_000);
    for (const { instance } of caches) await pingCacheManager(instance, signal);
    await pingKeyv(sessions, signal);
    expect([...((sessions.store as Map<string, unknown>).keys?.() ?? [])]).toEqual([]);
  });

  it('finds a store that drops its values, whose ping fails', async () => {
    const forgetful = new Keyv({
      store: { get: () => undefined, set: () => true, delete: () => true, clear: () => undefined },
    });
    const objects = await objectsOf({ providers: [value('FORGETFUL', forgetful)] });
    const [found] = findKeyvStores(objects);
    if (found === undefined) throw new Error('not found');
    await expect(pingKeyv(found.instance, AbortSignal.timeout(10_000))).rejects.toThrow(
      'a value was written, but could not be read back',
    );
  });

  it('finds a client that is created later', async () => {
    @Injectable()
    class LazyService {
      pool: Pool | undefined;
    }
    const lazy = new LazyService();
    const objects = await objectsOf({ providers: [{ provide: LazyService, useValue: lazy }] });
    expect(findPgPools(objects)).toEqual([]);
    lazy.pool = new Pool();
    await nextTurn();
    expect(names(findPgPools(objects))).toEqual(['LazyService.pool']);
  });

  it('gives two pools with the same token different names', async () => {
    @Module({ providers: [value('POOL', new Pool())] })
    class OrdersModule {}
    const objects = await objectsOf({ imports: [OrdersModule], providers: [value('POOL', new Pool())] });
    expect(names(findPgPools(objects)).toSorted()).toEqual(['POOL', 'POOL.2']);
  });

  it('does not find a request-scoped provider', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class RequestPool extends Pool {}
    const objects = await objectsOf({ providers: [RequestPool] });
    expect(findPgPools(objects)).toEqual([]);
  });

  it('finds neither a mock with every method nor an object that refuses to be read', async () => {
    let read = 0;
    const guarded = Object.defineProperty({}, 'pool', { get: () => read++, enumerable: true });
    const objects = await objectsOf({
      providers: [value('MOCK', deepMock), value('FORBIDDING', forbidding), value('GUARDED', guarded)],
    });
    const found = [
      findTypeOrmDataSources,
      findPgPools,
      findIoRedisClients,
      findPrismaClients,
      findKeyvStores,
    ];
    for (const find of found) expect(find(objects)).toEqual([]);
    expect(read).toBe(0);
  });
});

describe('a ping', () => {
  it('rejects at its timeout and destroys the connection', async () => {
    const released: unknown[] = [];
    const client = {
      query: () => new Promise<never>(() => undefined),
      release: (destroy?: boolean) => void released.push(destroy),
      on: () => undefined,
      off: () => undefined,
    };
    const pool = {
      ...emptyPool,
      connect: (connected: (error: unknown, taken: PgPoolClient) => void) => connected(undefined, client),
    };
    await expect(pingPgPool(pool, AbortSignal.timeout(1))).rejects.toThrow('timeout');
    expect(released).toEqual([true]);
  });

  it('releases a connection that it gets too late', async () => {
    const released: unknown[] = [];
    const connected = new EventEmitter();
    const pool = {
      ...emptyPool,
      connect: (callback: (error: unknown, client: PgPoolClient) => void) =>
        void connected.once('client', (client: PgPoolClient) => callback(undefined, client)),
    };
    await expect(pingPgPool(pool, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    connected.emit('client', {
      release: (destroy?: boolean) => void released.push(destroy),
      on: () => undefined,
      off: () => undefined,
    });
    await eventually(() => expect(released).toEqual([false]));
  });
});

const emptyPool = { totalCount: 0, idleCount: 0, waitingCount: 0, options: {}, Client: Client };
