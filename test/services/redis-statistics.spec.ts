import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import KeyvRedis, { createClient as createClientOfKeyv } from '@keyv/redis';
import { type INestApplication, Module, type Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createCache } from 'cache-manager';
import { Cluster, Redis } from 'ioredis';
import { Keyv } from 'keyv';
import { MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
import { createClient, createCluster } from 'redis';
import * as redis4 from 'redis-4';
import * as redis5 from 'redis-5';
import { pingCacheManager } from '../../lib/integrations/cache-manager/cache-manager.ping.js';
import { pingIoRedis } from '../../lib/integrations/ioredis/ioredis.ping.js';
import { valuesOf } from '../collectors/values.js';
import { eventually } from '../support/eventually.js';
import { expectThat } from '../support/expectations.js';
import { describeWith } from './support/binaries.js';
import { RedisClusterServers } from './support/redis.cluster.js';
import { RedisServer } from './support/redis.server.js';

const RECOVERY_MS = 30_000;

describeWith(['redis-server'], 'a real Redis', () => {
  const closing: (() => unknown)[] = [];
  let server: RedisServer;
  let app: INestApplication;
  let registry: MetricsRegistry;
  let ioredis: Redis;
  let nodeRedis: ReturnType<typeof createClient>;

  beforeAll(async () => {
    server = await RedisServer.start('--maxmemory', '3mb', '--maxmemory-policy', 'allkeys-lru');
    closing.push(() => server.stop());
    ioredis = new Redis(server.port);
    ioredis.on('error', () => undefined);
    nodeRedis = createClient({ url: server.url });
    nodeRedis.on('error', () => undefined);
    await nodeRedis.connect();
    closing.push(
      () => ioredis.disconnect(),
      () => nodeRedis.destroy(),
    );
    @Module({
      imports: [MonitoringModule.forRoot({ collectors: { cache: { intervalMs: 100, timeoutMs: 2_000 } } })],
      providers: [
        { provide: 'IOREDIS', useValue: ioredis },
        { provide: 'NODE_REDIS', useValue: nodeRedis },
      ],
    })
    class AppModule {}
    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = await testing.createNestApplication({ logger: false }).init();
    registry = app.get(MetricsRegistry);
    closing.push(() => app.close());
  }, 60_000);

  afterAll(async () => {
    for (const close of closing.toReversed()) await close();
  });

  const commands = (client: string, name = 'redis_client_command_duration_seconds') =>
    Object.fromEntries(
      Object.entries(valuesOf(registry, name))
        .filter(([key]) => key.startsWith(`${client} `))
        .map(([key, value]) => [key.slice(client.length + 1), value]),
    );

  async function success(): Promise<number | undefined> {
    await registry.collect();
    return valuesOf(registry, 'monitoring_collector_success')['redis'];
  }

  it('is sent commands that are counted by name, also of pipelines and transactions', async () => {
    await ioredis.set('key', 'value');
    await ioredis.get('key');
    await ioredis.get('nothing');
    await ioredis.pipeline().incr('n').incr('n').exec();
    await expect(ioredis.lpush('key', 'x')).rejects.toThrow('WRONGTYPE');
    await nodeRedis.set('other', 'value');
    await nodeRedis.get('other');
    await expect(nodeRedis.lPush('other', 'x')).rejects.toThrow('WRONGTYPE');
    expect(commands('IOREDIS')).toEqual({ set: 1, get: 2, incr: 2, lpush: 1 });
    expect(commands('IOREDIS', 'redis_client_command_errors_total')).toEqual({ lpush: 1 });
    expect(commands('NODE_REDIS')).toEqual({ set: 1, get: 1, lpush: 1 });
    expect(commands('NODE_REDIS', 'redis_client_command_errors_total')).toEqual({ lpush: 1 });
  });

  it('says of itself what is shown', async () => {
    for (let i = 0; i < 40; i++) {
      const pipeline = ioredis.pipeline();
      for (let j = 0; j < 100; j++) pipeline.set(`filler:${i}:${j}`, 'x'.repeat(800));
      await pipeline.exec();
    }
    const fields = {
      keyspace_hits: 'redis_keyspace_hits_total',
      keyspace_misses: 'redis_keyspace_misses_total',
      evicted_keys: 'redis_evicted_keys_total',
      expired_keys: 'redis_expired_keys_total',
      maxmemory: 'redis_memory_max_bytes',
      connected_clients: 'redis_connected_clients',
    };
    await eventually(async () => {
      await registry.collect();
      const info = await ioredis.info();
      for (const [field, name] of Object.entries(fields)) {
        const said = Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1]);
        expectThat(valuesOf(registry, name), name).toEqual({ IOREDIS: said, NODE_REDIS: said });
      }
      const keys = Number(/^db0:keys=(\d+)/m.exec(info)?.[1]);
      expect(valuesOf(registry, 'redis_keys')['IOREDIS db0']).toBe(keys);
    }, RECOVERY_MS);
    expect(valuesOf(registry, 'redis_keyspace_misses_total')['IOREDIS']).toBeGreaterThan(0);
    expect(valuesOf(registry, 'redis_evicted_keys_total')['IOREDIS']).toBeGreaterThan(1_000);
    expect(valuesOf(registry, 'redis_memory_used_bytes')['IOREDIS']).toBeGreaterThan(1_000_000);
  }, 60_000);

  it('is left out while it is gone, told of, and shown again when it is back', async () => {
    await eventually(async () => expect(await success()).toBe(1), RECOVERY_MS);
    const before = valuesOf(registry, 'redis_evicted_keys_total')['IOREDIS'] ?? 0;
    await server.crash();
    await eventually(async () => expect(await success()).toBe(0), RECOVERY_MS);
    // It may have evicted another key before its end, and have been asked for it.
    const evicted = valuesOf(registry, 'redis_evicted_keys_total')['IOREDIS'];
    expect(evicted).toBeGreaterThanOrEqual(before);
    const names = registry.snapshot().families.map(({ name }) => name);
    expect(names).not.toContain('redis_connected_clients');
    expect(names).not.toContain('redis_keys');
    await server.restart();
    await eventually(async () => expect(await success()).toBe(1), RECOVERY_MS);
    expect(valuesOf(registry, 'redis_connected_clients')).toHaveProperty('IOREDIS');
    expect(valuesOf(registry, 'redis_evicted_keys_total')['IOREDIS']).toBe(evicted);
  }, 90_000);

  it('makes nothing hang while it hangs itself', async () => {
    const { pid } = server;
    if (pid === undefined) throw new Error('it does not run');
    process.kill(pid, 'SIGSTOP');
    try {
      await eventually(async () => expect(await success()).toBe(0), RECOVERY_MS);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await eventually(async () => expect(await success()).toBe(1), RECOVERY_MS);
  }, 90_000);
});

