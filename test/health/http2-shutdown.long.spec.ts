import { once } from 'node:events';
import { connect as connectHttp2, createServer } from 'node:http2';
import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
import { eventually, inProgress, seriesOf } from '../e2e/fixture/start-app.js';

@Controller()
class NeverController {
  @Get('never')
  never(): Promise<void> {
    return new Promise(() => undefined);
  }
}

class AppModule {}
Module({
  imports: [
    MonitoringModule.forRoot({
      collectors: { database: false, cache: false },
      health: { drainDelayMs: 20, drainTimeoutMs: 200 },
    }),
  ],
  controllers: [NeverController],
})(AppModule);

/** Express answers no HTTP/2: a server that does is handed to Nest beside it. */
class Http2ExpressAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    this.httpServer = createServer((_request, response) => void response.end('ok')) as unknown as Server;
  }
}

const ADAPTERS = {
  fastify: () => new FastifyAdapter({ http2: true }),
  express: () => new Http2ExpressAdapter(),
};

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

const HALF_SESSIONS: Readonly<Record<string, readonly (string | Buffer)[]>> = {
  'that has sent nothing': [],
  'that has sent half of a preface': ['PRI * HTT'],
  'that has sent a preface and reads no more': [PREFACE, SETTINGS],
  'that has sent nothing but nonsense so far': ['GET / H'],
};

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function start(adapter: keyof typeof ADAPTERS): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule, ADAPTERS[adapter](), {
    logger: false,
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  return app;
}

const portOf = (app: INestApplication): number =>
  ((app.getHttpServer() as Server).address() as AddressInfo).port;

async function connected(app: INestApplication): Promise<Socket> {
  const arrived = once(app.getHttpServer() as Server, 'connection');
  const socket = connect(portOf(app), '127.0.0.1').on('error', () => undefined);
  closing.push(() => socket.destroy());
  await arrived;
  return socket;
}

describe.each(['fastify', 'express'] as const)('a server of HTTP/2 under %s that closes', (adapter) => {
  it.each(Object.entries(HALF_SESSIONS))('does not wait for a connection %s', async (_, pieces) => {
    const app = await start(adapter);
    const socket = await connected(app);
    socket.pause();
    for (const piece of pieces) socket.write(piece);
    await eventually(() => expect(socket.writableLength).toBe(0));
    await app.close();
  });

  it('does not wait for an idle session', async () => {
    const app = await start(adapter);
    const session = connectHttp2(`http://127.0.0.1:${portOf(app)}`).on('error', () => undefined);
    closing.push(() => session.destroy());
    await once(session, 'remoteSettings');
    await app.close();
  });
});

describe('a drain of HTTP/2', () => {
  it('counts requests aborted at its deadline as server errors', async () => {
    const app = await start('fastify');
    const registry = app.get(MetricsRegistry);
    const session = connectHttp2(`http://127.0.0.1:${portOf(app)}`).on('error', () => undefined);
    closing.push(() => session.destroy());
    const ready = session.request({ ':path': '/ready' });
    ready.resume();
    await once(ready, 'close');
    for (let stream = 0; stream < 5; stream++) {
      session
        .request({ ':path': '/never' })
        .on('error', () => undefined)
        .resume();
    }
    await eventually(() => expect(inProgress(registry)).toBe(5));
    await app.close();

    await eventually(() => expect(inProgress(registry)).toBe(0));
    const counted = seriesOf(registry, 'http_requests_total').map(
      ({ labels, value }) => `${labels['route']} ${labels['status_code']} ${value}`,
    );
    expect(counted).toEqual(['/never 500 5']);
  });
});
