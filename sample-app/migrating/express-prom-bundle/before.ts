import { Controller, Get, Module, NotFoundException, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import promBundle from 'express-prom-bundle';

@Controller('orders')
class OrdersController {
  @Get(':id')
  find(@Param('id') id: string): { id: string } {
    if (id === '13') throw new NotFoundException();
    return { id };
  }
}

@Module({ controllers: [OrdersController] })
class AppModule {}

export async function createApp() {
  const app = await NestFactory.create(AppModule, { logger: false });
  app.use(
    promBundle({
      includeMethod: true,
      includePath: true,
      promClient: { collectDefaultMetrics: {} },
    }),
  );
  return app;
}
