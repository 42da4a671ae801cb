import { Controller, Get, Module, NotFoundException, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { MonitoringModule } from 'nestjs-monitoring';

@Controller('orders')
class OrdersController {
  @Get(':id')
  find(@Param('id') id: string): { id: string } {
    if (id === '13') throw new NotFoundException();
    return { id };
  }
}

@Module({ imports: [MonitoringModule.forRoot()], controllers: [OrdersController] })
class AppModule {}

export const createApp = () => NestFactory.create(AppModule, new FastifyAdapter(), { logger: false });
