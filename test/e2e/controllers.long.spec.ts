import type { Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type DynamicModule,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  type INestApplication,
  Injectable,
  Module,
  type NestInterceptor,
  type Type,
  UnauthorizedException,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common';
import { HttpAdapterHost, RouterModule } from '@nestjs/core';
import fastifyCompress from '@fastify/compress';
import compression from 'compression';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import {
  type EndpointAuth,
  type EndpointsOptions,
  HealthController,
  HealthMonitor,
  LivenessController,
  MetricsController,
  MonitoringModule,
  type MonitoringOptions,
  ReadinessController,
  StartupController,
} from 'nestjs-monitoring';
import { FakeClock } from 'nestjs-monitoring/testing';
import { map, type Observable } from 'rxjs';
import { CatchAllController } from './fixture/controllers.js';
import { FixtureModule, WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { abortedRequest, type Answer, arrival, type Question } from './fixture/http-client.js';
import { ADAPTERS, createApp, eventually, type RunningApp, startApp } from './fixture/start-app.js';

const PATHS = ['metrics', 'health', 'ready', 'alive', 'startup'];
const OPENMETRICS = 'application/openmetrics-text; version=1.0.0';

/** It lets in who has this header; the endpoints outside of the router know nothing of it. */
const KEY = { 'x-key': 'right' };

@Injectable()
class KeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return (
      context.switchToHttp().getRequest<{ headers: object }>().headers['x-key' as never] === KEY['x-key']
    );
  }
}

@Injectable()
class WrappingInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

@Catch(HttpException)
class TeapotFilter implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(exception: HttpException, host: ArgumentsHost): void {
    const body = { filtered: exception.message };
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), body, 418);
  }
}

@Injectable()
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: { authorization?: string } }>();
    if (headers.authorization !== 'Bearer T0ken') throw new UnauthorizedException('no token');
    return true;
  }
}

@Controller()
class OwnController {
  @Get('own')
  own(): string {
    return 'own';
  }
}

function versionedByUri(app: INestApplication): void {
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
}

function versionedByHeader(app: INestApplication): void {
  app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version', defaultVersion: '1' });
}

function global(app: INestApplication): void {
  app.useGlobalGuards(new KeyGuard());
  app.useGlobalInterceptors(new WrappingInterceptor());
  app.useGlobalFilters(new TeapotFilter(app.get(HttpAdapterHost)));
}

/** The ways to arrange an application, and where its controllers are. */
const ARRANGEMENTS: readonly {
  readonly title: string;
  readonly configure: (app: INestApplication) => void;
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
}[] = [
  { title: 'nothing global', configure: () => undefined, base: '', headers: {} },
  { title: 'a prefix and versions in the path', configure: versionedByUri, base: '/api/v1', headers: {} },
  { title: 'versions in a header', configure: versionedByHeader, base: '', headers: { 'x-version': '1' } },
  {
    title: 'a global guard, an interceptor that wraps, and an exception filter',
    configure: global,
    base: '',
    headers: KEY,
  },
];

const WRONG = { authorization: 'Bearer wrong' };
const RIGHT = { authorization: 'Bearer T0ken' };
const BASIC = { authorization: `Basic ${Buffer.from('ops:secret').toString('base64')}` };

/** What is asked, in turn, of both ways. */
const QUESTIONS: readonly Question[] = [
  ...PATHS.flatMap((path) => [
    { path: `/${path}` },
    { path: `/${path}?name[]=given_total`, method: 'HEAD' },
    { path: `/${path}?name[]=given_total`, headers: RIGHT },
    { path: `/${path}?name[]=given_total`, headers: BASIC },
    { path: `/${path}?name[]=given_total`, headers: { 'if-none-match': '*', 'accept-encoding': 'gzip' } },
  ]),
  { path: '/metrics?name[]=given_total' },
  { path: '/metrics?name[]=given_total', headers: { accept: OPENMETRICS, ...RIGHT } },
  { path: '/metrics?name[]=given_total', headers: { 'accept-encoding': 'gzip', ...RIGHT } },
  { path: '/metrics?name[]=given_total', headers: { 'accept-encoding': 'gzip', ...RIGHT }, method: 'HEAD' },
  { path: '/metrics', headers: WRONG },
  { path: '/metrics', headers: WRONG },
  { path: '/metrics', headers: WRONG },
  { path: '/health', headers: WRONG },
];

