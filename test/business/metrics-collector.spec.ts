import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Inject, Injectable, Logger, Module, type ModuleMetadata, Scope } from '@nestjs/common';
import { LazyModuleLoader, NestFactory, REQUEST } from '@nestjs/core';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import {
  type CollectsMetrics,
  MetricsCollector,
  type MetricsCollectorOptions,
  MetricsRegistry,
  MonitoringModule,
  type MonitoringOptions,
  MonitoringOptionsError,
} from 'nestjs-monitoring';
import { ADAPTERS, eventually, seriesOf, startApp } from '../e2e/fixture/start-app.js';

const QUIET = { runtime: false, system: false, api: false } as const;
/** What collects for the library itself. */
const OWN = [
  'collector_discovery',
  'build_info',
  'series',
  'history',
  'alerting',
  'database_clients',
  'cache_clients',
  'postgresql',
  'mysql',
  'sqlite',
  'redis',
];
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  jest.restoreAllMocks();
});

/** An application that runs, without HTTP. */
async function running(metadata: ModuleMetadata, options: MonitoringOptions = {}) {
  const app = await NestFactory.createApplicationContext(
    {
      module: class AppModule {},
      ...metadata,
      imports: [MonitoringModule.forRoot({ collectors: QUIET, ...options }), ...(metadata.imports ?? [])],
    },
    { logger: false, abortOnError: false },
  );
  ends.push(() => app.close());
  const registry = app.get(MetricsRegistry);
  const success = async (): Promise<Record<string, number>> => {
    await registry.collect();
    return Object.fromEntries(
      seriesOf(registry, 'monitoring_collector_success').map(({ labels, value }) => [
        labels['collector'],
        value,
      ]),
    );
  };
  return { app, registry, success };
}

@Injectable()
class Deals {
  readonly count = jest.fn<() => Promise<number>>(() => Promise.resolve(3));
}

@MetricsCollector()
class DealsCollector implements CollectsMetrics {
  constructor(@Inject(Deals) private readonly deals: Deals) {}

  async collect(registry: MetricsRegistry): Promise<void> {
    registry.gauge('deals', 'Deals.').set(await this.deals.count());
  }
}

