import { Body, Controller, Injectable, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  InjectMetric,
  makeCounterProvider,
  makeGaugeProvider,
  makeHistogramProvider,
  PrometheusModule,
} from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge, Histogram } from 'prom-client';

interface Order {
  readonly channel: string;
  readonly items: number;
}

@Injectable()
class OrdersService {
  constructor(
    @InjectMetric('orders_placed_total') private readonly placed: Counter<'channel'>,
    @InjectMetric('order_size') private readonly size: Histogram,
    @InjectMetric('orders_open') private readonly open: Gauge,
    @InjectMetric('order_duration_seconds') private readonly duration: Histogram<'channel'>,
  ) {}

  async place({ channel, items }: Order): Promise<void> {
    const stop = this.duration.startTimer({ channel });
    await Promise.resolve();
    this.placed.inc({ channel });
    this.size.observe(items);
    this.open.inc();
    stop();
  }
}

@Controller('orders')
class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  place(@Body() order: Order): Promise<void> {
    return this.orders.place(order);
  }
}

@Module({
  imports: [PrometheusModule.register({ defaultLabels: { service: 'shop' } })],
  controllers: [OrdersController],
  providers: [
    OrdersService,
    makeCounterProvider({ name: 'orders_placed_total', help: 'Orders placed.', labelNames: ['channel'] }),
    makeHistogramProvider({ name: 'order_size', help: 'Items in an order.', buckets: [1, 5, 10] }),
    makeGaugeProvider({ name: 'orders_open', help: 'Orders that are open.' }),
    makeHistogramProvider({
      name: 'order_duration_seconds',
      help: 'How long it takes to place an order.',
      labelNames: ['channel'],
    }),
  ],
})
class AppModule {}

export const createApp = () => NestFactory.create(AppModule, { logger: false });