const AUTHS: readonly (readonly [string, EndpointAuth | undefined])[] = [
  ['no authentication', undefined],
  ['a bearer token', { bearerToken: 'T0ken' }],
  ['basic authentication', { basic: { username: 'ops', password: 'secret' } }],
  ['a guard', { guard: TokenGuard }],
];

describe.each(ADAPTERS)('controllers of the endpoints on %s', (adapter) => {
  const apps: RunningApp[] = [];

  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
  });

  async function start(module: DynamicModule, configure = (_app: INestApplication): void => undefined) {
    const app = await startApp(adapter, module, { configure });
    apps.push(app);
    const given = app.registry.counter('given_total', 'Given.', { labelNames: ['n'] });
    for (let n = 0; n < 100; n++) given.inc({ n });
    return app;
  }

  function startWith(endpoints: EndpointsOptions, configure?: (app: INestApplication) => void) {
    const options = { ...optionsWith(endpoints), clock: new FakeClock() };
    return start(FixtureModule.with(options, { controllers: [OwnController] }), configure);
  }

  describe.each(ARRANGEMENTS)('with $title', ({ configure, base, headers }) => {
    it.each(AUTHS)('answer as the endpoints outside of the router do, with %s', async (_, auth) => {
      const endpoints = { ...(auth && { auth }), failedAuth: { maxFailures: 2, windowMs: 60_000 } };
      const outside = await startWith(endpoints, configure);
      const inside = await startWith({ ...endpoints, controllers: true }, configure);

      for (const question of QUESTIONS) {
        const path = `${base}${question.path}`;
        const answer = await inside.ask({ ...question, path, headers: { ...headers, ...question.headers } });
        expect({ question, answer: comparable(question, answer) }).toEqual({
          question,
          answer: comparable(question, await outside.ask(question)),
        });
      }
    });

    it('answer alike while the application drains', async () => {
      const outside = await startWith({}, configure);
      const inside = await startWith({ controllers: true }, configure);
      for (const { app } of [outside, inside]) app.get(HealthMonitor).enter('draining');

      for (const path of ['health', 'ready', 'alive']) {
        const question = { path: `/${path}` };
        const answer = await inside.get(`${base}/${path}`, { headers });
        expect(answer.status).toBe(path === 'alive' ? 200 : 503);
        expect(comparable(question, answer)).toEqual(comparable(question, await outside.ask(question)));
      }
    });

    it('answer alike when an endpoint fails', async () => {
      const outside = await startWith({}, configure);
      const inside = await startWith({ controllers: true }, configure);
      for (const { app } of [outside, inside]) {
        jest.spyOn(app.get(HealthMonitor), 'runHealthChecks').mockRejectedValue(new Error('broken'));
      }

      const answer = await inside.get(`${base}/health`, { headers });
      expect(answer.status).toBe(500);
      const question = { path: '/health' };
      expect(comparable(question, answer)).toEqual(comparable(question, await outside.ask(question)));
    });

    it('leave the dashboard outside of the router', async () => {
      const app = await startWith({ controllers: true }, configure);

      expect((await app.get('/metrics-dashboard')).status).toBe(200);
      expect((await app.get('/monitoring/api/v1/rules')).status).toBe(200);
    });
  });

  it('are subject to what is global in the application, unlike the endpoints outside of the router', async () => {
    const app = await startWith({ controllers: true }, global);
    const outside = await startWith({}, global);

    expect(await app.get('/own', { headers: KEY })).toMatchObject({ status: 200, body: '{"data":"own"}' });
    for (const path of PATHS) {
      expect(await app.get(`/${path}`)).toMatchObject({
        status: 418,
        body: '{"filtered":"Forbidden resource"}',
      });
      expect((await outside.get(`/${path}`)).status).toBe(200);
    }
  });

  it('are compressed by the application, if it compresses', async () => {
    const compressed = async (app: INestApplication): Promise<void> => {
      if (adapter === 'express') app.use(compression({ threshold: 0 }));
      else
        await (app as never as { register(...args: unknown[]): Promise<void> }).register(fastifyCompress, {
          threshold: 0,
        });
    };
    const module = FixtureModule.with(optionsWith({ controllers: true }));
    const app = await startApp(adapter, module, { configure: compressed });
    apps.push(app);

    const answer = await app.get('/health', { headers: { 'accept-encoding': 'gzip' } });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-encoding': 'gzip' } });
  });

  it('are not measured as requests of the application, unless it refuses them', async () => {
    const app = await startWith({ controllers: true }, global);

    for (const path of PATHS) await app.get(`/${path}`, { headers: KEY });
    await app.get('/own', { headers: KEY });
    await app.get('/ready');

    expect((await app.recorded(2)).requests).toEqual(['GET /own 200', 'GET /ready 418']);
  });

  it('have the paths of the options, and false leaves one out', async () => {
    const app = await startWith({
      controllers: true,
      metrics: 'ops/metrics',
      readiness: '/ops/ready/',
      startup: false,
    });

    const asked = ['ops/metrics', 'ops/ready', 'health', 'alive', 'metrics', 'ready', 'startup'];
    expect(await statuses(app, asked)).toEqual([200, 200, 200, 200, 404, 404, 404]);
  });

  it('take part in RouterModule', async () => {
    const app = await start({
      module: class Root {},
      imports: [
        MonitoringModule.forRoot(optionsWith({ controllers: true })),
        RouterModule.register([{ path: 'internal', module: MonitoringModule }]),
      ],
    });

    expect(await statuses(app, ['internal/metrics', 'internal/health', 'metrics'])).toEqual([200, 200, 404]);
  });

  describe('by forRootAsync()', () => {
    type Async = Parameters<typeof MonitoringModule.forRootAsync>[0];

    function root(options: MonitoringOptions, controllers?: Async['controllers']): DynamicModule {
      const imported = MonitoringModule.forRootAsync({
        useFactory: () => Promise.resolve({ ...WITHOUT_COLLECTORS, ...options }),
        ...(controllers !== undefined && { controllers }),
      });
      return { module: class Root {}, imports: [imported] };
    }

    it('are known beside the factory', async () => {
      const app = await start(root({ endpoints: { auth: { bearerToken: 'T0ken' } } }, true), versionedByUri);

      const asked = PATHS.map((path) => `api/v1/${path}`);
      expect(await statuses(app, asked)).toEqual([401, 200, 200, 200, 200]);
      expect(await statuses(app, PATHS)).toEqual([404, 404, 404, 404, 404]);
      expect((await app.get('/api/v1/metrics', { headers: RIGHT })).status).toBe(200);
    });

    it('have the paths that are given there', async () => {
      const app = await start(root({}, { metrics: 'ops/metrics', liveness: false }));

      expect(await statuses(app, ['ops/metrics', 'health', 'metrics', 'alive'])).toEqual([
        200, 200, 404, 404,
      ]);
    });

    it('are not found once the factory has turned monitoring off', async () => {
      const app = await startApp(adapter, root({ enabled: false }, true));
      apps.push(app);

      expect(await app.get('/health?a=1')).toMatchObject({
        status: 404,
        body: '{"message":"Cannot GET /health?a=1","error":"Not Found","statusCode":404}',
      });
    });

    it.each<[MonitoringOptions['endpoints'], Async['controllers'], string]>([
      [{ controllers: true }, undefined, '`endpoints.controllers` must be set by `controllers`'],
      [{ controllers: false }, true, '`endpoints.controllers` must be set by `controllers`'],
      [{ metrics: 'ops' }, true, '`endpoints.metrics` must be set by `controllers.metrics`'],
      [{ startup: false }, { metrics: 'ops' }, '`endpoints.startup` must be set by `controllers.startup`'],
      [{ listen: { port: 0 } }, true, '`endpoints.controllers` must be false with `endpoints.listen`'],
    ])('are refused if the factory returns %o beside %o', async (endpoints, controllers, message) => {
      const starting = createApp(adapter, root({ endpoints: endpoints ?? {} }, controllers));
      await expect(starting).rejects.toThrow(message);
    });
  });

  it('contend with a route of the application as any two controllers do', async () => {
    @Controller('health')
    class Health {
      @Get()
      health(): string {
        return 'my own';
      }
    }
    const options = optionsWith({ controllers: true });
    const starting = startApp(adapter, FixtureModule.with(options, { controllers: [Health] }));
    if (adapter === 'fastify') {
      await expect(starting).rejects.toThrow("Method 'GET' already declared for route '/health'");
      return;
    }
    apps.push(await starting);
    expect((await apps[0]?.get('/health'))?.body).toBe('my own');
  });

  it('leave no error behind if the client disconnects', async () => {
    const errors: unknown[] = [];
    const logger = {
      log: () => undefined,
      warn: () => undefined,
      error: (error: unknown) => errors.push(error),
    };
    let calls = 0;
    let mayEnd: Promise<unknown> = Promise.resolve();
    const check = async () => {
      calls++;
      await mayEnd;
      return { status: 'healthy' as const };
    };
    const slow = { name: 'slow', check, timeoutMs: 300_000 };
    const module = FixtureModule.with({
      ...optionsWith({ controllers: true }),
      health: { ...WITHOUT_COLLECTORS.health, checks: [slow], cacheMs: 0 },
    });
    const app = await startApp(adapter, module, { nest: { logger } });
    apps.push(app);

    let end = (): void => undefined;
    mayEnd = new Promise<void>((resolve) => (end = resolve));
    const server = app.app.getHttpServer() as Server;
    const left = new Promise<ServerResponse>((resolve) => {
      server.once('request', (_, response: ServerResponse) => {
        response.once('close', () => resolve(response));
      });
    });
    const before = calls;
    const isChecked = eventually(() => expect(calls).toBeGreaterThan(before));
    const isThere = Promise.all([arrival(server, '/health'), isChecked]);
    await abortedRequest(app.port, { path: '/health' }, isThere);
    // The server has heard of it, and has not answered.
    expect((await left).headersSent).toBe(false);
    end();
    await sleep(150);
    expect((await app.get('/health')).status).toBe(200);
    expect(errors).toEqual([]);
  });

  it('are not there if monitoring is off', async () => {
    const app = await startApp(
      adapter,
      FixtureModule.with({ enabled: false, endpoints: { controllers: true } }, { controllers: [] }),
    );
    apps.push(app);

    expect(await statuses(app, PATHS)).toEqual([404, 404, 404, 404, 404]);
  });

  it('are refused in two imports of the module', async () => {
    const options = optionsWith({ controllers: true });
    const root = {
      module: class Root {},
      imports: [MonitoringModule.forRoot(options), MonitoringModule.forRoot(options)],
    };

    await expect(createApp(adapter, root)).rejects.toThrow(
      '`endpoints.controllers` must be set by one import of MonitoringModule',
    );
  });
});

