import { once } from 'node:events';
import { IncomingMessage, type Server, ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { inject } from 'light-my-request';
import serverless from 'serverless-http';
import { type MonitoringClock as Clock, MetricsRegistry } from 'nestjs-monitoring';
import { FixtureController } from './fixture/controllers.js';
import { FixtureModule, WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { abortedRequest, arrival, head, RawConnection, request } from './fixture/http-client.js';
import {
  ADAPTERS,
  createApp,
  eventually,
  inProgress,
  RunningApp,
  seriesOf,
  startApp,
  total,
} from './fixture/start-app.js';

type Raw<T> = T & { readonly raw?: T };

const rawOf = <T>(given: Raw<T>): T => given.raw ?? given;

/** Routes whose responses the server breaks off. */
@Controller('cut')
class CuttingController {
  @Get('socket')
  async socket(@Req() given: Raw<IncomingMessage>): Promise<void> {
    rawOf(given).socket.destroy();
    await sleep(20);
  }

  @Get('socket-error')
  async socketError(@Req() given: Raw<IncomingMessage>): Promise<void> {
    rawOf(given).socket.destroy(new Error('as planned'));
    await sleep(20);
  }

  @Get('socket-later')
  async socketLater(@Req() given: Raw<IncomingMessage>): Promise<void> {
    await sleep(20);
    rawOf(given).socket.destroy();
    await sleep(20);
  }

  @Get('midway')
  async midway(@Res() given: Raw<ServerResponse>): Promise<void> {
    const response = rawOf(given);
    response.writeHead(200).write('the first half');
    await sleep(20);
    response.socket?.destroy();
  }

  @Get('response')
  async response(@Res() given: Raw<ServerResponse>): Promise<void> {
    rawOf(given).destroy();
    await sleep(20);
  }

  @Get('response-error')
  async responseError(@Res() given: Raw<ServerResponse>): Promise<void> {
    const response = rawOf(given);
    response.writeHead(200).write('the first half');
    await sleep(20);
    response.destroy(new Error('as planned'));
  }

  @Get('end')
  async end(@Req() given: Raw<IncomingMessage>): Promise<void> {
    rawOf(given).socket.end();
    await sleep(20);
  }

  @Get('end-later')
  async endLater(@Req() given: Raw<IncomingMessage>): Promise<void> {
    await sleep(20);
    rawOf(given).socket.end();
    await sleep(200);
  }

  @Get('end-midway')
  async endMidway(@Res() given: Raw<ServerResponse>): Promise<void> {
    const response = rawOf(given);
    response.writeHead(200).write('the first half');
    await sleep(20);
    response.socket?.end();
  }

  @Get('reset')
  async reset(@Req() given: Raw<IncomingMessage>): Promise<void> {
    rawOf(given).socket.resetAndDestroy();
    await sleep(20);
  }
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** Routes that answer beside their response, or make it forget who listens to it. */
@Controller('beside')
class BesideController {
  @Get('detached')
  detached(@Req() given: Raw<IncomingMessage>, @Res() reply: Raw<ServerResponse>): void {
    taken(given, reply).end(OK);
  }

  @Get('detached-and-kept')
  detachedAndKept(@Req() given: Raw<IncomingMessage>, @Res() reply: Raw<ServerResponse>): void {
    taken(given, reply).write(OK);
  }

  @Get('detached-and-destroyed')
  detachedAndDestroyed(@Req() given: Raw<IncomingMessage>, @Res() reply: Raw<ServerResponse>): void {
    taken(given, reply).destroy();
  }

  @Get('tunnel')
  tunnel(@Req() given: Raw<IncomingMessage>, @Res() reply: Raw<ServerResponse>): void {
    const socket = taken(given, reply);
    socket.write(OK);
    socket.pipe(socket);
  }

  @Get('response-of-its-own')
  responseOfItsOwn(@Req() given: Raw<IncomingMessage>, @Res() reply: Raw<ServerResponse>): void {
    const socket = taken(given, reply);
    const own = new ServerResponse(rawOf(given));
    own.assignSocket(socket);
    own.on('finish', () => socket.end());
    own.end('ok');
  }

  @Get('given-back')
  givenBack(@Req() given: Raw<IncomingMessage>, @Res() reply: Raw<ServerResponse>): void {
    rawOf(reply).assignSocket(taken(given, reply));
    rawOf(reply).end('ok');
  }

  @Get('without-listeners')
  withoutListeners(@Res() reply: Raw<ServerResponse>): void {
    rawOf(reply).removeAllListeners();
    rawOf(reply).end('ok');
  }

  @Get('without-listeners-for-ever')
  withoutListenersForEver(@Res() reply: Raw<ServerResponse>): void {
    rawOf(reply).removeAllListeners('close');
    rawOf(reply).writeHead(200).write('the first half');
  }

  @Get('hijacked')
  hijacked(@Res() reply: Raw<ServerResponse> & { hijack?: () => void }): void {
    reply.hijack?.();
    rawOf(reply).writeHead(201).end('ok');
  }
}

function taken(given: Raw<IncomingMessage>, reply: Raw<ServerResponse> & { hijack?: () => void }): Socket {
  const { socket } = rawOf(given);
  reply.hijack?.();
  rawOf(reply).detachSocket(socket);
  return socket;
}

const CUTS = [
  'socket',
  'socket-error',
  'socket-later',
  'midway',
  'response',
  'response-error',
  'reset',
  'end',
  'end-later',
  'end-midway',
];

let app: RunningApp | undefined;
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  await app?.close();
  app = undefined;
});

const WITH_CUTS = FixtureModule.with(WITHOUT_COLLECTORS, {
  controllers: [FixtureController, CuttingController],
});

const serverErrors = (registry: MetricsRegistry): number => total(registry, 'http_server_errors_total');

/** A connection that sends this and then leaves, in one way or another. */
async function leaving(
  port: number,
  text: string,
  leave: (socket: Socket) => void,
  isReady: () => void,
): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  socket.write(text);
  await eventually(isReady);
  leave(socket);
}

