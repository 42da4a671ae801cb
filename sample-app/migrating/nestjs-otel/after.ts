import { Body, Controller, Injectable, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type Counter,
  type Histogram,
  MetricsRegistry,
  MonitoringModule,
  MonitorPerformance,
} from 'nestjs-monitoring';

interface Order {
  readonly channel: string;
  readonly items: number;
}

@Injectable()
class OrdersService {
  private readonly placed: Counter<'channel'>;
  private readonly size: Histogram;

  constructor(registry: MetricsRegistry) {
    this.placed = registry.counter('orders_placed_total', 'Orders placed.', { labelNames: ['channel'] });
    this.size = registry.histogram('order_size', 'Items in an order.', { buckets: [1, 5, 10] });
  }

  @MonitorPerformance()
  async place({ channel, items }: Order): Promise<void> {
    this.placed.inc({ channel });
    this.size.observe(items);
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
  imports: [MonitoringModule.forRoot()],
  controllers: [OrdersController],
  providers: [OrdersService],
})
class AppModule {}

export const createApp = () => NestFactory.create(AppModule, { logger: false });