describe('a provider with @MetricsCollector()', () => {
  it.each(ADAPTERS)(
    'is asked when somebody asks for the metrics, with what it injects, on %s',
    async (adapter) => {
      const app = await startApp(adapter, {
        module: class AppModule {},
        imports: [MonitoringModule.forRoot({ collectors: QUIET })],
        providers: [Deals, DealsCollector],
      });
      ends.push(() => app.close());
      expect(await app.samples('deals')).toEqual([{ name: 'deals', labels: {}, value: 3 }]);
      const { calls } = app.app.get(Deals).count.mock;
      const before = calls.length;
      await app.get('/metrics');
      expect(calls.length).toBeGreaterThan(before);
      expect(
        (await app.samples('monitoring_collector_success')).map(({ labels }) => labels['collector']),
      ).toContain('deals');
    },
  );

  it('runs at its interval, listed in SchedulerRegistry, until the application ends', async () => {
    let runs = 0;
    @MetricsCollector({ intervalMs: 20 })
    class CRMMetricsCollector {
      collect(): void {
        runs++;
      }
    }
    const { app, success } = await running({
      imports: [ScheduleModule.forRoot()],
      providers: [CRMMetricsCollector],
    });
    await eventually(() => expect(runs).toBeGreaterThan(3));
    expect(app.get(SchedulerRegistry).getIntervals()).toContain('monitoring.crm');
    expect(await success()).toMatchObject({ crm: 1 });
    await app.close();
    const atTheEnd = runs;
    await sleep(80);
    expect(runs).toBe(atTheEnd);
  });

  it('loses only its own gauges when it fails', async () => {
    let works = true;
    @MetricsCollector({ metricNames: ['leads'] })
    class BrokenCollector {
      private readonly leads;

      constructor(@Inject(MetricsRegistry) registry: MetricsRegistry) {
        this.leads = registry.gauge('leads', 'Leads.');
      }

      collect(registry: MetricsRegistry): void {
        registry.gauge('offers', 'Offers.').set(1);
        this.leads.set(2);
        if (!works) throw new Error('the database is gone');
      }
    }
    const { registry, success } = await running({ providers: [BrokenCollector, Deals, DealsCollector] });
    const shown = () => registry.snapshot().families.map(({ name }) => name);
    await success();
    expect(shown()).toEqual(expect.arrayContaining(['offers', 'leads', 'deals']));
    works = false;
    expect(await success()).toMatchObject({ broken: 0, deals: 1 });
    expect(shown()).toContain('deals');
    expect(shown()).not.toContain('offers');
    expect(shown()).not.toContain('leads');
    works = true;
    expect(await success()).toMatchObject({ broken: 1 });
    expect(shown()).toEqual(expect.arrayContaining(['offers', 'leads']));
  });

  it('is aborted through its signal when it hangs, and never runs twice at a time', async () => {
    const signals: AbortSignal[] = [];
    @MetricsCollector({ timeoutMs: 30 })
    class HangingCollector {
      collect(_: MetricsRegistry, signal: AbortSignal): Promise<void> {
        signals.push(signal);
        return new Promise(() => undefined);
      }
    }
    const { success } = await running({ providers: [HangingCollector, Deals, DealsCollector] });
    expect(await success()).toMatchObject({ hanging: 0, deals: 1 });
    expect(await success()).toMatchObject({ hanging: 0, deals: 1 });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it('is found however it is provided, each instance once', async () => {
    const made = new DealsCollector(new Deals());
    @Module({ providers: [Deals, DealsCollector] })
    class FeatureModule {}
    const { success } = await running({
      imports: [{ module: FeatureModule }],
      providers: [
        { provide: 'BY_VALUE', useValue: made },
        { provide: 'ALIAS', useExisting: 'BY_VALUE' },
        { provide: 'BY_FACTORY', useFactory: () => Promise.resolve(new DealsCollector(new Deals())) },
        { provide: 'SOMETHING_ELSE', useValue: null },
      ],
    });
    const names = Object.keys(await success()).filter((name) => name.startsWith('deals'));
    expect(names.toSorted()).toEqual(['deals', 'deals_2', 'deals_3']);
  });

  it('is found in a module that is being loaded during a scrape', async () => {
    let finish: ((collector: DealsCollector) => void) | undefined;
    const factory = (): Promise<DealsCollector> => new Promise((resolve) => (finish = resolve));
    @MetricsCollector({ name: 'waiting' })
    class WaitingCollector extends DealsCollector {
      constructor(
        @Inject(Deals) deals: Deals,
        @Inject('SLOW') readonly slow: unknown,
      ) {
        super(deals);
      }
    }
    @Module({
      providers: [
        Deals,
        { provide: 'SLOW', useFactory: factory },
        WaitingCollector,
        {
          provide: 'AFTER',
          inject: ['SLOW', Deals],
          useFactory: (_: unknown, deals: Deals) => new DealsCollector(deals),
        },
      ],
    })
    class LateModule {}
    const { app, registry, success } = await running({});
    const loading = app.get(LazyModuleLoader).load(() => LateModule);
    await eventually(() => expect(finish).toBeDefined());
    await success();
    finish!(new DealsCollector(new Deals()));
    await loading;
    await success();
    expect(await success()).toMatchObject({ deals: 1, deals_2: 1, waiting: 1 });
    expect(seriesOf(registry, 'deals')).toEqual([{ labels: {}, value: 3 }]);
  });

  it('is found in a module that is loaded late', async () => {
    @Module({ providers: [Deals, DealsCollector] })
    class LateModule {}
    const { app, registry, success } = await running({});
    expect(await success()).not.toHaveProperty('deals');
    await app.get(LazyModuleLoader).load(() => LateModule);
    await success();
    expect(await success()).toMatchObject({ deals: 1 });
    expect(seriesOf(registry, 'deals')).toEqual([{ labels: {}, value: 3 }]);
  });

  it('is not run but warned about if it is request-scoped or transient', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    @Injectable({ scope: Scope.REQUEST })
    class Tenant {}
    @MetricsCollector()
    class TenantCollector {
      constructor(@Inject(Tenant) readonly tenant: Tenant) {}

      collect(): void {}
    }
    @MetricsCollector()
    class RequestCollector {
      constructor(@Inject(REQUEST) readonly request: unknown) {}

      collect(): void {}
    }
    @MetricsCollector()
    @Injectable({ scope: Scope.TRANSIENT })
    class TransientCollector {
      collect(): void {}
    }
    const { success } = await running({
      providers: [Tenant, TenantCollector, RequestCollector, TransientCollector],
    });
    expect(Object.keys(await success()).filter((name) => !OWN.includes(name))).toEqual([]);
    expect(warn.mock.calls.map(([message]) => message as string)).toEqual(
      ['TenantCollector', 'RequestCollector', 'TransientCollector'].map(
        (name) =>
          `${name} has @MetricsCollector() but is not run: it or one of its dependencies is request-scoped or transient. Give it the default scope.`,
      ),
    );
  });

  it('gets a unique name', async () => {
    @MetricsCollector({ name: 'series' })
    class Series {
      collect(): void {}
    }
    @MetricsCollector()
    class Collector {
      collect(): void {}
    }
    const { success } = await running({ providers: [Series, Collector] });
    const others = Object.keys(await success()).filter((name) => !OWN.includes(name));
    expect(others.toSorted()).toEqual(['application', 'series_2']);
  });

  it('does nothing if monitoring is disabled', async () => {
    const deals = new Deals();
    const { success } = await running(
      { providers: [{ provide: Deals, useValue: deals }, DealsCollector] },
      { enabled: false },
    );
    await success();
    expect(deals.count).not.toHaveBeenCalled();
  });
});

describe('a leader-only collector', () => {
  @MetricsCollector({ leaderOnly: true })
  class TotalsCollector {
    collect(registry: MetricsRegistry): void {
      registry.gauge('totals', 'Totals.').set(1);
    }
  }

  it('runs while this process leads, and shows nothing while another does', async () => {
    let leads = false;
    const isLeader = (): Promise<boolean> => Promise.resolve(leads);
    const { registry, success } = await running(
      { providers: [TotalsCollector] },
      { collectors: QUIET, business: { isLeader } },
    );
    const shown = () => registry.snapshot().families.some(({ name }) => name === 'totals');
    expect(await success()).toMatchObject({ totals: 1 });
    expect(shown()).toBe(false);
    leads = true;
    await success();
    expect(shown()).toBe(true);
    leads = false;
    expect(await success()).toMatchObject({ totals: 1 });
    expect(shown()).toBe(false);
  });

  it('fails if `isLeader` fails', async () => {
    const { success, registry } = await running(
      { providers: [TotalsCollector] },
      { collectors: QUIET, business: { isLeader: () => Promise.reject(new Error('no quorum')) } },
    );
    expect(await success()).toMatchObject({ totals: 0 });
    expect(registry.snapshot().families.map(({ name }) => name)).not.toContain('totals');
  });

  it('runs in a process without replicas', async () => {
    const { registry, success } = await running({ providers: [TotalsCollector] });
    await success();
    expect(seriesOf(registry, 'totals')).toEqual([{ labels: {}, value: 1 }]);
  });
});

describe('@MetricsCollector()', () => {
  it.each<[unknown, string]>([
    [
      { every: 5 },
      'Unknown key `every` in the options of @MetricsCollector(). Known keys: name, intervalMs, timeoutMs, leaderOnly, metricNames.',
    ],
    [
      { intervalMs: 0 },
      '`intervalMs` of @MetricsCollector() must be a number of milliseconds from 1 to 2147483647; got 0.',
    ],
    [{ name: '' }, '`name` of @MetricsCollector() must be a non-empty string; got the string "".'],
    [
      { leaderOnly: 'yes' },
      '`leaderOnly` of @MetricsCollector() must be true or false; got the string "yes".',
    ],
    [
      { metricNames: 'deals' },
      '`metricNames` of @MetricsCollector() must be a list of metric names; got the string "deals".',
    ],
  ])('rejects %j', (options, message) => {
    const decorate = () => MetricsCollector(options as MetricsCollectorOptions);
    expect(decorate).toThrow(MonitoringOptionsError);
    expect(decorate).toThrow(message);
  });

  it('does not compile on a class without collect()', () => {
    // @ts-expect-error it has no collect()
    @MetricsCollector()
    class Nothing {}
    expect(Nothing.name).toBe('Nothing');
  });
});
