import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { BullModule, InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import knex from 'knex';
import { createPool } from 'mysql2';
import { Pool } from 'pg';
import { createClient } from 'redis';
import type { ApplicationObjects } from '../../lib/integrations/application-objects.integration.js';
import { findBullMqQueues, findBullMqWorkers } from '../../lib/integrations/bullmq/bullmq.discovery.js';
import { pingBullMq } from '../../lib/integrations/bullmq/bullmq.ping.js';
import { findIoRedisClients } from '../../lib/integrations/ioredis/ioredis.discovery.js';
import { pingIoRedis } from '../../lib/integrations/ioredis/ioredis.ping.js';
import { findKnex } from '../../lib/integrations/knex/knex.discovery.js';
import { pingKnex } from '../../lib/integrations/knex/knex.ping.js';
import { findMysql2Pools } from '../../lib/integrations/mysql2/mysql2.discovery.js';
import { pingMysql2 } from '../../lib/integrations/mysql2/mysql2.ping.js';
import { findNodeRedisClients } from '../../lib/integrations/node-redis/node-redis.discovery.js';
import { pingNodeRedis } from '../../lib/integrations/node-redis/node-redis.ping.js';
import { findPgPools, type PgPool } from '../../lib/integrations/pg/pg.discovery.js';
import { pingPgPool } from '../../lib/integrations/pg/pg.ping.js';
import { findSqlSources } from '../../lib/integrations/sql/sql-sources.js';
import { findTypeOrmDataSources } from '../../lib/integrations/typeorm/typeorm.discovery.js';
import { pingTypeOrm } from '../../lib/integrations/typeorm/typeorm.ping.js';
import { startedApplication } from '../integrations/started-application.js';
import { eventually } from '../support/eventually.js';
import { describeWith } from './support/binaries.js';
import { MariaDbServer } from './support/mariadb.server.js';
import { PostgresServer } from './support/postgres.server.js';
import { RedisServer } from './support/redis.server.js';
import { TerminatingProxy } from './support/terminating.proxy.js';

const RECOVERY_MS = 30_000;
const PING_MS = 2_000;

interface Ping {
  readonly name: string;
  send(): Promise<void>;
}

function pingsOf<T extends object>(
  found: readonly { readonly name: string; readonly instance: T }[],
  ping: (instance: T, signal: AbortSignal) => Promise<void>,
): Ping[] {
  return found.map(({ name, instance }) => ({
    name,
    send: () => ping(instance, AbortSignal.timeout(PING_MS)),
  }));
}

/** The pings answer while the server is there, fail while it is not, and answer when it is there again. */
async function expectToFollow(
  pings: readonly Ping[],
  server: { crash(): Promise<void>; restart(): Promise<void> },
): Promise<void> {
  const answering = async () => {
    const results = await Promise.allSettled(pings.map((ping) => ping.send()));
    return pings.filter((_, i) => results[i]?.status === 'fulfilled').map(({ name }) => name);
  };
  const all = pings.map(({ name }) => name);
  await eventually(async () => expect(await answering()).toEqual(all), RECOVERY_MS);
  await server.crash();
  expect(await answering()).toEqual([]);
  await server.restart();
  await eventually(async () => expect(await answering()).toEqual(all), RECOVERY_MS);
}

/** What asks fails when a connection is lost in a rare moment, ends nothing else, and answers afterwards. */
async function expectToSurvive(proxy: TerminatingProxy, times: number, asks: readonly Ping[]): Promise<void> {
  proxy.terminateWhenReady(times);
  // One after the other, so that each of them opens a connection (Knex opens one for two).
  for (const ask of asks) await ask.send().catch(() => undefined);
  // One that the machine has held up for as long as it may take goes on to connect behind its back.
  await eventually(() => expect(proxy.terminated).toBeGreaterThanOrEqual(asks.length - 1));
  proxy.terminateWhenReady(Infinity);
  // A pool may still have to hear that a connection is lost.
  for (const ask of asks) await eventually(() => ask.send(), RECOVERY_MS);
}

function sqlSourceAsks(objects: ApplicationObjects): Ping[] {
  return findSqlSources(objects).map((source) => ({
    name: source.name,
    send: async () => void (await source.query('SELECT 1', AbortSignal.timeout(PING_MS))),
  }));
}

describeWith(['redis-server'], 'pings of a real Redis', () => {
  const closing: (() => unknown)[] = [];
  let server: RedisServer;
  let pings: readonly Ping[];

  beforeAll(async () => {
    server = await RedisServer.start();
    closing.push(() => server.stop());
    const ioredis = new Redis(server.port);
    const nodeRedis = createClient({ url: server.url });
    for (const client of [ioredis, nodeRedis]) client.on('error', () => undefined);
    await Promise.all([once(ioredis, 'ready'), nodeRedis.connect()]);
    closing.push(
      () => ioredis.disconnect(),
      () => nodeRedis.destroy(),
    );

    @Processor('mails')
    class MailsProcessor extends WorkerHost {
      async process(): Promise<void> {
        // There are no jobs.
      }
    }
    @Injectable()
    class Mails {
      constructor(@InjectQueue('mails') queue: Queue) {
        queue.on('error', () => undefined);
      }
    }
    const { app, objects } = await startedApplication({
      imports: [
        BullModule.forRoot({ connection: { host: '127.0.0.1', port: server.port } }),
        BullModule.registerQueue({ name: 'mails' }),
      ],
      providers: [
        MailsProcessor,
        Mails,
        { provide: 'IOREDIS', useValue: ioredis },
        { provide: 'NODE_REDIS', useValue: nodeRedis },
      ],
    });
    const { worker } = app.get(MailsProcessor);
    worker.on('error', () => undefined);
    closing.push(
      () => app.close(),
      // A worker that connects again while it is closed waits for ever, unless it is forced.
      () => worker.close(true),
    );
    pings = [
      ...pingsOf(findIoRedisClients(objects), pingIoRedis),
      ...pingsOf(findNodeRedisClients(objects), pingNodeRedis),
      ...pingsOf(findBullMqQueues(objects), pingBullMq),
      ...pingsOf(findBullMqWorkers(objects), pingBullMq),
    ];
  }, 60_000);

  afterAll(async () => {
    for (const close of closing.toReversed()) await close();
  });

  it('are of each client, each queue and each worker', () => {
    expect(pings.map(({ name }) => name)).toEqual(['IOREDIS', 'NODE_REDIS', 'mails', 'mails']);
  });

  it('fail while it is gone, and answer when it is back', () => expectToFollow(pings, server), 60_000);
});

describeWith(['initdb', 'postgres'], 'pings of a real PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => (server = await PostgresServer.start()), 60_000);
  afterAll(() => server.stop());

  it('fail while it is gone, and answer when it is back', async () => {
    const pool = new Pool({ connectionString: server.url });
    pool.on('error', () => undefined);
    const { app, objects } = await startedApplication({
      imports: [TypeOrmModule.forRoot({ type: 'postgres', url: server.url, entities: [] })],
      providers: [{ provide: 'POOL', useValue: pool }],
    });
    const pings = [
      ...pingsOf(findTypeOrmDataSources(objects), pingTypeOrm),
      ...pingsOf(findPgPools(objects), pingPgPool),
    ];
    expect(pings.map(({ name }) => name)).toEqual(['default', 'POOL', 'default']);
    await expectToFollow(pings, server);
    // None of them keeps a connection, whichever was still being opened for one that was given up.
    await eventually(() => expect(pool.idleCount).toBe(pool.totalCount));
    await app.close();
    await pool.end();
  }, 60_000);

  it.each([
    ['as it is opened', 1],
    ['as it has answered', 2],
  ])('fail when it ends a connection %s, and end nothing else', async (_, times) => {
    const proxy = await TerminatingProxy.postgreSql(server.port);
    const url = server.url.replace(`:${server.port}`, `:${proxy.port}`);
    const pool = new Pool({ connectionString: url });
    const builder = knex({ client: 'pg', connection: url });
    pool.on('error', () => undefined);
    const { app, objects } = await startedApplication({
      imports: [TypeOrmModule.forRoot({ type: 'postgres', url, entities: [], logging: false })],
      providers: [
        { provide: 'POOL', useValue: pool },
        { provide: 'KNEX', useValue: builder },
      ],
    });
    const asks = [
      ...pingsOf(findTypeOrmDataSources(objects), pingTypeOrm),
      ...pingsOf(findPgPools(objects), pingPgPool),
      ...pingsOf(findKnex(objects), pingKnex),
      ...sqlSourceAsks(objects),
    ];
    expect(asks.map(({ name }) => name)).toEqual([
      'default',
      'POOL',
      'default',
      'KNEX',
      'default',
      'POOL',
      'KNEX',
    ]);
    await expectToSurvive(proxy, times, asks);
    await app.close();
    await Promise.all([pool.end(), builder.destroy()]);
    proxy.stop();
  });

  it.each([{}, { connectionTimeoutMillis: 20_000 }])(
    'wait no longer than they may for a connection of a pool that has none left (%o)',
    async (options) => {
      const pool = new Pool({ connectionString: server.url, max: 1, ...options });
      // A connection may still be closing when its server stops, in use or idle.
      pool.on('error', () => undefined);
      pool.on('connect', (each) => each.on('error', () => undefined));
      const client = await pool.connect();
      const waiting = pool.query('SELECT 1');
      await expect(pingPgPool(pool as unknown as PgPool, AbortSignal.timeout(50))).rejects.toThrow('timeout');
      expect(pool.waitingCount).toBe(1);
      client.release();
      await waiting;
      await pingPgPool(pool as unknown as PgPool, AbortSignal.timeout(RECOVERY_MS));
      await pool.end();
    },
  );
});