describe.each(ADAPTERS)('a response on %s that is broken off', (adapter) => {
  it.each(CUTS)('by the server counts as its error: %s', async (path) => {
    app = await startApp(adapter, WITH_CUTS);
    await app.get(`/cut/${path}`).catch(() => undefined);

    expect((await app.recorded()).requests).toEqual([`GET /cut/${path} 500`]);
    expect(serverErrors(app.registry)).toBe(1);
  });

  it('by the timeout of the server counts as its error', async () => {
    app = await startApp(adapter, WITH_CUTS, {
      // From the request on: a busy machine may take longer to read it.
      configure: (nest) =>
        void (nest.getHttpServer() as Server).on('request', ({ socket }) => socket.setTimeout(60)),
    });
    await app.get('/slow/5000').catch(() => undefined);

    expect((await app.recorded()).requests).toEqual(['GET /slow/:ms 500']);
    expect(serverErrors(app.registry)).toBe(1);
  });

  it('by the server as it closes all connections counts as its error', async () => {
    app = await startApp(adapter, WITH_CUTS);
    const asked = app.get('/slow/5000').catch(() => undefined);
    const { registry } = app;
    await eventually(() => expect(inProgress(registry)).toBe(1));
    (app.app.getHttpServer() as Server).closeAllConnections();
    await asked;

    expect((await app.recorded()).requests).toEqual(['GET /slow/:ms 500']);
  });

  it.each<[string, string, (socket: Socket) => void]>([
    ['at once', head('GET', '/slow/5000'), (socket) => socket.destroy()],
    ['with a reset', head('GET', '/slow/5000'), (socket) => socket.resetAndDestroy()],
    ['after a polite end', head('GET', '/slow/5000'), (socket) => socket.end()],
    ['in the middle of a download', head('GET', '/endless-file'), (socket) => socket.destroy()],
    ['in the middle of a download, with a reset', head('GET', '/endless-file'), (s) => s.resetAndDestroy()],
    [
      'with a body that nobody reads',
      `${head('GET', '/slow/5000', { 'content-length': '9' })}123`,
      (s) => s.destroy(),
    ],
    ['behind another', head('GET', '/slow/5000').repeat(2), (socket) => socket.resetAndDestroy()],
  ])('by the client counts as 499: %s', async (_, text, leave) => {
    app = await startApp(adapter, WITH_CUTS);
    const { registry, port } = app;
    const requests = text.split('HTTP/1.1').length - 1;
    await leaving(port, text, leave, () => expect(inProgress(registry)).toBe(requests));

    const { requests: counted } = await app.recorded(requests);
    expect(counted.map((entry) => entry.split(' ')[2])).toEqual(
      Array.from({ length: requests }, () => '499'),
    );
    expect(serverErrors(registry)).toBe(0);
  });
});