/** What tells a subclass apart, and what it is given by its constructor. */
@Injectable()
class Names {
  readonly name = 'mine';
}

@Controller({ path: 'internal/health', version: VERSION_NEUTRAL })
class MyHealth extends HealthController {
  constructor(private readonly names: Names) {
    super();
  }

  @Get('name')
  name(): string {
    return this.names.name;
  }
}

@Controller('internal/metrics')
class MyMetrics extends MetricsController {}

@Controller('internal/ready')
class MyReadiness extends ReadinessController {}

@Controller('internal/alive')
class MyLiveness extends LivenessController {}

@Controller('internal/startup')
class MyStartup extends StartupController {}

const SUBCLASSES: Type[] = [MyHealth, MyMetrics, MyReadiness, MyLiveness, MyStartup];

@Module({ controllers: SUBCLASSES, providers: [Names] })
class OwnProbesModule {}

const OFF = { metrics: false, health: false, readiness: false, liveness: false, startup: false } as const;

describe('controllers on Fastify', () => {
  it('respond to requests that are injected', async () => {
    const module = FixtureModule.with(optionsWith({ controllers: true }));
    const app = (await createApp('fastify', module)) as NestFastifyApplication;
    await app.init();

    const responses = await Promise.all(PATHS.map((path) => app.inject({ url: `/${path}` })));
    await app.close();

    expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200]);
  });
});