describeWith(['mariadbd', 'mariadb-install-db'], 'pings of a real MariaDB', () => {
  let server: MariaDbServer;
  beforeAll(async () => (server = await MariaDbServer.start()), 60_000);
  afterAll(() => server.stop());

  it('fail while it is gone, and answer when it is back', async () => {
    const pool = createPool(server.url);
    const { app, objects } = await startedApplication({
      imports: [TypeOrmModule.forRoot({ type: 'mariadb', url: server.url, entities: [] })],
      providers: [{ provide: 'POOL', useValue: pool }],
    });
    const pings = [
      ...pingsOf(findTypeOrmDataSources(objects), pingTypeOrm),
      ...pingsOf(findMysql2Pools(objects), pingMysql2),
    ];
    expect(pings.map(({ name }) => name)).toEqual(['default', 'POOL', 'default']);
    await expectToFollow(pings, server);
    await app.close();
    await new Promise((resolve) => pool.end(resolve));
  }, 60_000);

  it.each([
    ['as it is opened', 1],
    ['as it has answered', 2],
  ])('fail when it ends a connection %s, and end nothing else', async (_, times) => {
    const proxy = await TerminatingProxy.mysql(server.port);
    const url = server.url.replace(`:${server.port}`, `:${proxy.port}`);
    const pool = createPool(url);
    // It waits for a statement of its own on a connection that is lost, by default for 30 s.
    const patience = { acquireConnectionTimeout: PING_MS, pool: { createTimeoutMillis: PING_MS / 2 } };
    const builder = knex({ client: 'mysql2', connection: url, ...patience });
    const { app, objects } = await startedApplication({
      imports: [TypeOrmModule.forRoot({ type: 'mariadb', url, entities: [], logging: false })],
      providers: [
        { provide: 'POOL', useValue: pool },
        { provide: 'KNEX', useValue: builder },
      ],
    });
    const asks = [
      ...pingsOf(findTypeOrmDataSources(objects), pingTypeOrm),
      ...pingsOf(findMysql2Pools(objects), pingMysql2),
      ...pingsOf(findKnex(objects), pingKnex),
      ...sqlSourceAsks(objects),
    ];
    expect(asks.map(({ name }) => name)).toEqual([
      'default',
      'POOL',
      'default',
      'KNEX',
      'default',
      'POOL',
      'KNEX',
    ]);
    await expectToSurvive(proxy, times, asks);
    await app.close();
    await Promise.all([new Promise((resolve) => pool.end(resolve)), builder.destroy()]);
    proxy.stop();
  });
});
