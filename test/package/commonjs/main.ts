import 'reflect-metadata';
import { Body, Controller, Get, Injectable, Module, Param, ParseIntPipe, Post } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type Counter, MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
import { LoggerAlertHandler } from 'nestjs-monitoring/alerting';
import { JsonExporter } from 'nestjs-monitoring/exporters';
import { grafanaDashboards } from 'nestjs-monitoring/grafana';
import { tcpHealthCheck } from 'nestjs-monitoring/health';
import { MetricsRegistry as StandaloneRegistry, PrometheusExporter } from 'nestjs-monitoring/metrics';

@Injectable()
class OrdersService {
  private readonly placed: Counter<'currency'>;

  constructor(registry: MetricsRegistry) {
    this.placed = registry.counter('orders_placed_total', 'Orders placed', { labelNames: ['currency'] });
  }

  place(currency: string): void {
    this.placed.inc({ currency });
  }

  /** Never called: this line has to be refused by the compiler. */
  mistake(): void {
    // @ts-expect-error a label that the counter does not have
    this.placed.inc({ curency: 'EUR' });
  }
}

@Controller('orders')
class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number): { id: number } {
    if (id === 13) throw new Error('there is no such luck');
    return { id };
  }

  @Post()
  place(@Body() order: { currency: string }): { placed: boolean } {
    this.orders.place(order.currency);
    return { placed: true };
  }
}

@Module({
  imports: [MonitoringModule.forRoot({ defaultLabels: { service: 'orders' } })],
  controllers: [OrdersController],
  providers: [OrdersService],
})
class AppModule {}

// Every import has the same classes.
const parts = [LoggerAlertHandler, JsonExporter, grafanaDashboards, tcpHealthCheck, PrometheusExporter];
if (parts.some((part) => typeof part !== 'function') || StandaloneRegistry !== MetricsRegistry) {
  throw new Error('the imports do not belong together');
}

async function start(): Promise<void> {
  const adapter: AbstractHttpAdapter =
    process.env['ADAPTER'] === 'fastify'
      ? new FastifyAdapter(JSON.parse(process.env['FASTIFY'] ?? '{}'))
      : new ExpressAdapter();
  const app = await NestFactory.create(AppModule, adapter, { logger: false });
  // Without process.exit(): whatever the library leaves behind would keep the process alive.
  process.once('SIGTERM', () => void app.close());
  await app.listen(0, '127.0.0.1');
  console.log(`listening on ${await app.getUrl()}`);
}

void start();