const sent = (registry: MetricsRegistry) => valuesOf(registry, 'redis_client_command_duration_seconds');

describeWith(['redis-server', 'redis-cli'], 'the clients of an application', () => {
  const closing: (() => unknown)[] = [];
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  }, 60_000);

  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  afterAll(() => server.stop());

  async function start(providers: Provider[]): Promise<MetricsRegistry> {
    @Module({ imports: [MonitoringModule.forRoot()], providers })
    class AppModule {}
    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = await testing.createNestApplication({ logger: false }).init();
    closing.push(() => app.close());
    return app.get(MetricsRegistry);
  }

  async function connected(library: { createClient(options: { url: string }): unknown } = { createClient }) {
    const client = library.createClient({ url: server.url }) as ReturnType<typeof createClient>;
    client.on('error', () => undefined);
    await client.connect();
    closing.push(() => client.disconnect());
    return client;
  }

  it.each([
    ['6', { createClient }],
    ['5', redis5],
    ['4', redis4],
  ])('are not said to send what monitoring asks of node-redis %s', async (_, library) => {
    const registry = await start([{ provide: 'CLIENT', useValue: await connected(library) }]);
    await eventually(async () => {
      await registry.collect();
      expect(valuesOf(registry, 'redis_connected_clients')).toHaveProperty('CLIENT');
    }, RECOVERY_MS);
    expect(sent(registry)).toEqual({});
  });

  it.each([false, true])(
    'are not said to send what monitoring asks of ioredis (autoPipelining: %s)',
    async (auto) => {
      const client = new Redis(server.port, { enableAutoPipelining: auto });
      closing.push(() => client.disconnect());
      const registry = await start([{ provide: 'CLIENT', useValue: client }]);
      await client.get('key');
      await eventually(async () => {
        await registry.collect();
        expect(valuesOf(registry, 'redis_connected_clients')).toHaveProperty('CLIENT');
      }, RECOVERY_MS);
      const [, value] = await Promise.all([
        pingIoRedis(client, AbortSignal.timeout(10_000)),
        client.get('key'),
      ]);
      expect(value).toBeNull();
      expect(sent(registry)).toEqual({ 'CLIENT get': 2 });
    },
  );

  it('are one, however it is reached, and a duplicate is another one', async () => {
    const client = await connected();
    const duplicate = client.duplicate();
    duplicate.on('error', () => undefined);
    await duplicate.connect();
    closing.push(() => duplicate.destroy());
    const registry = await start([
      { provide: 'CLIENT', useValue: client },
      { provide: 'SAME', useValue: client },
      { provide: 'ALIAS', useExisting: 'CLIENT' },
      { provide: 'TYPED', useValue: client.withTypeMapping({}) },
      { provide: 'HOLDER', useValue: { client } },
      { provide: 'DUPLICATE', useValue: duplicate },
    ]);
    await client.get('key');
    await client.withTypeMapping({}).get('key');
    await duplicate.get('key');
    expect(sent(registry)).toEqual({ 'CLIENT get': 2, 'DUPLICATE get': 1 });
  });

  it('are one where stores of Keyv share it, and each lookup of a store is one of its own', async () => {
    const client = createClientOfKeyv({ url: server.url });
    client.on('error', () => undefined);
    const stores = ['a', 'b'].map((namespace) => new Keyv(new KeyvRedis(client), { namespace }));
    closing.push(() => client.disconnect());
    const cache = createCache({ stores: [stores[0]!] });
    const registry = await start([
      { provide: 'A', useValue: stores[0] },
      { provide: 'B', useValue: stores[1] },
      { provide: 'CACHE', useValue: cache },
    ]);
    await stores[0]?.set('key', 1);
    await stores[1]?.get('key');
    await cache.get('key');
    const clients = Object.keys(sent(registry)).map((key) => key.split(' ')[0]);
    expect(new Set(clients).size).toBe(1);
    expect(Object.entries(sent(registry)).find(([key]) => key.endsWith(' get'))?.[1]).toBe(2);
    expect(valuesOf(registry, 'cache_hits_total')).toMatchObject({ CACHE: 1 });
    expect(valuesOf(registry, 'cache_misses_total')).toMatchObject({ B: 1 });
    expect(valuesOf(registry, 'cache_hits_total')['A'] ?? 0).toBe(0);
    // What monitoring writes by a store is not sent by the application.
    const before = sent(registry);
    await pingCacheManager(cache, AbortSignal.timeout(10_000));
    expect(sent(registry)).toEqual(before);
  });

  it('have statistics of each master where they are clusters', async () => {
    const cluster = await RedisClusterServers.start();
    closing.push(() => cluster.stop());
    const ioredis = new Cluster(cluster.ports.map((port) => ({ host: '127.0.0.1', port })));
    const nodeRedis = createCluster({ rootNodes: cluster.urls.map((url) => ({ url })) });
    nodeRedis.on('error', () => undefined);
    await nodeRedis.connect();
    closing.push(
      () => ioredis.disconnect(),
      () => nodeRedis.destroy(),
    );
    const registry = await start([
      { provide: 'IOREDIS', useValue: ioredis },
      { provide: 'NODE_REDIS', useValue: nodeRedis },
    ]);
    await eventually(async () => {
      await registry.collect();
      expect(Object.keys(valuesOf(registry, 'redis_connected_clients')).toSorted()).toEqual(
        ['IOREDIS', 'NODE_REDIS']
          .flatMap((client) => cluster.ports.map((port) => `${client} 127.0.0.1:${port}`))
          .toSorted(),
      );
    }, RECOVERY_MS);
    expect(sent(registry)).toEqual({});
  }, 120_000);
});
