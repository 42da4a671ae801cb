import 'reflect-metadata';
import { Body, Controller, Get, Injectable, Module, Param, ParseIntPipe, Post } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type Counter, type MetricsSnapshot, MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
import { LoggerAlertHandler } from 'nestjs-monitoring/alerting';
import { JsonExporter } from 'nestjs-monitoring/exporters';
import { grafanaDashboards } from 'nestjs-monitoring/grafana';
import { tcpHealthCheck } from 'nestjs-monitoring/health';
import { MetricsRegistry as StandaloneRegistry, PrometheusExporter } from 'nestjs-monitoring/metrics';

@Injectable()
class OrdersService {
  private readonly placed: Counter<'currency'>;

  constructor(private readonly registry: MetricsRegistry) {
    this.placed = registry.counter('orders_placed_total', 'Orders placed', { labelNames: ['currency'] });
  }

  place(currency: string): void {
    this.placed.inc({ currency });
  }

  look(): MetricsSnapshot {
    return this.registry.snapshot();
  }

  /** Never called: these lines have to be refused by the compiler. */
  mistakes(): void {
    // @ts-expect-error a label that the counter does not have
    this.placed.inc({ curency: 'EUR' });
    // @ts-expect-error a counter with labels needs them
    this.placed.inc();
    // @ts-expect-error an option that does not exist
    MonitoringModule.forRoot({ enable: true });
  }
}

@Controller('orders')
class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number): { id: number; families: number } {
    if (id === 13) throw new Error('there is no such luck');
    return { id, families: this.orders.look().families.length };
  }

  @Post()
  place(@Body() order: { currency: string }): { placed: boolean } {
    this.orders.place(order.currency);
    return { placed: true };
  }
}

@Module({
  imports: [MonitoringModule.forRootAsync({ useFactory: () => ({ defaultLabels: { service: 'orders' } }) })],
  controllers: [OrdersController],
  providers: [OrdersService],
})
class AppModule {}

// Every import has the same classes.
const parts = [LoggerAlertHandler, JsonExporter, grafanaDashboards, tcpHealthCheck, PrometheusExporter];
if (parts.some((part) => typeof part !== 'function') || StandaloneRegistry !== MetricsRegistry) {
  throw new Error('the imports do not belong together');
}

const adapter: AbstractHttpAdapter =
  process.env['ADAPTER'] === 'fastify'
    ? new FastifyAdapter(JSON.parse(process.env['FASTIFY'] ?? '{}'))
    : new ExpressAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: false });
// Without process.exit(): whatever the library leaves behind would keep the process alive.
process.once('SIGTERM', () => void app.close());
await app.listen(process.env['PORT'] ?? 0, '127.0.0.1');
console.log(`listening on ${await app.getUrl()}`);
