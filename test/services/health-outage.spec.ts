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
import { histograms } from '../metrics/support.js';
import { describeWith } from './support/binaries.js';
import { PostgresServer } from './support/postgres.server.js';
import { RedisServer } from './support/redis.server.js';

const INTERVAL_MS = 2_000;
const TIMEOUT_MS = INTERVAL_MS / 2;
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

  const becomes = (expected: typeof ALL_WELL): Promise<void> => {
    const { ready: _, health: __, alive: ___, ...truth } = expected;
    return isTold(truth, async () => expect(await probes()).toEqual(expected));
  };

  /**
   * Waits for the truth, about which one run of a check may be wrong: the one that began before the change. Runs are counted
   * rather than the time, since a busy machine holds up the checks, the servers and this test. One that ends by its time
   * limit does not count: it is the truth of a server that hangs, and otherwise due to the machine.
   */
  async function isTold(truth: Readonly<Record<string, string>>, ask: () => Promise<void>): Promise<void> {
    const before = runsOf(running);
    const wrong: Record<string, number> = {};
    await eventually(async () => {
      // Before the question: what has run by then is in its answer.
      const now = runsOf(running);
      const shown = await statuses();
      for (const [check, status] of Object.entries(truth)) {
        if (shown[check] !== status) wrong[check] = endedInTime(before.get(check), now.get(check));
      }
      await ask();
    }, PATIENCE_MS);
    expect(Object.entries(wrong).filter(([, runs]) => runs > 1)).toEqual([]);
  }

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

  it('tells the truth within two runs of a check, each time that one of them is killed and comes back', async () => {
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
    await isTold({ cache: 'degraded' }, async () =>
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

/** The runs of a check so far. */
interface Runs {
  readonly count: number;
  readonly seconds: number;
}

function runsOf(running: RunningApp | undefined): ReadonlyMap<string | undefined, Runs> {
  if (running === undefined) throw new Error('no application runs');
  const series = histograms(running.registry, 'monitoring_health_check_duration_seconds');
  return new Map(series.map(({ labels, count, sum }) => [labels['check'], { count, seconds: sum }]));
}

/** The number of runs between two moments that did not take as long as they may. */
function endedInTime(before: Runs = { count: 0, seconds: 0 }, after = before): number {
  const runs = after.count - before.count;
  const milliseconds = 1_000 * (after.seconds - before.seconds);
  return Math.max(0, runs - Math.floor((milliseconds + 1) / TIMEOUT_MS));
}

@Module({})
class AppModule {
  static with({ imports = [], providers = [] }: ModuleMetadata): DynamicModule {
    const monitoring = MonitoringModule.forRoot({
      collectors: { runtime: false, system: false, api: false },
      health: {
        refreshIntervalMs: INTERVAL_MS,
        checkTimeoutMs: TIMEOUT_MS,
        builtIn: { disk: false, memory: false, eventLoop: false },
      },
    });
    return { module: AppModule, imports: [monitoring, ...imports], providers };
  }
}