it('a body that does not come in time counts as what Node answers, 408', async () => {
  const nest = await NestFactory.create(
    WITH_CUTS,
    new FastifyAdapter({
      requestTimeout: 100,
      http: { connectionsCheckingInterval: 50, headersTimeout: 100 },
    }),
    { logger: false, abortOnError: false, forceCloseConnections: true },
  );
  await nest.listen(0, '127.0.0.1');
  app = new RunningApp('fastify', nest);
  const connection = new RawConnection(app.port);
  connection.send(
    `${head('POST', '/echo', { 'content-length': '9', 'content-type': 'application/json' })}12`,
  );
  await connection.closed;

  expect(connection.statuses).toEqual([408]);
  expect((await app.recorded()).requests).toEqual(['POST /echo 408']);
});

describe.each(ADAPTERS)('a request on %s that is answered beside its response', (adapter) => {
  it.each([
    ['detached', 200],
    ['detached-and-kept', 200],
    ['detached-and-destroyed', 500],
    ['tunnel', 200],
    ['response-of-its-own', 200],
    ['given-back', 200],
    ['without-listeners', 200],
    ['without-listeners-for-ever', 499],
    ['hijacked', 201],
  ])(
    'counts once, and is not in progress any more when its connection is closed: %s',
    async (path, status) => {
      app = await startApp(
        adapter,
        FixtureModule.with(WITHOUT_COLLECTORS, { controllers: [BesideController] }),
      );
      const { registry, port } = app;
      await leaving(
        port,
        head('GET', `/beside/${path}`),
        (socket) => socket.end(),
        () => expect(inProgress(registry)).toBeLessThanOrEqual(1),
      );
      await sleep(30);

      expect((await app.recorded()).requests).toEqual([`GET /beside/${path} ${status}`]);
    },
  );

  it('is over when the next request comes by the same connection', async () => {
    app = await startApp(
      adapter,
      FixtureModule.with(WITHOUT_COLLECTORS, { controllers: [BesideController] }),
    );
    const { registry } = app;
    const connection = new RawConnection(app.port);
    closing.push(() => connection.destroy());
    for (let count = 1; count <= 3; count++) {
      connection.send(head('GET', '/beside/detached-and-kept'));
      await eventually(() => expect(connection.statuses).toHaveLength(count));
      expect(inProgress(registry)).toBe(1);
    }
    connection.destroy();
    const { requests } = await app.recorded(3);
    expect(requests).toEqual(Array.from({ length: 3 }, () => 'GET /beside/detached-and-kept 200'));
  });

  it('adds no listener to a connection for each request', async () => {
    app = await startApp(adapter, WITH_CUTS);
    const sockets: Socket[] = [];
    (app.app.getHttpServer() as Server).on('connection', (socket) => void sockets.push(socket));
    const connection = new RawConnection(app.port);
    const counts = new Set<number>();
    for (let count = 1; count <= 50; count++) {
      connection.send(head('GET', '/ok'));
      await eventually(() => expect(connection.statuses).toHaveLength(count));
      const socket = sockets[0]!;
      counts.add(socket.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0));
    }
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
    connection.destroy();
  });
});

/** Routes whose streams of HTTP/2 the server resets. */
@Controller('h2')
class ResettingController {
  @Get('destroy')
  destroy(@Res() reply: { raw: ServerResponse }): void {
    reply.raw.destroy(new Error('as planned'));
  }

