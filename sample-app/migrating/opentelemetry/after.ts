import { Body, Controller, Injectable, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Counter, type Histogram, metrics } from '@opentelemetry/api';
import { MonitoringModule } from 'nestjs-monitoring';

interface Order {
  readonly channel: string;
  readonly items: number;
}

/** The same as before: only what receives its measurements is another. */
@Injectable()
class OrdersService {
  private readonly placed: Counter;
  private readonly duration: Histogram;
  private waiting = 0;

  constructor() {
    const meter = metrics.getMeter('shop', '1.2.0');
    this.placed = meter.createCounter('orders.placed', { description: 'Orders placed.' });
    this.duration = meter.createHistogram('order.duration', {
      description: 'Duration of an order.',
      unit: 's',
      advice: { explicitBucketBoundaries: [0.1, 1, 10] },
    });
    meter.createObservableGauge('orders.waiting').addCallback((result) => result.observe(this.waiting));
  }

  place({ channel, items }: Order): void {
    this.waiting += items;
    this.placed.add(1, { 'order.channel': channel });
    this.duration.record(items / 4);
  }
}

@Controller('orders')
class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  place(@Body() order: Order): void {
    this.orders.place(order);
  }
}

@Module({
  imports: [MonitoringModule.forRoot({ bridges: { openTelemetry: true } })],
  controllers: [OrdersController],
  providers: [OrdersService],
})
class AppModule {}

export const createApp = () => NestFactory.create(AppModule, { logger: false });
