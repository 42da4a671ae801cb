import { type INestApplication, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Redis } from 'ioredis';
import { MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { valuesOf } from '../collectors/values.js';
import { eventually } from '../e2e/fixture/start-app.js';
import { describeWith } from './support/binaries.js';
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
    expect(commands('IOREDIS')).toMatchObject({ set: 1, get: 2, incr: 2, lpush: 1 });
    expect(commands('IOREDIS', 'redis_client_command_errors_total')).toEqual({ lpush: 1 });
    expect(commands('NODE_REDIS')).toMatchObject({ set: 1, get: 1, lpush: 1 });
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
        expect(valuesOf(registry, name), name).toEqual({ IOREDIS: said, NODE_REDIS: said });
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
    const evicted = valuesOf(registry, 'redis_evicted_keys_total')['IOREDIS'] ?? 0;
    await server.crash();
    await eventually(async () => expect(await success()).toBe(0), RECOVERY_MS);
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
