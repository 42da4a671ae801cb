import { once } from 'node:events';
import { createServer, request, type RequestOptions, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { channel } from 'node:diagnostics_channel';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { HttpModule, HttpService } from '@nestjs/axios';
import axios from 'axios';
import { PrometheusExporter } from 'nestjs-monitoring';
import { firstValueFrom } from 'rxjs';
import * as undici from 'undici';
import { eventually } from '../../support/eventually.js';
import { freePort } from '../../services/support/free-port.js';
import { dropped, histograms } from '../../metrics/support.js';
import { closeAll, counts, startMeasured } from '../support.js';

let server: Server;
let port: number;
let base: string;

beforeAll(async () => {
  server = createServer((incoming, response) => {
    const { pathname } = new URL(incoming.url ?? '', 'http://x');
    incoming.resume();
    if (pathname === '/hang') return;
    if (pathname === '/redirect') response.writeHead(302, { location: '/ok' }).end();
    else if (pathname === '/break') response.writeHead(200, { 'content-length': 100 }).write('part');
    else if (pathname === '/drop') incoming.socket.destroy();
    else if (pathname === '/continue') {
      response.writeProcessing();
      response.writeHead(201).end('ok');
    } else response.writeHead(Number(pathname.slice(1)) || 200).end('ok');
    if (pathname === '/break') setImmediate(() => incoming.socket.destroy());
  });
  server.on('upgrade', (_, socket: Socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
  });
  // However long a test takes, the next one may reuse its connection.
  server.keepAliveTimeout = 600_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  base = `http://127.0.0.1:${port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

afterEach(closeAll);

/** A request of `node:http` that ends as it may. */
async function nodeRequest(options: RequestOptions, destroy = false): Promise<void> {
  const outgoing = request({ host: '127.0.0.1', port, ...options });
  outgoing.on('error', () => undefined);
  outgoing.on('response', (response) => response.on('error', () => undefined).resume());
  outgoing.on('upgrade', (_, socket: Socket) => socket.destroy());
  outgoing.end();
  if (destroy) setImmediate(() => outgoing.destroy());
  // once() of node:events would reject with the errors.
  await new Promise<void>((resolve) => outgoing.once('close', resolve));
}

/** A server that sends interim responses before the final one. */
async function startInterim(interim: readonly number[], final: number): Promise<Server> {
  const raw = createServer();
  raw.on('request', (_, response: ServerResponse) => {
    for (const status of interim) response.socket?.write(`HTTP/1.1 ${status} Interim\r\n\r\n`);
    setImmediate(() => response.writeHead(final, { connection: 'close' }).end('done'));
  });
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
  return raw;
}

const ignoring = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined);

/** What a client did: `{ 'METHOD status': count }` and the same for errors, of this server. */
function calls(registry: Parameters<typeof counts>[0]): [Record<string, number>, Record<string, number>] {
  const short = (name: string) =>
    Object.fromEntries(
      Object.entries(counts(registry, name)).map(([labels, count]) => [
        labels.replace(/^host=\S+ method=(\S+) \w+=(\S+)$/, '$1 $2'),
        count,
      ]),
    );
  return [short('http_client_requests_total'), short('http_client_errors_total')];
}

describe('outgoing requests', () => {
  it.each<[string, () => Promise<unknown>, Record<string, number>, Record<string, number>?]>([
    ['fetch', () => fetch(`${base}/ok`), { 'GET 200': 1 }],
    ['fetch of an error', () => fetch(`${base}/503`), { 'GET 503': 1 }],
    ['fetch with a body', () => fetch(`${base}/201`, { method: 'POST', body: 'x' }), { 'POST 201': 1 }],
    ['fetch of a redirect', () => fetch(`${base}/redirect`), { 'GET 302': 1, 'GET 200': 1 }],
    ['fetch with an unknown method', () => fetch(base, { method: 'PURGE' }), { 'OTHER 200': 1 }],
    [
      'fetch that is aborted',
      () => ignoring(fetch(`${base}/hang`, { signal: AbortSignal.timeout(500) })),
      { 'GET error': 1 },
      { 'GET TimeoutError': 1 },
    ],
    [
      'fetch whose connection is dropped',
      () => ignoring(fetch(`${base}/drop`)),
      { 'GET error': 1 },
      { 'GET UND_ERR_SOCKET': 1 },
    ],
    [
      'fetch whose body breaks off',
      () => ignoring(fetch(`${base}/break`).then((r) => r.text())),
      { 'GET 200': 1 },
    ],
    ['fetch that is aborted beforehand', () => ignoring(fetch(base, { signal: AbortSignal.abort() })), {}],
    ['node:http', () => nodeRequest({ path: '/ok' }), { 'GET 200': 1 }],
    ['node:http with a body', () => nodeRequest({ method: 'PUT', path: '/204' }), { 'PUT 204': 1 }],
    ['node:http with 102 before the response', () => nodeRequest({ path: '/continue' }), { 'GET 201': 1 }],
    [
      'node:http whose connection is dropped',
      () => nodeRequest({ path: '/drop' }),
      { 'GET error': 1 },
      { 'GET ECONNRESET': 1 },
    ],
    [
      'node:http that is destroyed',
      () => nodeRequest({ path: '/hang' }, true),
      { 'GET error': 1 },
      { 'GET ECONNRESET': 1 },
    ],
    ['node:http whose body breaks off', () => nodeRequest({ path: '/break' }), { 'GET 200': 1 }],
    [
      'node:http that becomes something else',
      () => nodeRequest({ headers: { connection: 'upgrade', upgrade: 'x' } }),
      { 'GET 101': 1 },
    ],
    ['axios', () => axios.get(`${base}/ok`), { 'GET 200': 1 }],
    ['axios of an error', () => ignoring(axios.get(`${base}/404`)), { 'GET 404': 1 }],
    ['axios of a redirect', () => axios.get(`${base}/redirect`), { 'GET 302': 1, 'GET 200': 1 }],
    ['axios by fetch', () => axios.get(`${base}/ok`, { adapter: 'fetch' }), { 'GET 200': 1 }],
  ])('are counted and timed once: %s', async (_, call, requests, errors = {}) => {
    const { registry } = await startMeasured();
    await call();
    await fetch(`${base}/299`).then((response) => response.text());
    expect(calls(registry)).toEqual([{ ...requests, 'GET 299': 1 }, errors]);
    const timed = histograms(registry, 'http_client_request_duration_seconds');
    expect(timed.reduce((sum, { count }) => sum + count, 0)).toBe(
      Object.values(requests).reduce((sum, count) => sum + count, 1),
    );
    expect(dropped(registry)).toEqual({});
  });

  it.each<[string, readonly number[], number]>([
    ['103', [103], 200],
    ['102', [102], 503],
    ['several of 103', [103, 103, 103], 404],
    ['102 and 103', [102, 103], 301],
    ['103 in another piece', [103, 102], 500],
  ])('of undici are counted by the final status, after %s', async (_, interim, final) => {
    const interimServer = await startInterim(interim, final);
    const { registry } = await startMeasured();
    const url = `http://127.0.0.1:${(interimServer.address() as AddressInfo).port}`;
    const agent = new undici.Agent();
    const { statusCode, body } = await undici.request(url, { dispatcher: agent });
    await body.text();
    await fetch(url, { redirect: 'manual' }).then((response) => response.text());
    await nodeRequest({ port: (interimServer.address() as AddressInfo).port });
    await agent.destroy();
    interimServer.close();

    expect(statusCode).toBe(final);
    expect(calls(registry)).toEqual([{ [`GET ${final}`]: 3 }, {}]);
  });

  it('of @nestjs/axios are measured', async () => {
    const { app, registry } = await startMeasured({ imports: [HttpModule] });
    await firstValueFrom(app.get(HttpService).get(`${base}/ok?token=secret`));
    expect(counts(registry, 'http_client_requests_total')).toEqual({
      [`host=127.0.0.1:${port} method=GET status_code=200`]: 1,
    });
  });

  it('without a response count as errors by code, for fetch and node:http', async () => {
    const { registry } = await startMeasured();
    const closed = await freePort();
    await ignoring(fetch(`http://127.0.0.1:${closed}`));
    await nodeRequest({ port: closed });
    await ignoring(fetch('http://no-such-host.invalid'));
    await nodeRequest({ host: 'no-such-host.invalid', port: 80 });
    const errors = counts(registry, 'http_client_errors_total');
    expect(errors[`host=127.0.0.1:${closed} method=GET error=ECONNREFUSED`]).toBe(2);
    // ENOTFOUND, or EAI_AGAIN where there is no name server.
    const unknown = Object.entries(errors).filter(([labels]) => labels.includes('no-such-host.invalid'));
    expect(unknown.map(([, count]) => count)).toEqual([2]);
    expect(unknown[0]?.[0]).toMatch(/^host=no-such-host\.invalid method=GET error=E[A-Z_]+$/);
  });

  it('last until the head of the response', async () => {
    const { registry, clock } = await startMeasured();
    const ended = nodeRequest({ path: '/hang' });
    const [, held] = (await once(server, 'request')) as [unknown, ServerResponse];
    clock.advance(250);
    held.writeHead(200).write('head');
    await eventually(() => expect(calls(registry)[0]).toEqual({ 'GET 200': 1 }));
    clock.advance(10_000);
    held.end('body');
    await ended;
    expect(histograms(registry, 'http_client_request_duration_seconds').map(({ sum }) => sum)).toEqual([
      0.25,
    ]);
  });
});

