import { Body, Controller, Get, Injectable, Module, Post, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Counter, type Histogram, metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { Request, Response } from 'express';
import { MetricService, OpenTelemetryModule, OtelMethodCounter } from 'nestjs-otel';

// Usually in tracing.ts, which runs before the application.
const exporter = new PrometheusExporter({ preventServerStart: true });
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));

interface Order {
  readonly channel: string;
  readonly items: number;
}

@Injectable()
class OrdersService {
  private readonly placed: Counter;
  private readonly size: Histogram;

  constructor(metricService: MetricService) {
    this.placed = metricService.getCounter('orders_placed', { description: 'Orders placed.' });
    this.size = metricService.getHistogram('order_size', {
      description: 'Items in an order.',
      advice: { explicitBucketBoundaries: [1, 5, 10] },
    });
  }

  @OtelMethodCounter()
  async place({ channel, items }: Order): Promise<void> {
    this.placed.add(1, { channel });
    this.size.record(items);
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

/** The exporter would have a port of its own; a route is easier to compare. */
@Controller('metrics')
class MetricsController {
  @Get()
  get(@Req() request: Request, @Res() response: Response): void {
    exporter.getMetricsRequestHandler(request, response);
  }
}

@Module({
  imports: [OpenTelemetryModule.forRoot({})],
  controllers: [OrdersController, MetricsController],
  providers: [OrdersService],
})
class AppModule {}

export const createApp = () => NestFactory.create(AppModule, { logger: false });
