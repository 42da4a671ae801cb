import type { INestApplication } from '@nestjs/common';
import { Controller, Get, Module, Param, type Type } from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import fastifyMetrics from 'fastify-metrics';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import promBundle from 'express-prom-bundle';
import { MonitoringModule } from 'nestjs-monitoring';
import { PromInterceptor } from './prom.interceptor.js';

export type AdapterName = 'express' | 'fastify';

/** A way to measure requests, and how an application gets it. */
export interface Subject {
  readonly name: string;
  readonly adapters: readonly AdapterName[];
  start(adapter: AdapterName): Promise<INestApplication>;
}

@Controller('users')
class UsersController {
  @Get(':id')
  find(@Param('id') id: string): { id: string; name: string } {
    return { id, name: `User ${id}` };
  }
}

async function create(
  adapter: AdapterName,
  definition: { imports?: unknown[]; providers?: unknown[] } = {},
): Promise<INestApplication> {
  // A class of its own for each application: what is measured must not be shared.
  class BenchModule {}
  Module({ controllers: [UsersController], ...(definition as object) })(BenchModule);
  const module: Type = BenchModule;
  return adapter === 'express'
    ? NestFactory.create(module, { logger: false })
    : NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), { logger: false });
}

async function listening(app: INestApplication): Promise<INestApplication> {
  await app.listen(0, '127.0.0.1');
  return app;
}

const bare: Subject = {
  name: 'bare Nest app, against itself',
  adapters: ['express', 'fastify'],
  start: async (adapter) => listening(await create(adapter)),
};

export const baseline = bare;

export const subjects: readonly Subject[] = [
  bare,
  {
    name: 'nestjs-monitoring, forRoot()',
    adapters: ['express', 'fastify'],
    start: async (adapter) => listening(await create(adapter, { imports: [MonitoringModule.forRoot()] })),
  },
  {
    name: 'prom-client in an interceptor',
    adapters: ['express', 'fastify'],
    start: async (adapter) =>
      listening(
        await create(adapter, { providers: [{ provide: APP_INTERCEPTOR, useClass: PromInterceptor }] }),
      ),
  },
  {
    name: 'express-prom-bundle',
    adapters: ['express'],
    start: async (adapter) => {
      const app = await create(adapter);
      app.use(promBundle({ includeMethod: true, includePath: true }));
      return listening(app);
    },
  },
  {
    name: 'fastify-metrics',
    adapters: ['fastify'],
    start: async (adapter) => {
      const app = await create(adapter);
      const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
      // Its default metrics are in the one registry of the process, where others have put theirs.
      await fastify.register(fastifyMetrics.default, {
        endpoint: '/metrics',
        defaultMetrics: { enabled: false },
      });
      return listening(app);
    },
  },
];