describe('the host of an outgoing request', () => {
  it('contains no path, no credentials and no Host header', async () => {
    const { registry } = await startMeasured();
    await fetch(`${base}/ok?api_key=SECRET`);
    await ignoring(axios.get(`http://user:SECRET@127.0.0.1:${port}/SECRET`));
    await nodeRequest({ path: '/SECRET', auth: 'user:SECRET', headers: { host: 'SECRET' } });
    const requests = counts(registry, 'http_client_requests_total');
    expect(requests).toEqual({
      [`host=127.0.0.1:${port} method=GET status_code=200`]: 2,
      'host=127.0.0.1 method=GET status_code=200': 1,
    });
    expect(JSON.stringify(registry.snapshot())).not.toContain('SECRET');
  });

  it('is lower case, with its port unless that is the default port', async () => {
    const { registry } = await startMeasured();
    for (const options of [
      { host: 'API.example.COM', port: 80 },
      { host: 'api.example.com', port: 8080 },
      { host: '::1', port: 8080 },
      { host: '::1', port: 80 },
    ]) {
      await nodeRequest({ createConnection: () => connect(port, '127.0.0.1'), ...options });
    }
    await ignoring(fetch('http://[::1]:1234'));
    expect(Object.keys(counts(registry, 'http_client_requests_total'))).toEqual([
      'host=api.example.com method=GET status_code=200',
      'host=api.example.com:8080 method=GET status_code=200',
      'host=[::1]:8080 method=GET status_code=200',
      'host=[::1] method=GET status_code=200',
      'host=[::1]:1234 method=GET status_code=error',
    ]);
  });

  it('is unix for a Unix socket', async () => {
    const { registry } = await startMeasured();
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-'));
    const local = createServer((_, response) => response.end('ok')).listen(join(folder, 'socket'));
    await once(local, 'listening');
    await nodeRequest({ socketPath: join(folder, 'socket'), port: undefined });
    local.close();
    await rm(folder, { recursive: true });
    expect(counts(registry, 'http_client_requests_total')).toEqual({
      'host=unix method=GET status_code=200': 1,
    });
  });

  it('is other beyond maxHosts, so that random hosts create no series', async () => {
    const { registry } = await startMeasured({}, { outgoingHttp: { maxHosts: 2 } });
    const created = channel('undici:request:create');
    const answered = channel('undici:request:headers');
    for (let i = 0; i < 500; i++) {
      const random = { origin: `http://host-${i}.example`, method: 'GET' };
      created.publish({ request: random });
      answered.publish({ request: random, response: { statusCode: 200 } });
    }
    expect(counts(registry, 'http_client_requests_total')).toEqual({
      'host=host-0.example method=GET status_code=200': 1,
      'host=host-1.example method=GET status_code=200': 1,
      'host=other method=GET status_code=200': 498,
    });
  });

  it.each<[string, (length: number) => string]>([
    ['a', (length) => 'a'.repeat(length)],
    ['labels of a name', (length) => 'sub.'.repeat(length / 4)],
    ['letters beyond the first plane', (length) => '💥'.repeat(length / 2)],
    ['an address in brackets', (length) => `[${'f'.repeat(length)}]`],
    ['digits', (length) => '7'.repeat(length)],
  ])('is cut if it is too long: 90 kB of %s', async (_, make) => {
    const { registry } = await startMeasured({}, { outgoingHttp: { ignoreHosts: [/never/] } });
    const created = channel('http.client.request.created');
    const failed = channel('http.client.request.error');
    for (let i = 0; i < 100; i++) {
      const outgoing = {
        host: `${i}${make(90_000)}`,
        method: 'GET',
        protocol: 'http:',
        getHeader: () => 'x',
      };
      created.publish({ request: outgoing });
      failed.publish({ request: outgoing, error: new Error('x') });
    }

    const text = await new PrometheusExporter(registry).generateText();
    const hosts = [...text.matchAll(/host="([^"]*)"/g)].map(([, host = '']) => host);
    expect(hosts.length).toBeGreaterThan(0);
    for (const host of hosts) expect(host).toMatch(/^.{1,127}…$|^other$/);
  });

  it('is not measured if ignoreHosts matches', async () => {
    const { registry } = await startMeasured(
      {},
      { outgoingHttp: { ignoreHosts: ['LOCALHOST:1', /^127\./] } },
    );
    await fetch(`${base}/ok`);
    await nodeRequest({});
    await ignoring(fetch('http://127.0.0.2:9'));
    expect(counts(registry, 'http_client_requests_total')).toEqual({});
  });
});