  @Get('quiet')
  quiet(@Res() reply: { raw: ServerResponse }): void {
    reply.raw.destroy();
  }

  @Get('midway')
  async midway(@Res() reply: { raw: ServerResponse }): Promise<void> {
    reply.raw.writeHead(200);
    reply.raw.write('the first half');
    await sleep(20);
    reply.raw.destroy(new Error('as planned'));
  }

  @Get('code')
  code(@Res() reply: { raw: { stream: { close(code: number): void } } }): void {
    reply.raw.stream.close(2);
  }

  @Get('session')
  session(@Res() reply: { raw: { stream: { session: { destroy(): void } } } }): void {
    reply.raw.stream.session.destroy();
  }

  @Get('never')
  never(): Promise<void> {
    return new Promise(() => undefined);
  }
}

async function startHttp2(): Promise<{ registry: MetricsRegistry; url: string }> {
  const nest = await NestFactory.create(
    FixtureModule.with(WITHOUT_COLLECTORS, { controllers: [ResettingController] }),
    new FastifyAdapter({ http2: true }),
    { logger: false, abortOnError: false, forceCloseConnections: true },
  );
  await nest.listen(0, '127.0.0.1');
  closing.push(() => nest.close());
  return { registry: nest.get(MetricsRegistry), url: await nest.getUrl() };
}

const routesAndStatuses = (registry: MetricsRegistry): string[] =>
  seriesOf(registry, 'http_requests_total').map(
    ({ labels }) => `${labels['route']} ${labels['status_code']}`,
  );

describe('a stream of HTTP/2 that is broken off', () => {
  it.each(['destroy', 'quiet', 'midway', 'code', 'session'])(
    'by the server counts as its error: %s',
    async (path) => {
      const { registry, url } = await startHttp2();
      const session = connectHttp2(url).on('error', () => undefined);
      closing.push(() => session.destroy());
      const stream = session.request({ ':path': `/h2/${path}` }).on('error', () => undefined);
      stream.resume();

      await eventually(() => expect(routesAndStatuses(registry)).toEqual([`/h2/${path} 500`]));
      expect(serverErrors(registry)).toBe(1);
      expect(inProgress(registry)).toBe(0);
    },
  );

  it.each<[string, (stream: { close(code: number): void }, socket: Socket, end: () => void) => void]>([
    ['CANCEL', (stream) => stream.close(8)],
    ['NO_ERROR', (stream) => stream.close(0)],
    ['the end of its session', (_stream, _socket, end) => end()],
    ['the end of its connection', (_, socket) => socket.destroy()],
    ['the reset of its connection', (_, socket) => socket.resetAndDestroy()],
  ])('by the client counts as 499: %s', async (_, leave) => {
    const { registry, url } = await startHttp2();
    const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    const session = connectHttp2(url, { createConnection: () => socket }).on('error', () => undefined);
    closing.push(() => session.destroy());
    const stream = session.request({ ':path': '/h2/never' }).on('error', () => undefined);
    await eventually(() => expect(inProgress(registry)).toBe(1));
    leave(stream, socket, () => session.destroy());

    await eventually(() => expect(routesAndStatuses(registry)).toEqual(['/h2/never 499']));
    expect(serverErrors(registry)).toBe(0);
  });
});

/** A connection that is none: it swallows what it is given, and never closes a response. */
class NoConnection extends Duplex {
  override _read(): void {}