describe.each(ADAPTERS)('a subclass of a controller on %s', (adapter) => {
  let app: RunningApp;

  afterEach(() => app.close());

  const own = ['health', 'metrics', 'ready', 'alive', 'startup'].map((path) => `internal/${path}`);

  it.each<[string, EndpointsOptions, number]>([
    ['besides the endpoints outside of the router', {}, 200],
    ['besides the controllers of the library', { controllers: true }, 200],
    ['in place of both', OFF, 404],
    ['in place of the controllers of the library', { ...OFF, controllers: true }, 404],
    ['besides a server of the endpoints', { listen: { port: 0 } }, 404],
  ])('serves the endpoint at its own path, %s', async (_, endpoints, others) => {
    app = await startApp(adapter, FixtureModule.with(optionsWith(endpoints), { imports: [OwnProbesModule] }));

    expect(await statuses(app, own)).toEqual([200, 200, 200, 200, 200]);
    expect(await statuses(app, PATHS)).toEqual(PATHS.map(() => others));
    expect((await app.get('/internal/health/name')).body).toBe('mine');
  });

  it('has the authentication of the options', async () => {
    const options = optionsWith({ ...OFF, auth: { guard: TokenGuard } });
    app = await startApp(adapter, FixtureModule.with(options, { imports: [OwnProbesModule] }));

    expect(await statuses(app, own)).toEqual([200, 401, 200, 200, 200]);
    expect((await app.get('/internal/metrics', { headers: RIGHT })).status).toBe(200);
    expect((await app.get('/internal/health')).body).not.toContain('message');
    expect((await app.get('/internal/health', { headers: RIGHT })).body).toContain('message');
  });

  it('precedes the endpoint of the default path', async () => {
    @Controller('health')
    class Health extends HealthController {}
    app = await startApp(adapter, FixtureModule.with(optionsWith({}), { controllers: [Health] }), {
      configure: (nest) => void nest.useGlobalGuards(new KeyGuard()),
    });

    expect((await app.get('/health')).status).toBe(403);
    expect((await app.get('/health', { headers: KEY })).status).toBe(200);
  });

  it('precedes a route for everything that is declared later', async () => {
    const controllers = [...SUBCLASSES, CatchAllController];
    app = await startApp(adapter, FixtureModule.with(optionsWith(OFF), { controllers, providers: [Names] }));

    expect(JSON.parse((await app.get('/internal/startup')).body)).toEqual({ status: 'started' });
  });
});

