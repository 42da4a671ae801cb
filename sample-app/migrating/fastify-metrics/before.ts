import { Controller, Get, Module, NotFoundException, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import fastifyMetrics from 'fastify-metrics';

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
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
    logger: false,
  });
  await app.register(fastifyMetrics.default, { endpoint: '/metrics' });
  return app;
}
