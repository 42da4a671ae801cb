import type { INestApplication } from '@nestjs/common';
import { setImmediate as turn } from 'node:timers/promises';
import { Controller, Get, Inject, Module, Param, type Type } from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import fastifyMetrics from 'fastify-metrics';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import promBundle from 'express-prom-bundle';
import { MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { Client } from 'pg';
import { PromInterceptor } from './prom.interceptor.js';

export type AdapterName = 'express' | 'fastify';

/** A way to measure requests, and how an application gets it. */
export interface Subject {
  readonly name: string;
  readonly adapters: readonly AdapterName[];
  /** What it is compared with. @default a bare Nest app */
  readonly against?: Subject;
  /** Where its requests go. @default '/users' */
  readonly path?: string;
  start(adapter: AdapterName): Promise<INestApplication>;
}

@Controller('users')
class UsersController {
  @Get(':id')
  find(@Param('id') id: string): { id: string; name: string } {
    return { id, name: `User ${id}` };
  }
}

/** A client of PostgreSQL that answers at the next turn of the event loop, from no server. */
function standInClient(): Client {
  const answer = { rows: [{ id: 1 }], rowCount: 1, command: 'SELECT' };
  return Object.assign(new Client(), { query: () => turn(answer) });
}

const CLIENT = 'PG_CLIENT';

/** A handler that awaits twenty things, three of them statements. */
@Controller('work')
class WorkController {
  constructor(@Inject(CLIENT) private readonly client: Client) {}

  @Get(':id')
  async find(@Param('id') id: string): Promise<{ id: string; sum: number }> {
    let sum = 0;
    for (const table of ['users', 'orders', 'items']) {
      for (let i = 0; i < 5; i++) sum += await this.next(i);
      const { rows } = await this.client.query<{ id: number }>(`SELECT * FROM ${table} WHERE id = $1`, [id]);
      sum += await this.next(rows[0]?.id ?? 0);
    }
    return { id, sum: await this.next(sum) };
  }

  private async next(value: number): Promise<number> {
    return value + 1;
  }
}

async function createWork(adapter: AdapterName, options: MonitoringOptions): Promise<INestApplication> {
  return create(adapter, {
    imports: [MonitoringModule.forRoot(options)],
    controllers: [WorkController],
    providers: [{ provide: CLIENT, useFactory: standInClient }],
  });
}

async function create(
  adapter: AdapterName,
  definition: { imports?: unknown[]; controllers?: unknown[]; providers?: unknown[] } = {},
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

const withoutRecords: Subject = {
  name: 'without records of requests',
  adapters: ['express', 'fastify'],
  path: '/work',
  start: async (adapter) => listening(await createWork(adapter, { requests: false })),
};

export const byName = (name: string): Subject | undefined =>
  [...subjects, ...subjects.flatMap(({ against = [] }) => against)].find((each) => each.name === name);

export const subjects: readonly Subject[] = [
  bare,
  {
    ...withoutRecords,
    name: 'records, against none',
    against: withoutRecords,
    start: async (adapter) => listening(await createWork(adapter, {})),
  },
  {
    ...withoutRecords,
    name: 'no records, against none',
    against: withoutRecords,
  },
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