describe.each(ADAPTERS)('the API document of an application on %s', (adapter) => {
  it('describes the responses of the controllers', async () => {
    const options = optionsWith({ controllers: true, liveness: 'ops/alive', metrics: false });
    const app = await createApp(adapter, FixtureModule.with(options, { imports: [OwnProbesModule] }));
    await app.init();

    const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    await app.close();

    expect(paths['/health']?.get?.responses).toMatchObject({ 200: {}, 503: {} });
    expect(paths['/ops/alive']?.get).toMatchObject({
      operationId: 'LivenessController_get',
      responses: { 200: { description: 'The process responds.' } },
    });
    expect(paths['/internal/metrics']?.get?.responses).toMatchObject({ 200: {} });
    expect(Object.keys(paths)).not.toContain('/metrics');
  });
});

function optionsWith(endpoints: EndpointsOptions): MonitoringOptions {
  return { ...WITHOUT_COLLECTORS, endpoints };
}

async function statuses(app: RunningApp, paths: readonly string[]): Promise<number[]> {
  const answers = await Promise.all(paths.map((path) => app.get(`/${path}`)));
  return answers.map(({ status }) => status);
}

/** An answer without what differs from one request to the next. */
function comparable(
  { path, headers, method }: Question,
  { status, headers: received, bytes }: Answer,
): object {
  const { date: _, 'content-length': length, ...rest } = received;
  const isWhole = path === '/metrics' && status === 200;
  return {
    status,
    headers: rest,
    hasLength: length !== undefined,
    ...(!isWhole && { length, body: bytes.toString('latin1') }),
    asked: [path, headers, method],
  };
}
