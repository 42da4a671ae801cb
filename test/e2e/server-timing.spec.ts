import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Header, Module, Res, type Type } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MonitoringModule } from 'nestjs-monitoring';
import { announceTimings } from '../../lib/instrumentation/http/server-timing.js';
import { Guard } from '../../lib/primitives/guard.js';
import { ADAPTERS, type RunningApp, startApp } from './fixture/start-app.js';

interface AnyResponse {
  readonly raw?: ServerResponse;
}

@Controller('timing')
class TimingController {
  @Get()
  async plain(): Promise<string> {
    await sleep(20);
    return 'plain';
  }

  @Get('own')
  @Header('Server-Timing', 'own;dur=7')
  own(): string {
    return 'own';
  }

  @Get('raw')
  raw(@Res() response: AnyResponse & ServerResponse): void {
    const raw = response.raw ?? response;
    raw.writeHead(200, { 'server-timing': 'raw;dur=8' });
    raw.end('raw');
  }
}

function appModule(options: { serverTiming?: boolean }): Type {
  @Module({
    imports: [MonitoringModule.forRoot({ requests: { records: { sampleRate: 1 }, ...options } })],
    controllers: [TimingController],
  })
  class AppModule {}
  return AppModule;
}

describe.each(ADAPTERS)('the header Server-Timing on %s', (adapter) => {
  let app: RunningApp;
  beforeAll(async () => (app = await startApp(adapter, appModule({ serverTiming: true }))));
  afterAll(() => app.close());

  async function timingOf(path: string): Promise<unknown> {
    const { status, headers } = await app.get(path);
    expect(status).toBe(200);
    return headers['server-timing'];
  }

  it('has the time by part and in total', async () => {
    const timing = String(await timingOf('/timing'));
    expect(timing).toMatch(/^(event_loop;dur=[\d.]+, )?application;dur=[\d.]+, total;dur=[\d.]+$/);
    expect(Number(/total;dur=([\d.]+)/.exec(timing)?.[1])).toBeGreaterThan(18);
  });

  it.each([
    ['/timing/own', /^own;dur=7, .*total;dur=/],
    ['/timing/raw', /^raw;dur=8, .*total;dur=/],
  ])('keeps what the application gives it: %s', async (path, expected) => {
    expect(await timingOf(path)).toMatch(expected);
  });

  it('is on responses without a route, too', async () => {
    expect((await app.get('/nowhere')).headers['server-timing']).toMatch(/total;dur=/);
  });

  it('is absent by default', async () => {
    const other = await startApp(adapter, appModule({}));
    expect((await other.get('/timing')).headers['server-timing']).toBeUndefined();
    await other.close();
  });
});

describe('times that are announced', () => {
  it.each<[string, (response: ServerResponse) => void, string]>([
    ['no header', (response) => response.writeHead(200), 'total;dur=1.5'],
    ['other headers', (response) => response.writeHead(200, 'Fine', { a: 'b' }), 'total;dur=1.5'],
    [
      'an array of headers',
      (response) => response.writeHead(200, ['a', 'b', 'SERVER-TIMING', 'x;dur=1']),
      'x;dur=1, total;dur=1.5',
    ],
    [
      'several values',
      (response) => response.setHeader('server-timing', ['x;dur=1', 'y;dur=2']).writeHead(200, { a: 'b' }),
      'x;dur=1, y;dur=2, total;dur=1.5',
    ],
  ])('join the head with %s', async (_, write, expected) => {
    const guard = new Guard((error) => {
      throw error;
    });
    const server = createServer((_request, response) => {
      announceTimings(response, guard, () => ({ total: 1.5 }));
      write(response);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const answer = await new Promise<IncomingMessage>((resolve) =>
      get({ port, host: '127.0.0.1', agent: false }, resolve),
    );
    answer.resume();
    server.close();
    expect(answer.headers['server-timing']).toBe(expected);
  });
});
