import { EventEmitter } from 'node:events';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Body,
  type CallHandler,
  Controller,
  Get,
  Inject,
  Module,
  type NestInterceptor,
  Param,
  Post,
  UseInterceptors,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { inject } from 'light-my-request';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MonitoringModule } from 'nestjs-monitoring';
import { type RequestRecord, RequestRecords } from 'nestjs-monitoring/diagnostics';
import type { Observable } from 'rxjs';
import { WaitedCalls } from '../../lib/integrations/operation-waits.js';
import { Operations } from '../../lib/instrumentation/requests/operations.js';
import { RecordStore } from '../../lib/instrumentation/requests/record-store.js';
import { RawConnection } from './fixture/http-client.js';
import { ADAPTERS, eventually, type RunningApp, startApp } from './fixture/start-app.js';

const CALLS = new WaitedCalls('cache', 'probe');

/** A client of the application that tells the records what its calls are. */
class Probe {
  operations: Operations | undefined;

  async call(name: string): Promise<void> {
    const wait = this.operations?.begin('cache', CALLS.of(name));
    await sleep(2);
    wait?.end(undefined, false);
  }
}

/** What libraries use that call back in the async context of someone else. */
const elsewhere = new EventEmitter();

class CallingInterceptor implements NestInterceptor {
  constructor(@Inject(Probe) private readonly probe: Probe) {}

  async intercept(_context: unknown, handler: CallHandler): Promise<Observable<unknown>> {
    await this.probe.call('interceptor');
    return handler.handle();
  }
}

@Controller('context')
class ContextController {
  constructor(
    @Inject(Probe) private readonly probe: Probe,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  @Get('slow/:name')
  async slow(@Param('name') name: string): Promise<string> {
    await this.probe.call('slow');
    await sleep(60);
    await this.probe.call('slow');
    return name;
  }

  @Get('fast')
  async fast(): Promise<string> {
    await this.probe.call('fast');
    return 'fast';
  }

  @Get('injects')
  async injects(): Promise<string> {
    const answer = dispatch(this.host, '/context/fast');
    await this.probe.call('injects');
    await answer;
    await this.probe.call('injects');
    return 'injects';
  }

  @Get('late')
  @UseInterceptors(CallingInterceptor)
  async late(): Promise<string> {
    await this.probe.call('late');
    return 'late';
  }

  @Get('wakes')
  async wakes(): Promise<string> {
    await this.probe.call('wakes');
    elsewhere.emit('go');
    await this.probe.call('wakes');
    return 'wakes';
  }

  @Post('body')
  async body(@Body() body: object): Promise<object> {
    await this.probe.call('body');
    return body;
  }
}

/** Sends a request to an application within its process, as serverless adapters do. */
async function dispatch({ httpAdapter }: HttpAdapterHost, url: string): Promise<void> {
  const server = httpAdapter.getHttpServer() as Server;
  await inject((request, response) => void server.emit('request', request, response), { method: 'GET', url });
}

@Module({
  imports: [MonitoringModule.forRoot({ requests: { records: { sampleRate: 1 } } })],
  controllers: [ContextController],
  providers: [Probe],
})
class AppModule {}

/** A test that is only for Fastify. */
const itOnFastify = (adapter: string, title: string, test: () => Promise<void>): void => {
  if (adapter === 'fastify') it(title, test);
};

describe.each(ADAPTERS)('the async context of a request on %s', (adapter) => {
  let app: RunningApp;
  let records: RequestRecord[] = [];

  beforeAll(async () => {
    app = await startApp(adapter, AppModule, {
      // A middleware that is called back in the async context of another request, as by a shared connection.
      configure: (nest) =>
        void nest.use((request: IncomingMessage, _response: ServerResponse, next: () => void) => {
          if (request.url?.endsWith('/late') === true) elsewhere.once('go', next);
          else next();
        }),
    });
    app.app.get(Probe).operations = app.app.get(Operations);
    const store = app.app.get(RecordStore);
    jest.spyOn(store, 'offer').mockImplementation((_candidate, _now, build) => {
      const record = build();
      records.push(record);
      return record;
    });
  });
  beforeEach(() => void (records = []));
  afterAll(() => app.close());

  async function callsOf(count: number): Promise<Record<string, Record<string, number>>> {
    await eventually(() => expect(records).toHaveLength(count));
    return Object.fromEntries(
      records.map(({ name, calls }) => [
        name.replace('/context', ''),
        Object.fromEntries(calls.map((call) => [call.name, call.count])),
      ]),
    );
  }

  it('is not that of a request that is sent within it', async () => {
    await app.get('/context/injects');
    expect(await callsOf(2)).toEqual({ 'GET /fast': { fast: 1 }, 'GET /injects': { injects: 2 } });
  });

  it('is found again after a middleware that was called back in that of another request', async () => {
    const late = app.get('/context/late');
    await eventually(() => expect(elsewhere.listenerCount('go')).toBe(1));
    await app.get('/context/wakes');
    await late;
    expect(await callsOf(2)).toEqual({
      'GET /late': { interceptor: 1, late: 1 },
      'GET /wakes': { wakes: 2 },
    });
  });

  it('is not kept by a connection for a request that is not recorded', async () => {
    const connection = new RawConnection(app.port);
    const operations = app.app.get(Operations);
    const start = jest.spyOn(operations, 'start');
    try {
      connection.send('GET /context/slow/a HTTP/1.1\r\nhost: x\r\n\r\n');
      await eventually(() => expect([...operations.running]).toHaveLength(1));
      start.mockReturnValue(undefined);
      connection.send('GET /context/fast HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(3));
      expect(await callsOf(1)).toEqual({ 'GET /slow/:name': { slow: 2 } });
      await eventually(() => expect(connection.received.split('200 OK')).toHaveLength(5));
    } finally {
      start.mockRestore();
      connection.destroy();
    }
  });

  it('is that of each of the requests that share a connection', async () => {
    const connection = new RawConnection(app.port);
    const body = JSON.stringify({ a: 'x'.repeat(100) });
    connection.send(
      'GET /context/slow/a HTTP/1.1\r\nhost: x\r\n\r\nGET /context/fast HTTP/1.1\r\nhost: x\r\n\r\n' +
        `POST /context/body HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    await sleep(20);
    connection.send(body.slice(0, 50));
    await sleep(20);
    connection.send(body.slice(50));
    expect(await callsOf(3)).toEqual({
      'GET /slow/:name': { slow: 2 },
      'GET /fast': { fast: 1 },
      'POST /body': { body: 1 },
    });
    connection.destroy();
  });

  // Express does not serve HTTP/2.
  itOnFastify(adapter, 'is that of each of the streams of HTTP/2', async () => {
    const http = app.app.getHttpServer() as Server;
    const server = createHttp2Server((request, response) => void http.emit('request', request, response));
    server.listen(0, '127.0.0.1');
    await eventually(() => expect(server.listening).toBe(true));
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await Promise.all(
      ['/context/slow/a', '/context/fast'].map(
        (path) =>
          new Promise((resolve) => session.request({ ':path': path }).on('close', resolve).resume().end()),
      ),
    );
    session.destroy();
    server.close();
    expect(await callsOf(2)).toEqual({ 'GET /slow/:name': { slow: 2 }, 'GET /fast': { fast: 1 } });
  });

  it('is none outside of requests', () => {
    expect(app.app.get(RequestRecords).currentId).toBeUndefined();
  });
});
