import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Module, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AlertingMonitor,
  ApiStatistics,
  BusinessMetrics,
  Counter,
  defineCounter,
  HealthMonitor,
  InjectMetric,
  type MetricOf,
  MetricsContext,
  MetricsHistory,
  MetricsRegistry,
  MonitoringModule,
  MonitoringOptionsError,
  MonitorPerformance,
  PerformanceMonitor,
  PrometheusExporter,
  Vitals,
} from 'nestjs-monitoring';
import {
  CloudWatchExporter,
  DatadogExporter,
  JsonExporter,
  OtlpExporter,
  PushgatewayExporter,
} from 'nestjs-monitoring/exporters';
import {
  createTestRegistry,
  expectMetric,
  MonitoringTestingModule,
  type TestRegistry,
} from 'nestjs-monitoring/testing';
import { ADAPTERS, startApp } from '../e2e/fixture/start-app.js';

const ordersTotal = defineCounter('orders_total', 'Orders placed.', { labelNames: ['channel'] });

@Injectable()
class OrdersService {
  constructor(
    @InjectMetric(ordersTotal) private readonly orders: MetricOf<typeof ordersTotal>,
    private readonly metrics: MetricsContext,
  ) {}

  @MonitorPerformance({ name: 'place_order' })
  place(channel: string): string {
    this.orders.inc({ channel });
    return channel;
  }

  nightly(): void {
    this.metrics.run('nightly', (job) => job.increment('orders_archived', 3));
  }
}

/** A feature module as an application has it. */
@Module({ imports: [MonitoringModule.forFeature([ordersTotal])], providers: [OrdersService] })
class OrdersModule {}

async function unit(tested?: TestRegistry) {
  const module = await Test.createTestingModule({
    imports: [MonitoringTestingModule.forRoot(tested), OrdersModule],
  }).compile();
  return module.init();
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('the module for unit tests', () => {
  it('provides everything that MonitoringModule provides', async () => {
    const module = await unit();
    const injectables: readonly Type[] = [
      MetricsRegistry,
      MetricsContext,
      MetricsHistory,
      PrometheusExporter,
      ApiStatistics,
      BusinessMetrics,
      Vitals,
      AlertingMonitor,
      PerformanceMonitor,
      HealthMonitor,
    ];
    for (const injectable of injectables) expect(module.get(injectable)).toBeInstanceOf(injectable);
    for (const off of [
      JsonExporter,
      CloudWatchExporter,
      DatadogExporter,
      OtlpExporter,
      PushgatewayExporter,
    ]) {
      expect(module.get(off)).toBeNull();
    }
    await module.close();
  });

  it('records nothing without a registry', async () => {
    const module = await unit();
    expect(module.get(OrdersService).place('web')).toBe('web');
    module.get(OrdersService).nightly();
    expect(module.get(MetricsRegistry).snapshot().families).toEqual([]);
    await module.close();
  });

  it('lets the code under test record in the registry and on the clock of the test', async () => {
    const tested = createTestRegistry();
    const module = await unit(tested);
    const { registry, clock } = tested;

    module.get(OrdersService).place('web');
    module.get(OrdersService).nightly();
    module.get(BusinessMetrics).revenue().add(12.5, 'EUR');

    expect(module.get(MetricsRegistry)).toBe(registry);
    expectMetric(registry, 'orders_total', { channel: 'web' }).toHaveIncreasedBy(1);
    expectMetric(registry, 'place_order_calls_total', { outcome: 'success' }).toHaveIncreasedBy(1);
    expectMetric(registry, 'place_order_duration_seconds').toHaveObserved(1);
    expectMetric(registry, 'nightly_orders_archived_total').toHaveIncreasedBy(3);
    expectMetric(registry, 'revenue_total', { currency: 'EUR' }).toHaveIncreasedBy(12.5);
    clock.advance(60_000);
    expect((await module.get(HealthMonitor).runHealthChecks()).timestamp).toBe(
      new Date(clock.now()).toISOString(),
    );
    await module.close();
  });

  it.each<[string, () => unknown, string]>([
    [
      'a registry in place of the options',
      () => createTestRegistry().registry,
      'in the options of MonitoringTestingModule. Known keys: registry, clock, warnings.',
    ],
    ['an option of the application', () => ({ seriesLimit: 5 }), 'Unknown key `seriesLimit`'],
    ['an unknown key', () => ({ registri: 1 }), 'Did you mean `registry`?'],
    [
      'the class of a registry',
      () => ({ registry: MetricsRegistry }),
      '`registry` of the options of MonitoringTestingModule must be a MetricsRegistry, such as that of createTestRegistry(); got the class MetricsRegistry.',
    ],
    ['null', () => null, 'must be an object; got null.'],
  ])('rejects %s', (_, given, message) => {
    const options = given() as Parameters<typeof MonitoringTestingModule.forRoot>[0];
    expect(() => MonitoringTestingModule.forRoot(options)).toThrow(MonitoringOptionsError);
    expect(() => MonitoringTestingModule.forRoot(options)).toThrow(message);
  });

  it('isolates the metrics of each test', async () => {
    const [first, second] = [createTestRegistry(), createTestRegistry()];
    const modules = [await unit(first), await unit(second)];
    modules[0]?.get(OrdersService).place('web');
    expectMetric(first.registry, 'orders_total').toHaveIncreasedBy(1);
    expectMetric(second.registry, 'orders_total').toHaveIncreasedBy(0);
    await Promise.all(modules.map((module) => module.close()));
  });

  it('starts no timer', async () => {
    const timers = [jest.spyOn(globalThis, 'setInterval'), jest.spyOn(globalThis, 'setTimeout')];
    const module = await unit(createTestRegistry());
    for (const timer of timers) expect(timer).not.toHaveBeenCalled();
    await module.close();
  });

  it.each(ADAPTERS)('has no route and measures no request on %s', async (adapter) => {
    const { registry, clock } = createTestRegistry();
    const app = await startApp(adapter, {
      module: class AppModule {},
      imports: [MonitoringTestingModule.forRoot({ registry, clock }), OrdersModule],
    });
    for (const path of ['/metrics', '/health', '/ready', '/alive', '/startup', '/metrics-dashboard']) {
      expect((await app.get(path)).status).toBe(404);
    }
    expect(registry.getMetric('http_requests_total')).toBeUndefined();
    await app.close();
  });

  it('is shared with feature modules that import it again, and rejects different options', async () => {
    const { registry } = createTestRegistry();
    const module = await Test.createTestingModule({
      imports: [MonitoringTestingModule.forRoot({ registry }), MonitoringModule, OrdersModule],
    }).compile();
    expect(module.get(MetricsRegistry)).toBe(registry);
    expect(registry.getMetric('orders_total')).toBeInstanceOf(Counter);
    await expect(
      Test.createTestingModule({
        imports: [MonitoringTestingModule.forRoot(), MonitoringModule.forRoot({ seriesLimit: 5 })],
      }).compile(),
    ).rejects.toThrow(
      'they differ in `enabled`, `seriesLimit`. Give them once, in the root module; other imports need none. A test that imports the root module of the application does not import MonitoringTestingModule, too.',
    );
  });
});
