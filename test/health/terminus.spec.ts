import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplicationContext, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  DiskHealthIndicator,
  HealthCheckService,
  type HealthIndicatorResult,
  HealthIndicatorService,
  MemoryHealthIndicator,
  TerminusModule,
} from '@nestjs/terminus';
import { expectTypeOf } from 'expect-type';
import {
  HealthCheckProvider,
  HealthMonitor,
  MonitoringHealthIndicator,
  MonitoringModule,
  type MonitoringOptions,
} from 'nestjs-monitoring';
import { WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';

@HealthCheckProvider({ name: 'heap' })
class HeapHealth {
  constructor(private readonly memory: MemoryHealthIndicator) {}

  check(): ReturnType<MemoryHealthIndicator['checkHeap']> {
    return this.memory.checkHeap('heap', 64 * 2 ** 30);
  }
}

@HealthCheckProvider({ name: 'small_heap' })
class SmallHeapHealth {
  constructor(private readonly memory: MemoryHealthIndicator) {}

  check(): ReturnType<MemoryHealthIndicator['checkHeap']> {
    return this.memory.checkHeap('small_heap', 1);
  }
}

@HealthCheckProvider({ name: 'storage', critical: false })
class StorageHealth {
  constructor(private readonly disk: DiskHealthIndicator) {}

  check(): ReturnType<DiskHealthIndicator['checkStorage']> {
    return this.disk.checkStorage('storage', { path: '/', thresholdPercent: 1e-9 });
  }
}

@Injectable()
class DogIndicator {
  constructor(private readonly indicators: HealthIndicatorService) {}

  degraded() {
    return this.indicators.check('dog').degraded({ badboys: 1 });
  }

  attempt() {
    return this.indicators
      .check('dog')
      .attempt(() => Promise.reject(new Error('it barks')))
      .withTimeout(1_000);
  }
}

@HealthCheckProvider({ name: 'dog' })
class DogHealth {
  constructor(private readonly dog: DogIndicator) {}

  check() {
    return this.dog.degraded();
  }
}

@HealthCheckProvider({ name: 'attempt' })
class AttemptHealth {
  constructor(private readonly dog: DogIndicator) {}

  check() {
    return this.dog.attempt();
  }
}

describe('indicators of @nestjs/terminus', () => {
  it('work as health checks', async () => {
    const app = await NestFactory.createApplicationContext(
      {
        module: class TerminusApp {},
        imports: [MonitoringModule.forRoot(WITHOUT_COLLECTORS), TerminusModule],
        providers: [HeapHealth, SmallHeapHealth, StorageHealth, DogIndicator, DogHealth, AttemptHealth],
      },
      { logger: false },
    );
    const monitor = app.get(HealthMonitor);

    const names = ['heap', 'small_heap', 'storage', 'dog', 'attempt'];
    const { checks } = await monitor.runHealthChecks(names);
    await app.close();

    expect(checks).toMatchObject({
      heap: { status: 'healthy', message: 'OK' },
      small_heap: { status: 'unhealthy', message: 'Used heap exceeded the set threshold' },
      storage: { status: 'degraded', message: 'Used disk storage exceeded the set threshold' },
      dog: { status: 'degraded', details: { badboys: 1 } },
      attempt: { status: 'unhealthy', message: 'it barks' },
    });
  });

  it('work if they throw their result, as up to version 11', async () => {
    /** As the class of that name up to version 11. */
    class HealthCheckError extends Error {
      readonly isHealthCheckError = true;

      constructor(
        message: string,
        readonly causes: unknown,
      ) {
        super(message);
      }
    }
    const monitor = new HealthMonitor();
    monitor.addCheck({
      name: 'db',
      check: () => {
        const causes = { db: { status: 'down', message: 'no route to host', host: 'db.internal' } };
        throw new HealthCheckError('db failed', causes);
      },
    });

    expect((await monitor.runHealthChecks(['db'])).checks['db']).toMatchObject({
      status: 'unhealthy',
      message: 'no route to host',
      details: { host: 'db.internal' },
    });
  });

  it('of several keys have the status and message of the worst, and the details of all', async () => {
    const monitor = new HealthMonitor();
    monitor.addCheck({
      name: 'both',
      check: () => ({ a: { status: 'up' as const }, b: { status: 'down' as const, message: 'b is away' } }),
    });

    expect((await monitor.runHealthChecks(['both'])).checks['both']).toMatchObject({
      status: 'unhealthy',
      message: 'b is away',
      details: { a: { status: 'up' }, b: { status: 'down' } },
    });
  });
});

describe('MonitoringHealthIndicator', () => {
  let app: INestApplicationContext;
  let indicator: MonitoringHealthIndicator;
  let service: HealthCheckService;

  beforeEach(async () => {
    app = await NestFactory.createApplicationContext(
      {
        module: class TerminusApp {},
        imports: [MonitoringModule.forRoot(WITHOUT_COLLECTORS), TerminusModule.forRoot({ logger: false })],
        providers: [DogIndicator, DogHealth],
      },
      { logger: false },
    );
    indicator = app.get(MonitoringHealthIndicator);
    service = app.get(HealthCheckService);
  });

  afterEach(() => app.close());

  it('is up for a degraded report, with the results of the checks', async () => {
    expect(await service.check([() => indicator.isHealthy()])).toMatchObject({
      status: 'ok',
      info: { monitoring: { status: 'up', checks: { dog: { status: 'degraded' } } } },
    });
  });

  it('is degraded or down for a degraded report when asked to be', async () => {
    const degraded = await service.check([() => indicator.isHealthy('app', { degraded: 'degraded' })]);
    expect(degraded).toMatchObject({ status: 'degraded', info: { app: { status: 'degraded' } } });

    await expect(
      service.check([() => indicator.isHealthy('app', { degraded: 'down' })]),
    ).rejects.toMatchObject({
      response: { status: 'error', error: { app: { status: 'down' } } },
    });
  });

  it('is down while a critical check fails', async () => {
    app.get(HealthMonitor).addCheck({ name: 'db', check: () => Promise.reject(new Error('gone')) });

    await expect(service.check([() => indicator.isHealthy('app')])).rejects.toMatchObject({
      response: { status: 'error', error: { app: { status: 'down', checks: { db: { message: 'gone' } } } } },
    });
  });

  it('covers the checks that are named', async () => {
    app.get(HealthMonitor).addCheck({ name: 'db', check: () => Promise.reject(new Error('gone')) });

    const { details } = await service.check([() => indicator.isHealthy('pets', { checks: ['dog'] })]);
    expect(details).toEqual({
      pets: { status: 'up', checks: { dog: expect.objectContaining({ status: 'degraded' }) } },
    });
  });

  it('is down with health: false, since nothing is checked, and not with enabled: false', async () => {
    const resultWith = async (options: MonitoringOptions) => {
      const other = await NestFactory.createApplicationContext(
        { module: class OtherApp {}, imports: [MonitoringModule.forRoot(options)] },
        { logger: false },
      );
      const result = await other.get(MonitoringHealthIndicator).isHealthy();
      await other.close();
      return result.monitoring;
    };
    expect(await resultWith({ ...WITHOUT_COLLECTORS, health: false })).toMatchObject({
      status: 'down',
      checks: { health: { message: expect.stringContaining('`health`') } },
    });
    expect(await resultWith({ enabled: false, health: false })).not.toHaveProperty('checks.health');
  });

  it('is down while the application drains', async () => {
    app.get(HealthMonitor).enter('draining');

    expect(await indicator.isHealthy()).toMatchObject({
      monitoring: { status: 'down', checks: { lifecycle: { message: 'The application is shutting down' } } },
    });
  });

  it('has a result that terminus 11 accepts, in which no indicator is degraded', () => {
    type Terminus11Result = Record<string, { status: 'up' | 'down' } & Record<string, unknown>>;
    expectTypeOf(indicator.isHealthy()).resolves.toExtend<Terminus11Result>();
    expectTypeOf(
      indicator.isHealthy('app', { degraded: 'degraded' }),
    ).resolves.toExtend<HealthIndicatorResult>();
  });
});
