import { describe, expect, it } from '@jest/globals';
import { Injectable, Module, type Provider, Scope, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import {
  HealthCheckProvider,
  HealthMonitor,
  type HealthReport,
  MonitoringModule,
  type MonitoringOptions,
} from 'nestjs-monitoring';
import { WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';

@Injectable()
class Gateway {
  readonly balance: number = 12;
}

@HealthCheckProvider({ name: 'payments', critical: false, timeoutMs: 500 })
class PaymentsHealth {
  constructor(private readonly gateway: Gateway) {}

  check() {
    const { balance } = this.gateway;
    return { status: balance > 0 ? 'healthy' : 'unhealthy', details: { balance } } as const;
  }
}

async function reportOf(
  providers: Provider[],
  options: MonitoringOptions = {},
  imports: Type[] = [],
): Promise<{ report: HealthReport; names: readonly string[] }> {
  const app = await NestFactory.createApplicationContext(
    {
      module: class CheckedApp {},
      imports: [MonitoringModule.forRoot({ ...WITHOUT_COLLECTORS, ...options }), ...imports],
      providers,
    },
    { logger: false, abortOnError: false },
  );
  const monitor = app.get(HealthMonitor);
  const report = await monitor.runHealthChecks();
  await app.close();
  return { report, names: Object.keys(report.checks) };
}

describe('a provider that is decorated as a health check', () => {
  it('is found, with its dependencies', async () => {
    const { report } = await reportOf([PaymentsHealth, Gateway]);
    expect(report.checks['payments']).toMatchObject({ status: 'healthy', details: { balance: 12 } });
  });

  it('is found once, in any module', async () => {
    @Module({ providers: [PaymentsHealth, Gateway], exports: [PaymentsHealth] })
    class PaymentsModule {}
    @Module({
      imports: [PaymentsModule],
      providers: [{ provide: 'alias', useExisting: PaymentsHealth }],
    })
    class OrdersModule {}

    const { names } = await reportOf([], {}, [OrdersModule]);
    expect(names.filter((name) => name === 'payments')).toHaveLength(1);
  });

  it('is a check for each of its instances', async () => {
    @HealthCheckProvider({ name: 'till' })
    class TillHealth {
      check() {
        return { status: 'healthy' } as const;
      }
    }
    const { names } = await reportOf([TillHealth, { provide: 'TILL', useFactory: () => new TillHealth() }]);
    expect(names.filter((name) => name.startsWith('till'))).toEqual(['till', 'till_2']);
  });

  it('fails the start if another check has its name', async () => {
    @HealthCheckProvider({ name: 'payments' })
    class OtherHealth {
      check() {
        return { status: 'healthy' } as const;
      }
    }
    await expect(reportOf([PaymentsHealth, Gateway, OtherHealth])).rejects.toThrow(
      'A health check named `payments` already exists. Choose another name.',
    );
  });

  it('is ignored if it is request-scoped', async () => {
    @HealthCheckProvider({ name: 'per_request' })
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      check() {
        return { status: 'healthy' } as const;
      }
    }
    const { names } = await reportOf([PerRequest]);
    expect(names).not.toContain('per_request');
  });

  it('can be replaced in a test', async () => {
    const module = await Test.createTestingModule({
      imports: [MonitoringModule.forRoot(WITHOUT_COLLECTORS)],
      providers: [PaymentsHealth, Gateway],
    })
      .overrideProvider(PaymentsHealth)
      .useValue({ check: () => ({ status: 'unhealthy', message: 'said the test' }) })
      .compile();
    await module.init();
    const { checks } = await module.get(HealthMonitor).runHealthChecks();
    await module.close();
    expect(checks['payments']).toMatchObject({ status: 'degraded', message: 'said the test' });
  });

  it('does not run if monitoring is disabled', async () => {
    const { report } = await reportOf([PaymentsHealth, Gateway], { enabled: false });
    expect(Object.keys(report.checks)).toEqual(['lifecycle']);
  });

  it('does not compile without check()', () => {
    // @ts-expect-error no check()
    @HealthCheckProvider({ name: 'nothing' })
    class Nothing {}
    // @ts-expect-error a check that gives back nothing
    @HealthCheckProvider({ name: 'void' })
    class Void {
      check(): void {}
    }
    expect([Nothing, Void]).toHaveLength(2);
  });
});

describe('groups of checks', () => {
  it('fail the start for an unknown check, and list the existing ones', async () => {
    const start = reportOf([PaymentsHealth, Gateway], {
      health: { groups: { readiness: ['payments', 'database', 'queue'] } },
    });
    await expect(start).rejects.toThrow(
      /^`health\.groups\.readiness` must contain names of existing health checks; got `database`, `queue`\. Existing checks: .*`payments`.*\.$/,
    );
  });

  it('reject an external dependency in the liveness group', async () => {
    const start = reportOf([PaymentsHealth, Gateway], { health: { groups: { liveness: ['payments'] } } });
    await expect(start).rejects.toThrow(
      '`health.groups.liveness` must contain only checks of this process; got `payments`.',
    );
  });
});

describe('checks with an interval', () => {
  it('are in the SchedulerRegistry until the application closes', async () => {
    const app = await NestFactory.createApplicationContext(
      {
        module: class ScheduledApp {},
        imports: [
          ScheduleModule.forRoot(),
          MonitoringModule.forRoot({ ...WITHOUT_COLLECTORS, health: { refreshIntervalMs: 60_000 } }),
        ],
        providers: [PaymentsHealth, Gateway],
      },
      { logger: false },
    );
    const scheduler = app.get(SchedulerRegistry);
    expect(scheduler.getIntervals()).toContain('monitoring.health.payments');
    await app.close();
    expect(scheduler.getIntervals().filter((name) => name.startsWith('monitoring.health'))).toEqual([]);
  });
});
