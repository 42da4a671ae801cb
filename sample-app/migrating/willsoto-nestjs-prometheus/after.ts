import { Body, Controller, Injectable, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  defineCounter,
  defineGauge,
  defineHistogram,
  defineTimer,
  InjectMetric,
  type MetricOf,
  MonitoringModule,
} from 'nestjs-monitoring';

interface Order {
  readonly channel: string;
  readonly items: number;
}

const ordersPlaced = defineCounter('orders_placed_total', 'Orders placed.', { labelNames: ['channel'] });
const orderSize = defineHistogram('order_size', 'Items in an order.', { buckets: [1, 5, 10] });
const ordersOpen = defineGauge('orders_open', 'Orders that are open.');
const orderDuration = defineTimer('order_duration_seconds', 'How long it takes to place an order.', {
  labelNames: ['channel'],
});

@Injectable()
class OrdersService {
  constructor(
    @InjectMetric(ordersPlaced) private readonly placed: MetricOf<typeof ordersPlaced>,
    @InjectMetric(orderSize) private readonly size: MetricOf<typeof orderSize>,
    @InjectMetric(ordersOpen) private readonly open: MetricOf<typeof ordersOpen>,
    @InjectMetric(orderDuration) private readonly duration: MetricOf<typeof orderDuration>,
  ) {}

  async place({ channel, items }: Order): Promise<void> {
    const stop = this.duration.start({ channel });
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
  imports: [
    MonitoringModule.forRoot({ defaultLabels: { service: 'shop' } }),
    MonitoringModule.forFeature([ordersPlaced, orderSize, ordersOpen, orderDuration]),
  ],
  controllers: [OrdersController],
  providers: [OrdersService],
})
class AppModule {}

export const createApp = () => NestFactory.create(AppModule, { logger: false });
