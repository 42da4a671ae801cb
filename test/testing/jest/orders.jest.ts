// Run by Jest, from kit-in-jest.long.spec.ts; one of these tests fails on purpose.
import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MetricsRegistry, MonitorPerformance } from 'nestjs-monitoring';
import {
  createTestRegistry,
  expectMetric,
  MonitoringTestingModule,
  testRules,
  trackMetrics,
} from 'nestjs-monitoring/testing';

declare const describe: (title: string, suite: () => void) => void;
declare const it: (title: string, test: () => void | Promise<void>) => void;

@Injectable()
class OrdersService {
  private readonly orders;

  constructor(registry: MetricsRegistry) {
    this.orders = registry.counter('orders_total', 'Orders placed.', { labelNames: ['channel'] });
  }

  @MonitorPerformance({ name: 'place_order' })
  place(channel: string): void {
    this.orders.inc({ channel });
  }
}

describe('the kit in Jest', () => {
  const { registry, clock } = createTestRegistry();

  it('matches', async () => {
    const module = await Test.createTestingModule({
      imports: [MonitoringTestingModule.forRoot({ registry, clock })],
      providers: [OrdersService],
    }).compile();
    await module.init();
    const metrics = trackMetrics(registry);
    module.get(OrdersService).place('web');
    expectMetric(metrics, 'orders_total', { channel: 'web' }).toHaveIncreasedBy(1);
    expectMetric(metrics, 'place_order_duration_seconds').toHaveObserved(1);
    await module.close();
  });

  it('tests rules', () => {
    testRules({
      rules: [
        {
          name: 'queue_full',
          condition: { metric: 'queue_length', operator: '>', threshold: 10 },
          severity: 'warning',
          message: 'The queue is full.',
        },
      ],
      series: { queue_length: '5 20' },
      at: '15s',
      expect: [{ rule: 'queue_full' }],
    });
  });

  it('fails', () => {
    expectMetric(registry, 'orders_total', { channel: 'web' }).toHaveIncreasedBy(7);
  });
});
