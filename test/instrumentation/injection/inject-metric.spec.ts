import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { expectTypeOf } from 'expect-type';
import {
  type Counter,
  type CounterSeries,
  defineCounter,
  defineGauge,
  defineHistogram,
  defineTimer,
  type Gauge,
  getMetricToken,
  type Histogram,
  InjectMetric,
  MetricDefinitionError,
  type MetricOf,
  MetricsRegistry,
  MonitoringModule,
  MonitoringOptionsError,
  type Timer,
} from 'nestjs-monitoring';
import { closeAll, counts, startMeasured, startPlain } from '../support.js';

afterEach(closeAll);

const ordersTotal = defineCounter('orders_total', 'Orders.', { labelNames: ['status'] });
const openOrders = defineGauge('open_orders', 'Orders that are open.');
const orderSize = defineHistogram('order_size', 'Items of an order.', { buckets: [1, 5, 10] });
const queryTime = defineTimer('query_duration_seconds', 'How long a query takes.', {
  labels: { table: 'orders' },
});

@Injectable()
class Orders {
  @InjectMetric(openOrders) readonly open!: MetricOf<typeof openOrders>;

  constructor(
    @InjectMetric('orders_total') readonly total: Counter<'status'>,
    @InjectMetric(orderSize) readonly size: MetricOf<typeof orderSize>,
    @InjectMetric(queryTime) readonly query: MetricOf<typeof queryTime>,
  ) {}

  place(items: number): void {
    this.total.inc({ status: 'placed' });
    this.size.observe(items);
    this.open.inc();
    this.query.time(() => undefined);
  }
}

@Module({
  imports: [MonitoringModule.forFeature([ordersTotal, openOrders, orderSize, queryTime])],
  providers: [
    Orders,
    {
      provide: 'factory',
      inject: [getMetricToken('orders_total')],
      useFactory: (total: Counter<'status'>) => total,
    },
  ],
})
class OrdersModule {}

@Module({
  imports: [
    MonitoringModule.forFeature([defineCounter('orders_total', 'Orders.', { labelNames: ['status'] })]),
  ],
})
class ReportsModule {}

describe('MonitoringModule.forFeature()', () => {
  it('registers the metrics of a module and injects them', async () => {
    const { app, registry } = await startMeasured({ imports: [OrdersModule, ReportsModule] });
    expect(registry.getMetric('orders_total')).toBeDefined();
    app.get(Orders, { strict: false }).place(3);
    app.get<Counter<'status'>>('factory', { strict: false }).inc({ status: 'refunded' });

    expect(counts(registry, 'orders_total')).toEqual({ 'status=placed': 1, 'status=refunded': 1 });
    expect(counts(registry, 'order_size')).toEqual({ '': 1 });
    expect(counts(registry, 'open_orders')).toEqual({ '': 1 });
    expect(counts(registry, 'query_duration_seconds')).toEqual({ 'table=orders': 1 });
  });

  it('works in a module that is tested alone', async () => {
    const app = await startPlain({ imports: [OrdersModule] });
    app.get(Orders, { strict: false }).place(1);

    expect(counts(app.get(MetricsRegistry), 'orders_total')).toEqual({ 'status=placed': 1 });
  });

  it('makes the start fail if two modules declare conflicting metrics', async () => {
    const contradicting = MonitoringModule.forFeature([defineGauge('orders_total', 'Orders.')]);

    await expect(startMeasured({ imports: [OrdersModule, contradicting] })).rejects.toThrow(
      /gauge orders_total .* conflicts with counter orders_total|counter orders_total.* conflicts with gauge/,
    );
  });

  it('declares the aggregation over several workers', () => {
    const registry = new MetricsRegistry();
    const definitions = [
      defineGauge('config_version', 'Version of the configuration.', { aggregate: 'max' }),
      defineCounter('host_boots_total', 'Boots of the machine.', { aggregate: 'shared' }),
    ];
    expect(definitions.map(({ metricIn }) => metricIn(registry))).toMatchObject([
      { aggregate: 'max' },
      { aggregate: 'shared' },
    ]);
  });

  it('rejects a duplicate name', () => {
    expect(() => MonitoringModule.forFeature([ordersTotal, ordersTotal])).toThrow(MonitoringOptionsError);
  });

  it('names an injected metric that no module declares', async () => {
    class Lost {
      constructor(@InjectMetric('lost_total') readonly lost: Counter) {}
    }
    await expect(startMeasured([Lost])).rejects.toThrow('metric lost_total of MonitoringModule.forFeature()');
  });
});

describe('getMetricToken()', () => {
  it('is the same for a name and for its declaration', () => {
    expect(getMetricToken(ordersTotal)).toBe(getMetricToken('orders_total'));
  });

  it.each([undefined, {}, 7, 'orders total'])('rejects %s', (metric) => {
    expect(() => getMetricToken(metric as string)).toThrow(MetricDefinitionError);
  });
});

describe('a declared metric', () => {
  it('has the type of its declaration', () => {
    expectTypeOf<MetricOf<typeof ordersTotal>>().toEqualTypeOf<Counter<'status'>>();
    expectTypeOf<MetricOf<typeof openOrders>>().toEqualTypeOf<Gauge>();
    expectTypeOf<MetricOf<typeof orderSize>>().toEqualTypeOf<Histogram>();
    const plain = defineTimer('x_seconds', 'X.', { labelNames: ['table'] });
    expectTypeOf<MetricOf<typeof plain>>().toEqualTypeOf<Timer<'table'>>();
    const bound = defineCounter('x_total', 'X.', { labels: { component: 'payment' } });
    expectTypeOf<MetricOf<typeof bound>>().toEqualTypeOf<CounterSeries>();
  });
});
