import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type INestApplicationContext,
  Injectable,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
  UnauthorizedException,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { type EndpointsOptions, MetricsRegistry, MonitoringServer } from 'nestjs-monitoring';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { type Answer, request } from '../e2e/fixture/http-client.js';
import { ADAPTERS, type AdapterName, createApp, eventually, total } from '../e2e/fixture/start-app.js';

const LISTEN = { port: 0 };
const PATHS = [
  '/metrics',
  '/health',
  '/ready',
  '/alive',
  '/startup',
  '/metrics-dashboard',
  '/metrics-dashboard/dashboard.js',
  '/metrics-dashboard/api/overview',
  '/monitoring/api/v1/rules',
  '/monitoring/api/v1/alerts',
];

const KINDS = [...ADAPTERS, 'a microservice', 'no server at all'] as const;
type Kind = (typeof KINDS)[number];

/** A part of the application that is slow to start and to end, and looks at the probes meanwhile. */
@Injectable()
class Prober implements OnModuleInit, OnApplicationShutdown {
  readonly answers: (string | number)[][] = [];
  port = 0;

  constructor(private readonly server: MonitoringServer) {}

  async onModuleInit(): Promise<void> {
    this.port = this.server.port ?? 0;
    this.answers.push(['starting', ...(await this.ask())]);
  }

  async onApplicationShutdown(): Promise<void> {
    this.answers.push(['ending', ...(await this.ask())]);
  }

  async ask(): Promise<number[]> {
    const probes = ['/startup', '/ready', '/alive'];
    const asked = await Promise.all(probes.map((path) => request(this.port, { path })));
    return asked.map(({ status }) => status);
  }
}

/** An application of each kind, ready for work. */
async function startKind(
  kind: Kind,
  endpoints: EndpointsOptions,
  providers: Provider[] = [],
): Promise<INestApplicationContext> {
  const module = FixtureModule.with(
    { ...WITHOUT_COLLECTORS, endpoints: { listen: LISTEN, ...endpoints } },
    { providers },
  );
  const quiet = { logger: false, abortOnError: false } as const;
  if (kind === 'no server at all') return NestFactory.createApplicationContext(module, quiet);
  if (kind === 'a microservice') {
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
      ...quiet,
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: 0 },
    });
    await app.listen();
    return app;
  }
  const app = await createApp(kind, module);
  await app.listen(0, '127.0.0.1');
  return app;
}

/** The server that answers a request. */
async function answering(ask: () => Promise<unknown>): Promise<Server> {
  let found: Server | undefined;
  const note = (message: unknown): void => void (found = (message as { server: Server }).server);
  subscribe('http.server.request.start', note);
  await ask();
  unsubscribe('http.server.request.start', note);
  return found!;
}

