import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, Scope, type Type } from '@nestjs/common';
import { ContextIdFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  MetricDefinitionError,
  MetricsRegistry,
  MonitoringModule,
  MonitorModelOperation,
  MonitorPerformance,
  TrackErrors,
} from 'nestjs-monitoring';
import { dropped, testRegistry } from '../../metrics/support.js';
import { closeAll, counts, startMeasured, startPlain } from '../support.js';

afterEach(closeAll);

@Injectable()
class Orders {
  readonly currency = 'EUR';

  @MonitorPerformance({ name: 'process' })
  process(): string {
    return this.currency;
  }

  @TrackErrors({ metricName: 'errors_total', reraise: false })
  fail(): string {
    throw new Error('declined');
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestOrders extends Orders {}

@Injectable({ scope: Scope.TRANSIENT })
class TransientOrders extends Orders {}

class FrozenOrders extends Orders {
  constructor() {
    super();
    Object.freeze(this);
  }
}

/** An instance that is a proxy of itself. */
class ProxiedOrders extends Orders {
  constructor() {
    super();
    return new Proxy(this, {});
  }
}

const processed = (registry: MetricsRegistry): number =>
  counts(registry, 'process_calls_total')['outcome=success'] ?? 0;

/** Nothing may find its way to another application: the one in question is never the one that started last. */
async function startBefore(...providers: readonly Type[]): ReturnType<typeof startMeasured> {
  const first = await startMeasured(providers);
  await startMeasured(providers);
  return first;
}

describe('instances created by Nest', () => {
  it.each([Orders, FrozenOrders, ProxiedOrders])(
    'record in the registry of their application: %s',
    async (type) => {
      const first = await startMeasured([type]);
      const second = await startMeasured([type]);
      expect(first.app.get<Orders>(type).process()).toBe('EUR');
      first.app.get<Orders>(type).process();
      second.app.get<Orders>(type).process();

      expect([processed(first.registry), processed(second.registry)]).toEqual([2, 1]);
    },
  );

  it.each([RequestOrders, TransientOrders])(
    'record in the registry of their application in every scope: %s',
    async (type) => {
      const { app, registry } = await startBefore(type);
      const request = ContextIdFactory.create();
      const orders = await app.resolve<Orders>(type, request);
      expect(await app.resolve<Orders>(type, ContextIdFactory.create())).not.toBe(orders);
      orders.process();

      expect(processed(registry)).toBe(1);
    },
  );

  it('record in the registry of their application if a factory or a value provider supplies them', async () => {
    const { app, registry } = await startMeasured({
      providers: [
        { provide: 'factory', useFactory: () => new Orders() },
        { provide: 'value', useValue: new Orders() },
      ],
    });
    await startMeasured();
    app.get<Orders>('factory').process();
    app.get<Orders>('value').process();

    expect(processed(registry)).toBe(2);
  });

  it('record in the registry with which a test overrides the real one', async () => {
    const { registry } = testRegistry();
    const module = await Test.createTestingModule({
      imports: [MonitoringModule.forRoot({ collectors: { runtime: false, system: false } })],
      providers: [Orders],
    })
      .overrideProvider(MetricsRegistry)
      .useValue(registry)
      .compile();
    const app = await module.init();
    app.get(Orders).process();
    await app.close();

    expect(processed(registry)).toBe(1);
  });

  it('hide the injected registry from keys, copies and JSON', async () => {
    const { app } = await startMeasured([Orders]);
    const orders = app.get(Orders);

    expect(Object.keys(orders)).toEqual(['currency']);
    expect(JSON.stringify(orders)).toBe('{"currency":"EUR"}');
    expect(inspect(orders)).toBe("Orders { currency: 'EUR' }");
    const copy = Object.assign({}, orders);
    expect(copy).toEqual({ currency: 'EUR' });
    expect(Object.getOwnPropertySymbols(copy)).toEqual([]);
    expect(orders).toEqual(new Orders());
  });

  it('can be dependencies of the monitoring options', async () => {
    @Injectable()
    class Settings {
      @MonitorPerformance({ name: 'load' })
      load(): { service: string } {
        return { service: 'orders' };
      }
    }
    @Module({ providers: [Settings], exports: [Settings] })
    class SettingsModule {}
    const app = await startPlain({
      imports: [
        MonitoringModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: (settings: Settings) => ({
            collectors: { runtime: false, system: false },
            defaultLabels: settings.load(),
          }),
        }),
      ],
    });
    app.get(Settings, { strict: false }).load();

    expect(counts(app.get(MetricsRegistry), 'load_calls_total')).toEqual({ 'outcome=success': 1 });
  });
});

