'use strict';
// The same application without a compiler: plain require(), and decorators called by hand.
require('reflect-metadata');
const { Body, Controller, Get, Module, Param, ParseIntPipe, Post } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { MetricsRegistry, MonitoringModule } = require('nestjs-monitoring');

class OrdersController {
  constructor(registry) {
    this.placed = registry.counter('orders_placed_total', 'Orders placed', { labelNames: ['currency'] });
  }

  find(id) {
    if (id === 13) throw new Error('there is no such luck');
    return { id };
  }

  place(order) {
    this.placed.inc({ currency: order.currency });
    return { placed: true };
  }
}

function decorate(decorators, ...target) {
  for (const decorator of decorators) decorator(...target);
}

function method(name, ...decorators) {
  const { prototype } = OrdersController;
  decorate(decorators, prototype, name, Object.getOwnPropertyDescriptor(prototype, name));
}

Reflect.defineMetadata('design:paramtypes', [MetricsRegistry], OrdersController);
decorate([Param('id', ParseIntPipe)], OrdersController.prototype, 'find', 0);
decorate([Body()], OrdersController.prototype, 'place', 0);
method('find', Get(':id'));
method('place', Post());
decorate([Controller('orders')], OrdersController);

class AppModule {}
decorate(
  [
    Module({
      imports: [MonitoringModule.forRoot({ defaultLabels: { service: 'orders' } })],
      controllers: [OrdersController],
    }),
  ],
  AppModule,
);

async function start() {
  const app = await NestFactory.create(AppModule, { logger: false });
  // Without process.exit(): whatever the library leaves behind would keep the process alive.
  process.once('SIGTERM', () => void app.close());
  await app.listen(0, '127.0.0.1');
  console.log(`listening on ${await app.getUrl()}`);
}

void start();
