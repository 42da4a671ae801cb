import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
import { createTestRegistry, expectMetric, MonitoringTestingModule } from 'nestjs-monitoring/testing';

@Injectable()
class OrdersService {
  private readonly placed;

  constructor(registry: MetricsRegistry) {
    this.placed = registry.counter('orders_placed_total', 'Orders placed', { labelNames: ['currency'] });
  }

  place(currency: string): void {
    this.placed.inc({ currency });
  }
}

@Controller('orders')
class OrdersController {
  @Get()
  list(): unknown[] {
    return [];
  }
}

@Module({
  imports: [MonitoringModule.forRoot()],
  controllers: [OrdersController],
  providers: [OrdersService],
})
class AppModule {}

describe('the package in Jest', () => {
  it('is tested with', async () => {
    const { registry, clock } = createTestRegistry();
    const module = await Test.createTestingModule({
      imports: [MonitoringTestingModule.forRoot({ registry, clock })],
      providers: [OrdersService],
    }).compile();
    module.get(OrdersService).place('EUR');
    expectMetric(registry, 'orders_placed_total', { currency: 'EUR' }).toHaveIncreasedBy(1);
    expect(() => expectMetric(registry, 'orders_placed_total').toHaveIncreasedBy(2)).toThrow(
      /it increased by 1/,
    );
    await module.close();
  });

  it('runs as a whole, with its dashboard', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    for (const path of ['orders', 'metrics', 'health', 'metrics-dashboard', 'metrics-dashboard/uplot.js']) {
      const response = await fetch(`http://127.0.0.1:${port}/${path}`);
      expect([path, response.status]).toEqual([path, 200]);
    }
    expectMetric(app.get(MetricsRegistry), 'http_requests_total', { route: '/orders' }).toHaveIncreasedBy(1);
    await app.close();
  });
});
