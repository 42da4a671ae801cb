import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createKeyv } from '@keyv/redis';
import { CacheModule } from '@nestjs/cache-manager';
import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Redis } from 'ioredis';
import { MonitoringModule } from 'nestjs-monitoring';
import {
  ADAPTERS,
  type AdapterName,
  eventually,
  type RunningApp,
  startApp,
} from '../e2e/fixture/start-app.js';
import type { Answer } from '../e2e/fixture/http-client.js';
import { describeWith } from './support/binaries.js';
import { PostgresServer } from './support/postgres.server.js';
import { RedisServer } from './support/redis.server.js';

const INTERVAL_MS = 2_000;
const PATIENCE_MS = 30_000;

const ALL_WELL = { ready: 200, health: 200, alive: 200, database: 'healthy', redis: 'healthy' };
const WITHOUT_DATABASE = { ...ALL_WELL, ready: 503, health: 503, database: 'unhealthy' };
const WITHOUT_REDIS = { ...ALL_WELL, redis: 'degraded' };
const WITHOUT_BOTH = { ...WITHOUT_DATABASE, redis: 'degraded' };

interface Report {
  readonly checks: Readonly<Record<string, { readonly status: string; readonly message?: string }>>;
}

describeWith(['initdb', 'postgres', 'redis-server'], 'an application with PostgreSQL and Redis', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let client: Redis | undefined;
  let running: RunningApp | undefined;

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([PostgresServer.start(), RedisServer.start()]);
  }, 60_000);
  afterEach(async () => {
    await running?.close();
    client?.disconnect();
    running = client = undefined;
  });
  afterAll(async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  async function start(adapter: AdapterName): Promise<void> {
    client = new Redis(redis.url, { retryStrategy: () => 100 });
    client.on('error', () => undefined);
    running = await startApp(
      adapter,
      AppModule.with({
        imports: [TypeOrmModule.forRoot({ type: 'postgres', url: postgres.url, entities: [] })],
        providers: [{ provide: Redis, useValue: client }],
      }),
    );
  }

  async function get(path: string): Promise<Answer> {
    if (running === undefined) throw new Error('no application runs');
    return running.get(path);
  }

  async function report(): Promise<Report> {
    return JSON.parse((await get('/health')).body) as Report;
  }

  async function statuses(): Promise<Record<string, string>> {
    const { checks } = await report();
    return Object.fromEntries(Object.entries(checks).map(([name, { status }]) => [name, status]));
  }

  async function probes(): Promise<typeof ALL_WELL> {
    const [ready, health, alive] = await Promise.all(
      ['/ready', '/health', '/alive'].map((path) => get(path)),
    );
    const { checks } = JSON.parse(health?.body ?? '') as Report;
    return {
      ready: ready?.status ?? 0,
      health: health?.status ?? 0,
      alive: alive?.status ?? 0,
      database: checks['database']?.status ?? 'missing',
      redis: checks['redis']?.status ?? 'missing',
    };
  }

  const becomes = (expected: typeof ALL_WELL): Promise<void> =>
    withinTwoIntervals(async () => expect(await probes()).toEqual(expected));

  describe.each(ADAPTERS)('on %s', (adapter) => {
    it('is found to be well with what it has, without being told what that is', async () => {
      await start(adapter);
      await becomes(ALL_WELL);
      const { checks } = await report();
      expect(Object.keys(checks).toSorted()).toEqual(['database', 'lifecycle', 'redis']);
      expect(checks['database']?.message).toBe('Database connection successful');
      expect(checks['redis']?.message).toBe('Redis connection successful');
    });
  });

  it('tells the truth within two intervals, each time that one of them is killed and comes back', async () => {
    await start('express');
    await becomes(ALL_WELL);
    for (let round = 0; round < 2; round++) {
      await postgres.crash();
      await becomes(WITHOUT_DATABASE);
      await postgres.restart();
      await becomes(ALL_WELL);

      await redis.crash();
      await becomes(WITHOUT_REDIS);
      await redis.restart();
      await becomes(ALL_WELL);
    }
  }, 120_000);

  it('tells the truth when both are killed at once, and come back one after the other', async () => {
    await start('express');
    await becomes(ALL_WELL);
    await Promise.all([postgres.crash(), redis.crash()]);
    await becomes(WITHOUT_BOTH);
    await redis.restart();
    await becomes(WITHOUT_DATABASE);
    await postgres.restart();
    await becomes(ALL_WELL);
  }, 120_000);

  it('tells the truth while Redis hangs and refuses nothing', async () => {
    await start('express');
    await becomes(ALL_WELL);
    const { pid } = redis;
    if (pid === undefined) throw new Error('it does not run');
    process.kill(pid, 'SIGSTOP');
    try {
      await becomes(WITHOUT_REDIS);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await becomes(ALL_WELL);
  }, 60_000);

  it('has one check for a cache in Redis, which is well from the first answer on', async () => {
    const stores = [createKeyv(redis.url)];
    running = await startApp('express', AppModule.with({ imports: [CacheModule.register({ stores })] }));
    expect(await statuses()).toEqual({ lifecycle: 'healthy', cache: 'healthy' });
    await redis.crash();
    await withinTwoIntervals(async () =>
      expect(await statuses()).toEqual({ lifecycle: 'healthy', cache: 'degraded' }),
    );
    await redis.restart();
    // Its client waits longer and longer before it connects again.
    await eventually(
      async () => expect(await statuses()).toEqual({ lifecycle: 'healthy', cache: 'healthy' }),
      PATIENCE_MS,
    );
  }, 120_000);
});

/** The intervals are those of the process: where it is held up, the timers of its checks are as late as this one. */
async function withinTwoIntervals(ask: () => Promise<void>): Promise<void> {
  let intervals = 0;
  const timer = setInterval(() => intervals++, INTERVAL_MS);
  try {
    await eventually(ask, PATIENCE_MS);
  } finally {
    clearInterval(timer);
  }
  expect(intervals).toBeLessThanOrEqual(2);
}

@Module({})
class AppModule {
  static with({ imports = [], providers = [] }: ModuleMetadata): DynamicModule {
    const monitoring = MonitoringModule.forRoot({
      collectors: { runtime: false, system: false, api: false },
      health: {
        refreshIntervalMs: INTERVAL_MS,
        checkTimeoutMs: INTERVAL_MS / 2,
        builtIn: { disk: false, memory: false, eventLoop: false },
      },
    });
    return { module: AppModule, imports: [monitoring, ...imports], providers };
  }
}
