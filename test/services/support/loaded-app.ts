import type { Server } from 'node:http';
import {
  BadRequestException,
  Controller,
  Get,
  HttpCode,
  type INestApplication,
  Module,
  Param,
  Post,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { MonitoringModule } from 'nestjs-monitoring';
import { keyOf } from './outcomes.js';

@Controller('deals')
class DealsController {
  @Get(':id')
  find(@Param('id') id: string): { id: string } {
    if (id === '0') throw new BadRequestException('there is no such deal');
    return { id };
  }

  @Post()
  create(): { created: boolean } {
    return { created: true };
  }

  @Post(':id/win')
  @HttpCode(202)
  win(): void {}

  @Get(':id/report')
  report(): never {
    throw new Error('no paper left');
  }
}

@Module({ imports: [MonitoringModule.forRoot()], controllers: [DealsController] })
class AppModule {}

const CALLS = [
  { method: 'GET', path: '/deals/1', route: '/deals/:id', status: 200 },
  { method: 'GET', path: '/deals/2?page=3', route: '/deals/:id', status: 200 },
  { method: 'GET', path: '/deals/0', route: '/deals/:id', status: 400 },
  { method: 'HEAD', path: '/deals/1', route: '/deals/:id', status: 200 },
  { method: 'POST', path: '/deals', route: '/deals', status: 201 },
  { method: 'POST', path: '/deals/7/win', route: '/deals/:id/win', status: 202 },
  { method: 'GET', path: '/deals/7/report', route: '/deals/:id/report', status: 500 },
  { method: 'GET', path: '/invoices/1', route: '<unmatched>', status: 404 },
  { method: 'DELETE', path: '/deals/1', route: '<unmatched>', status: 404 },
] as const;

const CLIENTS = 4;

export type AdapterName = 'express' | 'fastify';

/** An application with the default options that is under load from its start. */
export class LoadedApp {
  /** How many requests were answered, by method, route and status. */
  readonly sent: Record<string, number> = {};
  /** What came back that should not have. */
  readonly surprises: string[] = [];
  private loading = true;
  private readonly load: Promise<unknown>;

  private constructor(
    private readonly app: INestApplication,
    readonly url: string,
  ) {
    this.load = Promise.all(Array.from({ length: CLIENTS }, (_, client) => this.sendRequests(client)));
  }

  static async start(adapter: AdapterName): Promise<LoadedApp> {
    const httpAdapter = adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
    const app = await NestFactory.create(AppModule, httpAdapter, { logger: false });
    await app.listen(0, '127.0.0.1');
    // A connection is not closed by chance in the moment in which a client sends the next request on it.
    (app.getHttpServer() as Server).keepAliveTimeout = 600_000;
    return new LoadedApp(app, await app.getUrl());
  }

  /** Waits for the requests that are under way; from then on `sent` stays as it is. */
  async stopLoad(): Promise<void> {
    this.loading = false;
    await this.load;
  }

  async stop(): Promise<void> {
    await this.stopLoad();
    await this.app.close();
  }

  private async sendRequests(client: number): Promise<void> {
    for (let i = client; this.loading; i++) {
      const { method, path, route, status } = CALLS[i % CALLS.length]!;
      try {
        const response = await fetch(this.url + path, { method });
        await response.arrayBuffer();
        const key = keyOf({ method, route, status_code: String(status) });
        this.sent[key] = (this.sent[key] ?? 0) + 1;
        if (response.status !== status) this.surprises.push(`${method} ${path}: ${response.status}`);
      } catch (error) {
        this.surprises.push(`${method} ${path}: ${String(error)}`);
      }
    }
  }
}