describe('an invalid message on a diagnostics channel', () => {
  it.each([
    ['nothing', undefined],
    ['a request without anything', { request: {} }],
    [
      'a request whose origin throws',
      {
        request: {
          get origin() {
            throw new Error('no');
          },
        },
      },
    ],
    ['a response that was never asked for', { request: {}, response: { statusCode: 200 } }],
  ])('is ignored: %s', async (_, message) => {
    const { registry } = await startMeasured();
    for (const name of ['undici:request:create', 'undici:request:headers', 'http.client.request.start']) {
      expect(() => channel(name).publish(message)).not.toThrow();
    }
    await fetch(`${base}/ok`);
    const requests = counts(registry, 'http_client_requests_total');
    expect(requests[`host=127.0.0.1:${port} method=GET status_code=200`]).toBe(1);
  });
});

describe('the applications of one process', () => {
  const CHANNELS = ['undici:request:create', 'http.client.request.start', 'http.client.request.error'];

  it('each record its outgoing requests while they run', async () => {
    const first = await startMeasured();
    const second = await startMeasured();
    await fetch(`${base}/ok`);
    await second.app.close();
    await fetch(`${base}/ok`);
    expect(calls(first.registry)[0]).toEqual({ 'GET 200': 2 });
    expect(calls(second.registry)[0]).toEqual({ 'GET 200': 1 });
  });

  it('unsubscribe from the channels when they are closed', async () => {
    for (let life = 0; life < 10; life++) {
      await startMeasured();
      await closeAll();
    }
    expect(CHANNELS.filter((name) => channel(name).hasSubscribers)).toEqual([]);
  });

  it.each([[{ outgoingHttp: false as const }], [{ enabled: false }]])(
    'do not subscribe with %j',
    async (options) => {
      const { registry } = await startMeasured({}, options);
      expect(CHANNELS.filter((name) => channel(name).hasSubscribers)).toEqual([]);
      await fetch(`${base}/ok`);
      expect(counts(registry, 'http_client_requests_total')).toEqual({});
    },
  );
});