  override _write(_data: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

/** The function that the framework handles a request by. */
function handlerOf(nest: INestApplication): (request: IncomingMessage, response: ServerResponse) => void {
  const instance: unknown = nest.getHttpAdapter().getInstance();
  if (typeof instance === 'function') return instance as ReturnType<typeof handlerOf>;
  const { routing } = instance as { routing: ReturnType<typeof handlerOf> };
  return routing;
}

type Ask = (nest: INestApplication, path: string) => Promise<number>;

const WITHOUT_CONNECTION: readonly (readonly [string, Ask])[] = [
  [
    'serverless-http',
    async (nest, path) => {
      const handle = serverless(nest.getHttpAdapter().getInstance());
      const event = { httpMethod: 'GET', path, headers: {}, requestContext: {} };
      const { statusCode } = (await handle(event, {})) as { statusCode: number };
      return statusCode;
    },
  ],
  [
    'light-my-request',
    async (nest, path) => (await inject(handlerOf(nest), { method: 'GET', url: path })).statusCode,
  ],
  [
    'a response that is never closed',
    async (nest, path) => {
      const connection = new NoConnection() as unknown as Socket;
      const incoming = new IncomingMessage(connection);
      Object.assign(incoming, { method: 'GET', url: path, headers: { host: 'x' } });
      incoming.push(null);
      const response = new ServerResponse(incoming);
      response.assignSocket(connection);
      const finished = once(response, 'finish');
      handlerOf(nest)(incoming, response);
      await finished;
      return response.statusCode;
    },
  ],
];

describe.each(ADAPTERS)('a request on %s without a connection', (adapter) => {
  // Express gives a response its own prototype, which light-my-request does not bear.
  const ways = WITHOUT_CONNECTION.filter(([name]) => adapter === 'fastify' || name !== 'light-my-request');

  it.each(ways)('is counted once, with its route, by %s', async (_, ask) => {
    const nest = await createApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS));
    closing.push(() => nest.close());
    await nest.init();
    if (adapter === 'fastify') await (nest as NestFastifyApplication).getHttpAdapter().getInstance().ready();
    const registry = nest.get(MetricsRegistry);
    const statuses: number[] = [];
    for (const path of ['/users/5', '/no/such', '/broken', '/teapot', '/slow/5'])
      statuses.push(await ask(nest, path));

    expect(statuses).toEqual([200, 404, 500, 418, 200]);
    await eventually(() => expect(inProgress(registry)).toBe(0));
    expect(
      seriesOf(registry, 'http_requests_total').map(
        ({ labels, value }) => `${labels['route']} ${labels['status_code']} ${value}`,
      ),
    ).toEqual(['/users/:id 200 1', '<unmatched> 404 1', '/broken 500 1', '/teapot 418 1', '/slow/:ms 200 1']);
  });
});

describe.each(ADAPTERS)('an error of the clock on %s', (adapter) => {
  it.each<[string, () => () => boolean]>([
    ['as a request begins', () => () => true],
    [
      'as a request ends',
      () => {
        let calls = 0;
        return () => ++calls % 2 === 0;
      },
    ],
  ])('%s costs the request nothing, and is counted', async (_, make) => {
    const faults: unknown[] = [];
    const note = (fault: unknown): void => void faults.push(fault);
    process.on('uncaughtException', note);
    closing.push(() => process.off('uncaughtException', note));
    const isBroken = make();
    let isRunning = false;
    const clock: Clock = {
      now: () => Date.now(),
      monotonic: () => {
        if (isRunning && isBroken()) throw new Error('the clock is broken');
        return performance.now();
      },
    };
    app = await startApp(adapter, FixtureModule.with({ ...WITHOUT_COLLECTORS, clock }));
    isRunning = true;
    const statuses: number[] = [];
    for (const path of ['/ok', '/no/such', '/broken', '/users/5'])
      statuses.push((await app.get(path)).status);
    const isThere = arrival(app.app.getHttpServer() as Server, '/slow/5000');
    await abortedRequest(app.port, { path: '/slow/5000' }, isThere);
    const connection = new RawConnection(app.port);
    connection.send('nonsense\r\n\r\n');
    await connection.closed;
    isRunning = false;

    expect(statuses).toEqual([200, 404, 500, 200]);
    expect(connection.statuses).toEqual([400]);
    expect(faults).toEqual([]);
    const { registry, port } = app;
    await eventually(() => {
      expect(inProgress(registry)).toBe(0);
      expect(total(registry, 'monitoring_callback_errors_total')).toBeGreaterThan(0);
    });
    expect((await request(port, { path: '/metrics' })).status).toBe(200);
  });
});
