import { Body, Controller, Get, Injectable, Module, Post, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Counter, type Histogram, metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { Request, Response } from 'express';

// Usually in instrument.ts, which runs before the application.
const exporter = new PrometheusExporter({ preventServerStart: true });
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));

interface Order {
  readonly channel: string;
  readonly items: number;
}

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

/** The exporter would have a port of its own; a route is easier to compare. */
@Controller('metrics')
class MetricsController {
  @Get()
  get(@Req() request: Request, @Res() response: Response): void {
    exporter.getMetricsRequestHandler(request, response);
  }
}

@Module({ controllers: [OrdersController, MetricsController], providers: [OrdersService] })
class AppModule {}

export const createApp = () => NestFactory.create(AppModule, { logger: false });