describe('plain instances', () => {
  it('record in the registry of the running application that started last', async () => {
    const first = await startMeasured();
    const second = await startMeasured();
    new Orders().process();
    expect([processed(first.registry), processed(second.registry)]).toEqual([0, 1]);
    await second.app.close();
    new Orders().process();
    expect([processed(first.registry), processed(second.registry)]).toEqual([1, 1]);
    await first.app.close();
    new Orders().process();

    expect([processed(first.registry), processed(second.registry)]).toEqual([1, 1]);
  });

  it('are counted while their application shuts down', async () => {
    class LastWords {
      onModuleDestroy(): void {
        new Orders().process();
      }
    }
    const { app, registry } = await startMeasured([LastWords]);
    await app.close();

    expect(processed(registry)).toBe(1);
  });
});

describe('without monitoring', () => {
  it.each<[string, () => Promise<Orders>]>([
    ['outside an application', async () => new Orders()],
    ['without the module', async () => (await startPlain({ providers: [Orders] })).get(Orders)],
    [
      'with the module disabled',
      async () => (await startMeasured([Orders], { enabled: false })).app.get(Orders),
    ],
  ])('a method works %s', async (_, make) => {
    const orders = await make();

    expect(orders.process()).toBe('EUR');
    expect(orders.fail()).toBeUndefined();
  });
});

describe('metrics', () => {
  it('of providers are exposed at zero from the start', async () => {
    const { registry } = await startMeasured([RequestOrders]);

    expect(registry.getMetric('process_duration_seconds')?.seriesCount).toBe(1);
    expect(registry.getMetric('process_calls_total')?.seriesCount).toBe(2);
    expect(registry.getMetric('errors_total')?.seriesCount).toBe(1);
  });

  it('with conflicting definitions make the start of the application fail', async () => {
    class Billing {
      @MonitorPerformance({ name: 'process', labels: { queue: 'high' } })
      bill(): void {}
    }

    const start = startMeasured([Orders, Billing]);
    await expect(start).rejects.toThrow(MetricDefinitionError);
    await expect(start).rejects.toThrow(
      /^Billing\.bill cannot be measured: .*process_duration_seconds\{queue\}.* conflicts with /,
    );
  });

  it('of plain classes with conflicting definitions are dropped, counted and logged once', async () => {
    class Billing {
      @MonitorPerformance({ name: 'process', labels: { queue: 'high' } })
      bill(): string {
        return 'billed';
      }
    }
    const { registry } = await startMeasured([Orders]);
    const warnings: string[] = [];
    // Node warns of what Jest does, too.
    const listen = ({ name, message }: Error): void => {
      if (name === 'MonitoringWarning') warnings.push(message);
    };
    process.on('warning', listen);
    expect([new Billing().bill(), new Billing().bill()]).toEqual(['billed', 'billed']);
    await turn();
    process.off('warning', listen);

    expect(dropped(registry)).toEqual({ 'process conflicting_definition': 2 });
    expect(warnings).toEqual([expect.stringContaining('Billing.bill is not measured')]);
  });
});

describe('applications that are closed', () => {
  it('leave no registry for plain instances', async () => {
    const registries: MetricsRegistry[] = [];
    for (let i = 0; i < 10; i++) {
      const { app, registry } = await startMeasured([Orders]);
      registries.push(registry);
      await app.close();
    }
    new Orders().process();

    expect(registries.map(processed)).toEqual(registries.map(() => 0));
  });

  it('leave no registry if their start fails because decorators conflict', async () => {
    class Billing {
      @MonitorModelOperation('save')
      @MonitorPerformance({ name: 'process', labels: { queue: 'high' } })
      bill(): void {}
    }
    const first = await startMeasured([Orders]);
    await expect(startMeasured([Orders, Billing])).rejects.toThrow('conflicts');
    new Orders().process();

    expect(processed(first.registry)).toBe(1);
  });
});
