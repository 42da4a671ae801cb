import type { Server } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  All,
  type CanActivate,
  Controller,
  type DynamicModule,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  type LoggerService,
  UnauthorizedException,
  type VersioningOptions,
  VersioningType,
} from '@nestjs/common';
import { type EndpointAuth, type EndpointsOptions, MetricsRegistry } from 'nestjs-monitoring';
import { type Observable, of } from 'rxjs';
import { restoreEnv, stubEnv } from '../support/environment.js';
import { decodeFamilies } from '../exporters/prometheus/protobuf-decoder.js';
import { eventually } from '../support/eventually.js';
import { CatchAllController, FixtureController, VersionedController } from './fixture/controllers.js';
import { parseExposition } from './fixture/exposition.js';
import { FixtureModule, WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { ADAPTERS, type RunningApp, type StartOptions, startApp } from './fixture/start-app.js';

function successIn(text: string): Record<string, number> {
  const samples = parseExposition(text).filter(({ name }) => name === 'monitoring_collector_success');
  return Object.fromEntries(samples.map(({ labels, value }) => [labels['collector'] ?? '', value]));
}

const PROBES = ['/health', '/ready', '/alive'];
const DASHBOARD = [
  '/metrics-dashboard',
  '/metrics-dashboard/dashboard.css',
  '/metrics-dashboard/dashboard.js',
  '/metrics-dashboard/api/overview',
];
const ALL = ['/metrics', ...PROBES, ...DASHBOARD];

const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const PROTOBUF =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';

@Controller('health')
class OwnHealthController {
  @Get()
  health(): string {
    return 'my own';
  }
}

@Controller('health')
class OwnHealthForAllController {
  @All()
  health(): string {
    return 'my own';
  }
}

/** What the guards depend on. */
@Injectable()
class Keys {
  readonly right = 'right';
}

@Injectable()
class ProvidedGuard implements CanActivate {
  constructor(private readonly keys: Keys) {}

  canActivate(context: ExecutionContext): boolean {
    return keyOf(context) === this.keys.right;
  }
}

/** It asks for something that is global. */
@Injectable()
class UnprovidedGuard implements CanActivate {
  constructor(private readonly registry: MetricsRegistry) {}

  canActivate(context: ExecutionContext): Observable<boolean> {
    return of(keyOf(context) === 'right' && this.registry.getMetric('http_requests_total') !== undefined);
  }
}

describe.each(ADAPTERS)('endpoints on %s', (adapter) => {
  let app: RunningApp;
  /** The application of one test. */
  let own: RunningApp | undefined;

  afterEach(async () => {
    restoreEnv();
    await own?.close();
    own = undefined;
  });

  async function startModule(module: DynamicModule, options?: StartOptions): Promise<void> {
    app = own = await startApp(adapter, module, options);
  }

  function start(endpoints: EndpointsOptions = {}, options?: StartOptions): Promise<void> {
    return startModule(withEndpoints(endpoints), options);
  }

  /** One application for the tests of a group, each of which leaves it as it was for the others. */
  function share(): void {
    let shared: RunningApp;
    beforeAll(async () => {
      shared = await startApp(adapter, withEndpoints({}));
    });
    beforeEach(() => {
      app = shared;
    });
    afterAll(() => shared.close());
  }

  /** The statuses of these paths. */
  async function statusesOf(
    paths: readonly string[],
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Record<string, number>> {
    const statuses = await Promise.all(paths.map(async (path) => (await app.get(path, { headers })).status));
    return Object.fromEntries(paths.map((path, i) => [path, statuses[i] ?? 0]));
  }

  describe('by their paths', () => {
    it('are outside the global prefix, and only there', async () => {
      await start({}, { configure: prefixed });

      expect(await statusesOf(ALL)).toEqual(each(ALL, 200));
      const below = ALL.map((path) => `/api${path}`);
      expect(await statusesOf(below)).toEqual(each(below, 404));
    });

    it('are below the global prefix when asked to be, and only there', async () => {
      await start({ useGlobalPrefix: true }, { configure: prefixed });

      const below = ALL.map((path) => `/api${path}`);
      expect(await statusesOf(below)).toEqual(each(below, 200));
      expect(await statusesOf(ALL)).toEqual(each(ALL, 404));
    });

    it.each<[string, VersioningOptions]>([
      ['the path', { type: VersioningType.URI, defaultVersion: '1' }],
      ['a header', { type: VersioningType.HEADER, header: 'x-version', defaultVersion: '1' }],
      ['the media type', { type: VersioningType.MEDIA_TYPE, key: 'v=', defaultVersion: '1' }],
      ['a function', { type: VersioningType.CUSTOM, extractor: () => '2', defaultVersion: '1' }],
    ])('have no version where those of the application are in %s', async (_, versioning) => {
      await startModule(
        FixtureModule.with(WITHOUT_COLLECTORS, { controllers: [VersionedController, FixtureController] }),
        { configure: (nest) => void nest.enableVersioning(versioning) },
      );

      expect(await statusesOf(ALL)).toEqual(each(ALL, 200));
      expect(await statusesOf(ALL, { 'x-version': '2' })).toEqual(each(ALL, 200));
    });

    it('move where the options say', async () => {
      await start({
        metrics: 'ops/metrics',
        health: '/ops/health',
        readiness: 'readyz/',
        liveness: 'livez',
        dashboard: 'ops/board',
      });
      const moved = [
        '/ops/metrics',
        '/ops/health',
        '/readyz',
        '/livez',
        '/ops/board',
        '/ops/board/dashboard.css',
        '/ops/board/dashboard.js',
        '/ops/board/api/overview',
      ];

      expect(await statusesOf(moved)).toEqual(each(moved, 200));
      expect(await statusesOf(ALL)).toEqual(each(ALL, 404));
    });

    it.each<[keyof EndpointsOptions, readonly string[]]>([
      ['metrics', ['/metrics']],
      ['health', ['/health']],
      ['readiness', ['/ready']],
      ['liveness', ['/alive']],
      ['dashboard', DASHBOARD],
    ])('are not there if %s is false, and the others are', async (option, gone) => {
      await start({ [option]: false });

      const others = ALL.filter((path) => !gone.includes(path));
      expect(await statusesOf(ALL)).toEqual({ ...each(gone, 404), ...each(others, 200) });
    });

    it('win against an application that takes every path there is', async () => {
      await startModule(FixtureModule.with(WITHOUT_COLLECTORS, { controllers: [CatchAllController] }));

      expect((await app.get('/whatever')).body).toBe('caught');
      const bodies = await Promise.all(ALL.map(async (path) => (await app.get(path)).body));
      expect(bodies).not.toContain('caught');
      expect(await statusesOf(ALL)).toEqual(each(ALL, 200));
    });
  });

  describe('of which the application has one itself', () => {
    it.each([
      ['@Get()', OwnHealthController],
      ['@All()', OwnHealthForAllController],
    ])('make way for a default path with a warning: %s', async (_, controller) => {
      const warnings: string[] = [];
      await startModule(FixtureModule.with(WITHOUT_COLLECTORS, { controllers: [controller] }), {
        nest: { logger: collecting(warnings) },
      });

      expect((await app.get('/health')).body).toBe('my own');
      expect(await statusesOf(ALL)).toEqual(each(ALL, 200));
      expect(warnings).toEqual([
        'GET /health is already defined by the application; keeping it. Set `endpoints.health` to another path or to false.',
      ]);
      // It is a route of the application, so it counts.
      expect((await app.recorded(2)).requests).toEqual(['GET /health 200', 'GET /health 200']);
    });

    it('stop the start if the option was given', async () => {
      await start();
      const other = startApp(
        adapter,
        FixtureModule.with(
          { ...WITHOUT_COLLECTORS, endpoints: { health: 'health' } },
          { controllers: [OwnHealthController] },
        ),
      );

      await expect(other).rejects.toThrow(
        'GET /health is already defined by the application. Set `endpoints.health` to another path or to false.',
      );
    });
  });

  describe('as HTTP', () => {
    share();

    it.each(ALL)('answer HEAD and forbid caches to keep anything but files of the page: %s', async (path) => {
      const got = await app.get(path);
      const headed = await app.ask({ path, method: 'HEAD' });

      expect(headed.status).toBe(200);
      expect(headed.bytes).toHaveLength(0);
      expect(headed.headers['content-type']).toBe(got.headers['content-type']);
      const isFile = /\.(css|js)$/.test(path);
      // A file is kept, and used again only after asking whether it is still the same.
      expect(got.headers['cache-control']).toBe(isFile ? 'no-cache' : 'no-store');
      expect(headed.headers['cache-control']).toBe(got.headers['cache-control']);
      expect(Number(got.headers['content-length'])).toBe(got.bytes.length);
      expect(got.headers['etag'] !== undefined).toBe(isFile);
    });

    it('answer nothing but GET and HEAD', async () => {
      const methods = ['POST', 'PUT', 'DELETE', 'PATCH'];
      const statuses = await Promise.all(
        methods.map(async (method) => (await app.ask({ path: '/metrics', method })).status),
      );

      expect(statuses).toEqual([404, 404, 404, 404]);
    });

    it.each([
      [undefined, TEXT],
      ['*/*', TEXT],
      ['text/html,application/xhtml+xml,*/*;q=0.8', TEXT],
      ['application/openmetrics-text', OPENMETRICS],
      ['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4', OPENMETRICS],
      ['application/openmetrics-text;q=0.1,text/plain;version=0.0.4;q=0.9', TEXT],
    ])('negotiate the format of the metrics: %s', async (accept, expected) => {
      const { headers, body } = await app.get('/metrics', {
        headers: accept === undefined ? {} : { accept },
      });

      expect(headers['content-type']).toBe(expected);
      expect(headers['vary']).toContain('accept');
      expect(body.endsWith('# EOF\n')).toBe(expected === OPENMETRICS);
    });

    it('send protobuf with native histograms to who prefers that, compressed and filtered as the text', async () => {
      const timer = app.registry.timer('work_seconds', 'Work.', { labelNames: ['i'] });
      for (let i = 0; i < 50; i++) timer.observe({ i: String(i) }, i);
      const headers = { accept: `${PROTOBUF},application/openmetrics-text;version=1.0.0;q=0.8,*/*;q=0.1` };
      const path = '/metrics?name[]=work_seconds_bucket';
      const plain = await app.get(path, { headers });
      const zipped = await app.get(path, { headers: { ...headers, 'accept-encoding': 'gzip' } });

      expect([plain.status, plain.headers['content-type']]).toEqual([200, PROTOBUF]);
      expect(plain.headers['vary']).toContain('accept');
      expect(zipped.headers['content-encoding']).toBe('gzip');
      expect(gunzipSync(zipped.bytes)).toEqual(plain.bytes);
      const families = decodeFamilies(plain.bytes);
      expect([...families.keys()]).toEqual(['work_seconds']);
      expect(families.get('work_seconds')?.metrics.map(({ native }) => native?.schema)).toEqual(
        Array.from({ length: 50 }, () => 6),
      );
      for (const refused of [`${PROTOBUF};q=0`, PROTOBUF.replace('delimited', 'compact-text')]) {
        expect((await app.get(path, { headers: { accept: refused } })).headers['content-type']).toBe(TEXT);
      }
    });

    it('compress the metrics for who can read that, unless there is little to compress', async () => {
      const many = app.registry.counter('many_total', 'Many.', { labelNames: ['i'] });
      for (let i = 0; i < 200; i++) many.inc({ i: String(i) });
      const gzip = { 'accept-encoding': 'gzip, deflate' };
      const plain = await app.get('/metrics?name[]=many_total');
      const compressed = await app.get('/metrics?name[]=many_total', { headers: gzip });
      const little = await app.get('/metrics?name[]=nothing_at_all', { headers: gzip });
      const refused = await app.get('/metrics', { headers: { 'accept-encoding': 'gzip;q=0' } });

      expect(compressed.headers['content-encoding']).toBe('gzip');
      expect(compressed.bytes.length).toBeLessThan(plain.bytes.length / 3);
      expect(gunzipSync(compressed.bytes).toString()).toBe(plain.body);
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(little.headers['content-encoding']).toBeUndefined();
      expect(refused.headers['content-encoding']).toBeUndefined();
    });

    it('show only the metrics that name[] names', async () => {
      app.registry.counter('wanted_total', 'Wanted.').inc();
      app.registry.counter('other_total', 'Other.').inc();
      app.registry.histogram('size', 'Sizes.', { buckets: [1] }).observe(1);
      const names = await namesAt(app, '/metrics?name[]=wanted_total&name%5B%5D=size_sum');

      expect(names).toEqual(new Set(['wanted_total', 'size_bucket', 'size_sum', 'size_count']));
      expect(await namesAt(app, '/metrics?name[]=no_such_metric')).toEqual(new Set());
    });
  });

  describe('for metrics', () => {
    it('answer before the scraper gives up, without the collector that hangs', async () => {
      await start();
      const good = app.registry.gauge('good', 'Good.');
      app.registry.addCollector({
        name: 'hanging',
        timeoutMs: 10_000,
        collect: () => new Promise(() => undefined),
      });
      app.registry.addCollector({ name: 'good', collect: () => good.set(7) });
      const { body } = await app.get('/metrics', {
        headers: { 'x-prometheus-scrape-timeout-seconds': '1' },
      });

      const samples = parseExposition(body);
      expect(samples).toContainEqual({ name: 'good', labels: {}, value: 7 });
      expect(successIn(body)).toMatchObject({ series: 1, good: 1 });
      // It has not been waited for.
      expect(successIn(body)).not.toHaveProperty('hanging');
      const later = async () => successIn((await app.get('/metrics')).body);
      // Once its own time limit is over.
      await eventually(async () => expect(await later()).toMatchObject({ hanging: 0, good: 1 }));
    });

    it.each([[['0.000001', '1e-300', '0.05', '0.1']], [['0.0', '-1', 'NaN', '0x1', '1e400']]])(
      'lose nothing because others give them %j seconds, over and over',
      async (limits) => {
        await start();
        const slow = app.registry.gauge('slow', 'Slow.');
        const collect = async (): Promise<void> => {
          await sleep(60);
          slow.inc();
        };
        app.registry.addCollector({ name: 'slow', metricNames: ['slow'], collect });
        await app.get('/metrics');
        const over = new AbortController();
        const hurried = limits.map(async (seconds) => {
          const headers = { 'x-prometheus-scrape-timeout-seconds': seconds };
          while (!over.signal.aborted) await app.get('/metrics', { headers });
        });
        for (let i = 0; i < 5; i++) {
          const samples = parseExposition((await app.get('/metrics')).body);
          expect(samples.filter(({ name }) => name === 'slow')).toHaveLength(1);
          expect(samples).toContainEqual({
            name: 'monitoring_collector_success',
            labels: { collector: 'slow' },
            value: 1,
          });
        }
        over.abort();
        await Promise.all(hurried);
      },
    );

    it.each([['0.000001'], ['1e-300'], ['0.001'], ['0.005'], ['0.01']])(
      'have 100 ms at least, though somebody asks for them within %s seconds',
      async (seconds) => {
        await start();
        const headers = { 'x-prometheus-scrape-timeout-seconds': seconds };
        // A busy machine may need more than that once, not every time.
        let attempt = 0;
        await eventually(async () => {
          const name = `quick_${attempt++}`;
          const quick = app.registry.gauge(name, 'Quick.');
          const collect = async (): Promise<void> => {
            await sleep(20);
            quick.set(1);
          };
          app.registry.addCollector({ name, metricNames: [name], collect });
          const samples = parseExposition((await app.get('/metrics', { headers })).body);
          expect(samples).toContainEqual({ name, labels: {}, value: 1 });
        });
      },
    );

    it('collect once for scrapes that come at the same time, in whichever format', async () => {
      await start();
      let runs = 0;
      let requests = 0;
      const server = app.app.getHttpServer() as Server;
      const allAreThere = new Promise<void>((resolve) => {
        server.on('request', () => ++requests === 5 && resolve());
      });
      app.registry.addCollector({
        name: 'counting',
        collect: async () => {
          runs++;
          await allAreThere;
          // The last one has come to its collection by then.
          await sleep(50);
        },
      });
      const answers = await Promise.all([
        app.get('/metrics'),
        app.get('/metrics'),
        app.get('/metrics', { headers: { accept: 'application/openmetrics-text' } }),
        app.get('/metrics?name[]=monitoring_collector_success'),
        app.get('/metrics-dashboard/api/overview'),
      ]);

      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      expect(runs).toBe(1);
      await app.get('/metrics');
      expect(runs).toBe(2);
    });

    it('do not measure themselves, not even while they answer or refuse', async () => {
      await start({ auth: { bearerToken: 'open sesame' } });
      const headers = { authorization: 'Bearer open sesame' };
      for (const path of ALL) {
        await app.get(path, { headers });
        await app.get(path);
        await app.ask({ path, method: 'HEAD', headers });
      }
      const { body } = await app.get('/metrics', { headers });

      const seen = parseExposition(body).filter(({ name }) => name.startsWith('http_'));
      expect(seen).toEqual([
        { name: 'http_requests_in_progress', labels: { method: 'GET' }, value: 0 },
        { name: 'http_requests_in_progress', labels: { method: 'HEAD' }, value: 0 },
      ]);
    });
  });

  describe('with auth', () => {
    const restricted = ['/metrics', '/metrics-dashboard', '/metrics-dashboard/api/overview'];

    it('let the bearer of the token in', async () => {
      await start({ auth: { bearerToken: 'T0ken' } });

      expect(await statusesOf(restricted, { authorization: 'Bearer T0ken' })).toEqual(each(restricted, 200));
      expect(await statusesOf(restricted, { authorization: 'bEARER   T0ken' })).toEqual(
        each(restricted, 200),
      );
    });

    it.each([
      ['no header', undefined],
      ['an empty header', ''],
      ['another token', 'Bearer T0ke'],
      ['the token in another case', 'Bearer t0KEN'],
      ['the token twice', 'Bearer T0ken, Bearer T0ken'],
      ['no token', 'Bearer '],
      ['no scheme', 'T0ken'],
      ['another scheme', 'Basic T0ken'],
      ['a scheme that only begins alike', 'BearerT0ken'],
    ])('challenge for a bearer token who shows %s', async (_, authorization) => {
      await start({ auth: { bearerToken: 'T0ken' } });
      const headers = authorization === undefined ? {} : { authorization };

      expect(await statusesOf(restricted, headers)).toEqual(each(restricted, 401));
      const refused = await app.get('/metrics', { headers });
      expect(refused.headers['www-authenticate']).toBe('Bearer realm="monitoring"');
      expect(refused.headers['cache-control']).toBe('no-store');
      expect(JSON.parse(refused.body)).toEqual({ statusCode: 401, message: 'Unauthorized' });
    });

    const basic = { username: 'ops', password: 'päss:word' };

    it('let the user with the password in, whatever the two are made of', async () => {
      await start({ auth: { basic } });
      const encoded = base64(`${basic.username}:${basic.password}`);

      expect(await statusesOf(restricted, { authorization: `Basic ${encoded}` })).toEqual(
        each(restricted, 200),
      );
      expect(await statusesOf(restricted, { authorization: `basic ${encoded}` })).toEqual(
        each(restricted, 200),
      );
    });

    it.each([
      ['no header', undefined],
      ['another password', `Basic ${base64('ops:pass')}`],
      ['another user', `Basic ${base64('root:päss:word')}`],
      ['no password', `Basic ${base64('ops:')}`],
      ['no colon', `Basic ${base64('ops')}`],
      ['the password as it is', 'Basic ops:päss:word'],
      ['another scheme', `Bearer ${base64('ops:päss:word')}`],
    ])('challenge for user and password who shows %s', async (_, authorization) => {
      await start({ auth: { basic } });
      const headers = authorization === undefined ? {} : { authorization: latin1(authorization) };

      expect(await statusesOf(restricted, headers)).toEqual(each(restricted, 401));
      const { headers: answered } = await app.get('/metrics', { headers });
      expect(answered['www-authenticate']).toBe('Basic realm="monitoring", charset="UTF-8"');
    });

    it.each<[string, EndpointAuth]>([
      ['a class that a module provides, with its dependencies', { guard: ProvidedGuard }],
      ['a class that no module provides, with its dependencies', { guard: UnprovidedGuard }],
      ['an instance', { guard: { canActivate: (context) => keyOf(context) === 'right' } }],
      [
        'an instance with a Promise',
        { guard: { canActivate: async (context) => keyOf(context) === 'right' } },
      ],
      [
        'an instance with an Observable',
        { guard: { canActivate: (context) => of(keyOf(context) === 'right') } },
      ],
    ])('ask a guard: %s', async (_, auth) => {
      await startModule(
        FixtureModule.with(
          { ...WITHOUT_COLLECTORS, endpoints: { auth } },
          { providers: [Keys, ...(auth.guard === ProvidedGuard ? [ProvidedGuard] : [])] },
        ),
      );

      expect(await statusesOf(restricted, { 'x-key': 'right' })).toEqual(each(restricted, 200));
      expect(await statusesOf(restricted, { 'x-key': 'wrong' })).toEqual(each(restricted, 403));
      expect(await statusesOf(restricted)).toEqual(each(restricted, 403));
      expect(await statusesOf(['/ready', '/alive', '/health'])).toEqual(
        each(['/ready', '/alive', '/health'], 200),
      );
    });

    it('answer what a guard throws: its status, and nothing of an error that has none', async () => {
      let thrown: Error = new UnauthorizedException('show your key');
      const guard: CanActivate = {
        canActivate: () => {
          throw thrown;
        },
      };
      await start({ auth: { guard } });
      const unauthorized = await app.get('/metrics');
      thrown = new Error('the password of the key store is hunter2');
      const failed = await app.get('/metrics');

      expect(unauthorized.status).toBe(401);
      expect(unauthorized.headers['www-authenticate']).toBe('Bearer');
      expect(JSON.parse(unauthorized.body)).toEqual({ statusCode: 401, message: 'show your key' });
      expect(failed.status).toBe(500);
      expect(failed.body).not.toContain('hunter2');
      // Health has an answer all the same: it only says less.
      expect((await app.get('/health')).status).toBe(200);
    });

    it('leave the probes open, which say no more than how it is', async () => {
      await start({ auth: { bearerToken: 'T0ken' } });
      const open = await Promise.all(PROBES.map((path) => app.get(path)));
      const [health, ready, alive] = open.map(({ body }) => JSON.parse(body) as object);
      const authorized = await app.get('/health', { headers: { authorization: 'Bearer T0ken' } });

      expect(open.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(health).toEqual({
        status: 'healthy',
        timestamp: expect.any(String),
        checks: { lifecycle: { status: 'healthy' } },
      });
      expect(ready).toEqual({ status: 'ready' });
      expect(alive).toEqual({ status: 'alive' });
      expect(JSON.parse(authorized.body)).toMatchObject({
        checks: { lifecycle: { status: 'healthy', message: 'The application is ready' } },
      });
    });
  });

  describe('of the dashboard', () => {
    it('are off in production, unless there is auth or a path is given', async () => {
      stubEnv('NODE_ENV', 'production');
      await start();
      expect(await statusesOf(DASHBOARD)).toEqual(each(DASHBOARD, 404));
      expect(await statusesOf(['/metrics', ...PROBES])).toEqual(each(['/metrics', ...PROBES], 200));
      await app.close();

      await start({ auth: { bearerToken: 'T0ken' } });
      expect(await statusesOf(DASHBOARD, { authorization: 'Bearer T0ken' })).toEqual(each(DASHBOARD, 200));
      await app.close();

      await start({ dashboard: 'metrics-dashboard' });
      expect(await statusesOf(DASHBOARD)).toEqual(each(DASHBOARD, 200));
    });
  });
});

function withEndpoints(endpoints: EndpointsOptions): DynamicModule {
  // What a drain does is tested elsewhere.
  const health = { ...WITHOUT_COLLECTORS.health, drainDelayMs: 0 };
  return FixtureModule.with({ ...WITHOUT_COLLECTORS, endpoints, health });
}

/** The same status for each path. */
function each(paths: readonly string[], status: number): Record<string, number> {
  return Object.fromEntries(paths.map((path) => [path, status]));
}

/** The names of the samples that are shown there. */
async function namesAt(app: RunningApp, path: string): Promise<Set<string>> {
  return new Set(parseExposition((await app.get(path)).body).map(({ name }) => name));
}

function prefixed(nest: INestApplication): void {
  nest.setGlobalPrefix('api');
}

/** A logger that keeps warnings, and nothing else. */
function collecting(warnings: string[]): LoggerService {
  return {
    log: jest.fn(),
    error: jest.fn(),
    warn: (message: unknown) => void warnings.push(String(message)),
  };
}

function keyOf(context: ExecutionContext): string | undefined {
  const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
  return headers['x-key'];
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** As the bytes of UTF-8 go into a header. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}
