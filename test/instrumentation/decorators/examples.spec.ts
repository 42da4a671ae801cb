import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable } from '@nestjs/common';
import {
  MetricsContext,
  MetricsRegistry,
  MonitorModelOperation,
  MonitorPerformance,
  TrackErrors,
  TrackMetrics,
} from 'nestjs-monitoring';
import { namingAdvice } from '../../../lib/metrics/naming-rules.js';
import { closeAll, counts, type MeasuredApp, startMeasured } from '../support.js';

afterEach(closeAll);

/** An entity, made by whoever loads it. */
class Order {
  status = 'new';

  constructor(readonly total: number) {}

  @MonitorModelOperation('save')
  async save(): Promise<this> {
    await Promise.resolve();
    return this;
  }

  @MonitorModelOperation('process')
  async process(): Promise<this> {
    if (this.total < 0) throw new RangeError('a negative total');
    this.status = 'processed';
    return this.save();
  }

  @MonitorModelOperation('find', { model: 'orders' })
  static async find(total: number): Promise<Order> {
    return Promise.resolve(new Order(total));
  }
}

@Injectable()
class Payments {
  @TrackMetrics({
    timerName: 'payment_processing_seconds',
    counterName: 'payments_processed_total',
    gaugeName: 'payment_amount',
  })
  async processPayment(amount: number): Promise<number> {
    return Promise.resolve(amount);
  }

  @TrackErrors({
    metricName: 'external_api_errors_total',
    labels: { service: 'payment_gateway' },
    reraise: true,
  })
  callPaymentApi(): Promise<never> {
    return Promise.reject(new Error('the gateway is away'));
  }
}

@Injectable()
class OrdersService {
  constructor(
    private readonly payments: Payments,
    private readonly metrics: MetricsContext,
  ) {}

  @MonitorPerformance({ name: 'process_order', labels: { queue: 'high_priority' } })
  async processOrder(total: number): Promise<Order> {
    const order = await Order.find(total);
    await order.process();
    await this.payments.processPayment(total);
    return order;
  }

  batchProcess(totals: readonly number[]): Promise<void> {
    return this.metrics.run('batch_processing', async (job) => {
      for (const total of totals) {
        try {
          await this.processOrder(total);
          job.increment('orders_processed');
          job.observe('order_value', total);
        } catch {
          job.increment('orders_failed');
        }
      }
      job.gauge('batch_size', totals.length);
    });
  }
}

/** A worker of a queue: what is common to all of them is measured under one name. */
abstract class MonitoredTask {
  @MonitorPerformance({ name: 'task' })
  async process(data: number): Promise<number> {
    return Promise.resolve(data);
  }
}

@Injectable()
class ProcessData extends MonitoredTask {
  override async process(data: number): Promise<number> {
    return 2 * (await super.process(data));
  }
}

@Controller('users')
class UsersController {
  @MonitorPerformance({ name: 'api_users_list', labels: { version: 'v1' } })
  @Get()
  list(): string[] {
    return [];
  }
}

function start(): Promise<MeasuredApp> {
  return startMeasured({
    providers: [Payments, OrdersService, ProcessData],
    controllers: [UsersController],
  });
}

describe('the documented examples', () => {
  it('measure an order service', async () => {
    const { app, registry } = await start();
    await app.get(OrdersService).processOrder(12);
    await expect(app.get(OrdersService).processOrder(-1)).rejects.toThrow(RangeError);

    expect(counts(registry, 'process_order_duration_seconds')).toEqual({ 'queue=high_priority': 2 });
    expect(counts(registry, 'process_order_calls_total')).toEqual({
      'queue=high_priority outcome=success': 1,
      'queue=high_priority outcome=error': 1,
    });
    expect(counts(registry, 'process_order_errors_total')).toEqual({
      'queue=high_priority error=RangeError': 1,
    });
    expect(counts(registry, 'payment_processing_seconds')).toEqual({ '': 1 });
    expect(counts(registry, 'payments_processed_total')).toEqual({ '': 1 });
    expect(counts(registry, 'payment_amount')).toEqual({ '': 12 });
    expect(counts(registry, 'model_operation_total')).toEqual({
      'model=orders operation=find': 2,
      'model=Order operation=process': 2,
      'model=Order operation=save': 1,
    });
    expect(counts(registry, 'model_operation_errors_total')).toEqual({ 'model=Order operation=process': 1 });
  });

  it('count the errors of a payment gateway', async () => {
    const { app, registry } = await start();
    await expect(app.get(Payments).callPaymentApi()).rejects.toThrow('the gateway is away');

    expect(counts(registry, 'external_api_errors_total')).toEqual({ 'service=payment_gateway': 1 });
  });

  it('measure a batch job', async () => {
    const { app, registry } = await start();
    await app.get(OrdersService).batchProcess([12, -1, 30]);

    expect(counts(registry, 'batch_processing_runs_total')).toEqual({ 'outcome=success': 1 });
    expect(counts(registry, 'batch_processing_orders_processed_total')).toEqual({ '': 2 });
    expect(counts(registry, 'batch_processing_orders_failed_total')).toEqual({ '': 1 });
    expect(counts(registry, 'batch_processing_order_value')).toEqual({ '': 2 });
    expect(counts(registry, 'batch_processing_batch_size')).toEqual({ '': 3 });
  });

  it('measure a task and an endpoint', async () => {
    const { app, registry } = await start();
    expect(await app.get(ProcessData).process(4)).toBe(8);
    expect(app.get(UsersController).list()).toEqual([]);

    expect(counts(registry, 'task_calls_total')).toEqual({ 'outcome=success': 1 });
    expect(counts(registry, 'api_users_list_calls_total')).toEqual({ 'version=v1 outcome=success': 1 });
  });

  it('use metric names that follow the Prometheus conventions', async () => {
    const { app, registry } = await start();
    await app.get(OrdersService).batchProcess([12]);
    const advice = app
      .get(MetricsRegistry)
      .getAllMetrics()
      .flatMap(({ name, type, help, labelNames }) => namingAdvice(name, type, help, labelNames));

    expect(registry.getAllMetrics().length).toBeGreaterThan(15);
    expect(advice).toEqual([]);
  });
});