describe.each(KINDS)('the monitoring endpoints on a separate server, beside %s', (kind) => {
  let app: INestApplicationContext | undefined;

  afterEach(() => app?.close());

  async function start(endpoints: EndpointsOptions = {}, providers: Provider[] = []): Promise<void> {
    app = await startKind(kind, endpoints, providers);
  }

  function server(): MonitoringServer {
    if (app === undefined) throw new Error('not started');
    return app.get(MonitoringServer);
  }

  function ask(path: string, method = 'GET', headers = {}, body?: string): Promise<Answer> {
    return request(server().port ?? 0, { path, method, headers, ...(body !== undefined && { body }) });
  }

  it('are all available, on the loopback interface only', async () => {
    await start();

    expect(server().url).toBe(`http://127.0.0.1:${server().port}`);
    const answers = await Promise.all(PATHS.flatMap((path) => [ask(path), ask(`${path}/`)]));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect((await ask('/metrics')).headers).toMatchObject({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
    });
    expect((await ask('/metrics?name[]=monitoring_series')).body).toContain('monitoring_series{');
  });

  it('go on answering when connections cannot be accepted', async () => {
    await start();
    const own = await answering(() => ask('/alive'));
    // As Node.js does for each connection for which there is no file descriptor.
    const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE', syscall: 'accept' });
    for (let i = 0; i < 3; i++) own.emit('error', error);
    expect((await ask('/alive')).status).toBe(200);
  });

  it('answer HEAD, and 404 and 405 elsewhere', async () => {
    await start({ auth: { bearerToken: 'T0ken' } });
    const authorization = { authorization: 'Bearer T0ken' };

    for (const path of PATHS) {
      const got = await ask(path, 'GET', authorization);
      const headed = await ask(path, 'HEAD', authorization);
      expect([path, headed.status, headed.bytes.length]).toEqual([path, 200, 0]);
      expect(headed.headers['content-type']).toBe(got.headers['content-type']);
    }
    const missing = await Promise.all(
      ['/', '/elsewhere', '/metrics/x', '//metrics'].map((path) => ask(path)),
    );
    expect(missing.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect(JSON.parse(missing[0]?.body ?? '')).toEqual({ statusCode: 404, message: 'Not Found' });
    const wrong = await Promise.all(
      ['POST', 'PUT', 'DELETE', 'OPTIONS'].map((method) => ask('/metrics', method)),
    );
    expect(wrong.map(({ status }) => status)).toEqual([405, 405, 405, 405]);
    expect(wrong.map(({ headers }) => headers['allow'])).toEqual(wrong.map(() => 'GET, HEAD'));
    const silence = await ask('/metrics-dashboard/api/silence');
    expect([silence.status, silence.headers['allow']]).toEqual([405, 'POST']);
  });

  it('require credentials, and parse request bodies', async () => {
    await start({ auth: { basic: { username: 'ops', password: 'secret' } } });
    const authorization = `Basic ${Buffer.from('ops:secret').toString('base64')}`;
    const intent = { authorization, 'x-monitoring-request': 'test', 'content-type': 'application/json' };

    expect((await ask('/metrics')).status).toBe(401);
    expect((await ask('/metrics', 'GET', { authorization })).status).toBe(200);
    expect(JSON.parse((await ask('/health')).body)).toMatchObject({
      checks: { lifecycle: { status: 'healthy' } },
    });
    const path = '/metrics-dashboard/api/silence';
    expect((await ask(path, 'POST', {}, '{}')).status).toBe(401);
    expect((await ask(path, 'POST', intent, '{')).status).toBe(400);
    expect((await ask(path, 'POST', intent, `"${'x'.repeat(70_000)}"`)).status).toBe(400);
    const unknown = await ask(path, 'POST', intent, '{"alert":"none"}');
    expect([unknown.status, unknown.body]).toEqual([
      404,
      '{"statusCode":404,"message":"The alert no longer exists."}',
    ]);
  });

  it('call a guard of the application with the request of Node', async () => {
    const seen: unknown[] = [];
    const guard: CanActivate = {
      canActivate(context: ExecutionContext) {
        const { headers, url } = context
          .switchToHttp()
          .getRequest<{ headers: Record<string, string>; url: string }>();
        seen.push([
          context.getType(),
          url,
          typeof context.switchToHttp().getResponse<{ end: unknown }>().end,
        ]);
        if (headers['x-key'] === undefined) throw new UnauthorizedException('show your key');
        return headers['x-key'] === 'right';
      },
    };
    await start({ auth: { guard } });

    expect((await ask('/metrics?a=1', 'GET', { 'x-key': 'right' })).status).toBe(200);
    expect((await ask('/metrics', 'GET', { 'x-key': 'wrong' })).status).toBe(403);
    expect((await ask('/metrics')).status).toBe(401);
    expect(seen[0]).toEqual(['http', '/metrics?a=1', 'function']);
  });

  it('stream events until the application ends', async () => {
    await start();
    const stream = await fetch(`${server().url}/metrics-dashboard/api/events`);

    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    const text = stream.text();
    await app?.close();
    app = undefined;
    expect(await text).toContain('retry: 2000');
  });

  it('have probes that answer from before the start until after the end of the application', async () => {
    await start({}, [Prober]);
    const { answers, port } = app?.get(Prober) ?? {};
    const between = await app?.get(Prober).ask();
    await app?.close();
    app = undefined;

    expect(between).toEqual([200, 200, 200]);
    expect(answers).toEqual([
      ['starting', 503, 503, 200],
      ['ending', 200, 503, 200],
    ]);
    await expect(request(port ?? 0, { path: '/alive' })).rejects.toThrow('ECONNREFUSED');
  });

  it('fail the start if the port is in use, with advice', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await eventually(() => expect(other.listening).toBe(true));
    const { port } = other.address() as AddressInfo;

    await expect(start({ listen: { port } })).rejects.toThrow(
      `\`endpoints.listen\` must be an address on which the process can listen; got port ${port} of 127.0.0.1 (EADDRINUSE). The port is in use. Choose another port, or 0 for any free port.`,
    );
    other.close();
  });

  it('fail the start if the address does not belong to the machine', async () => {
    await expect(start({ listen: { port: 0, host: '192.0.2.1' } })).rejects.toThrow(
      'The address does not belong to this machine. Choose one that does, or 0.0.0.0 for all.',
    );
  });

  it('do not keep the process alive', async () => {
    await start();
    await ask('/metrics');
    const own = kind === 'no server at all' ? 0 : 1;

    // What the application itself listens on does, and nothing else.
    await eventually(() => expect(keepingAlive()).toBe(own));
  });

  it('stop listening when the application has ended, over many starts and ends', async () => {
    const servers = new Set<Server>();
    for (let i = 0; i < 10; i++) {
      await start();
      servers.add(await answering(() => ask('/metrics')));
      await app?.close();
    }
    app = undefined;

    // Somebody else may have got one of their ports since.
    expect([...servers].map(({ listening }) => listening)).toEqual(Array.from({ length: 10 }, () => false));
  });
});

describe.each(ADAPTERS)(
  'an application on %s with its monitoring endpoints on a separate server',
  (adapter: AdapterName) => {
    it('does not serve them itself, and does not count them', async () => {
      const app = (await startKind(adapter, {})) as INestApplication;
      const own = ((app.getHttpServer() as Server).address() as AddressInfo).port;
      const other = app.get(MonitoringServer).port ?? 0;
      const registry = app.get(MetricsRegistry);
      const elsewhere = await Promise.all(PATHS.map((path) => request(other, { path })));
      const here = await Promise.all(PATHS.map((path) => request(own, { path })));
      await eventually(() => expect(total(registry, 'http_requests_total')).toBe(PATHS.length));
      const routes = [
        ...(registry.snapshot().families.find(({ name }) => name === 'http_requests_total')?.series ?? []),
      ];
      await app.close();

      expect(elsewhere.map(({ status }) => status)).toEqual(PATHS.map(() => 200));
      expect(here.map(({ status }) => status)).toEqual(PATHS.map(() => 404));
      expect(routes.map(({ labels }) => labels)).toEqual([
        { method: 'GET', route: '<unmatched>', status_code: '404' },
      ]);
    });

    it('starts no separate server with enabled: false', async () => {
      const app = await createApp(
        adapter,
        FixtureModule.with({ enabled: false, endpoints: { listen: LISTEN } }),
      );
      await app.listen(0, '127.0.0.1');

      expect(app.get(MonitoringServer).url).toBeUndefined();
      await app.close();
    });
  },
);

/** Servers and connections that this process would not end before. */
function keepingAlive(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
}
