import dns from 'node:dns';
import { Agent, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  RequestMethod,
  VersioningType,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import * as fc from 'fast-check';
import { map, type Observable } from 'rxjs';
import { MetricsRegistry } from 'nestjs-monitoring';
import { VersionedController } from './fixture/controllers.js';
import { FixtureModule, WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { ForbiddingGuard } from './fixture/guards.js';
import {
  abortedRequest,
  arrival,
  head,
  type Question,
  RawConnection,
  request,
  requestLeftAtFirstByte,
} from './fixture/http-client.js';
import { answer401, letPass, withMiddleware } from './fixture/middleware.js';
import {
  ADAPTERS,
  type AdapterName,
  createApp,
  eventually,
  inProgress,
  type Recorded,
  RunningApp,
  seriesOf,
  startApp,
  total,
} from './fixture/start-app.js';

/** No request is slow because the machine is busy. */
const PLAIN = { ...WITHOUT_COLLECTORS, http: { slowRequestThresholdMs: 600_000 } };
const JSON_TYPE = { 'content-type': 'application/json' };

/** Requests of which each was counted and timed, and none was a stream or slow. */
function timed(...requests: string[]): Recorded {
  return { requests, durations: requests, streams: [], slow: [] };
}

/** Requests for streams of events: counted, but not among the durations of requests. */
function streamed(...requests: string[]): Recorded {
  return { requests, durations: [], streams: requests, slow: [] };
}

interface Case {
  readonly name: string;
  readonly question: Question;
  readonly status: number;
  /** `METHOD route status`, where the frameworks differ each for itself. */
  readonly counted: string | Readonly<Record<AdapterName, string>>;
}

const CASES: readonly Case[] = [
  { name: 'an answer', question: { path: '/ok' }, status: 200, counted: 'GET /ok 200' },
  {
    name: 'a route with a parameter and a query string',
    question: { path: '/users/17?verbose=1' },
    status: 200,
    counted: 'GET /users/:id 200',
  },
  {
    name: 'a guard that throws 401',
    question: { path: '/unauthorized' },
    status: 401,
    counted: 'GET /unauthorized 401',
  },
  {
    name: 'a guard that says no',
    question: { path: '/forbidden' },
    status: 403,
    counted: 'GET /forbidden 403',
  },
  {
    name: 'a path that no route matches',
    question: { path: '/no/such?path' },
    status: 404,
    counted: 'GET <unmatched> 404',
  },
  {
    name: 'a 404 that a handler throws',
    question: { path: '/missing/4' },
    status: 404,
    counted: 'GET /missing/:id 404',
  },
  {
    name: 'a pipe that refuses a parameter',
    question: { path: '/numbers/seven' },
    status: 400,
    counted: 'GET /numbers/:id 400',
  },
  {
    name: 'a body that is not the JSON it says',
    question: { path: '/echo', method: 'POST', headers: JSON_TYPE, body: '{"a":' },
    status: 400,
    // Express parses the body before it looks for a route.
    counted: { express: 'POST <unmatched> 400', fastify: 'POST /echo 400' },
  },
  {
    name: 'a path whose %-encoding is malformed',
    question: { path: '/users/%zz' },
    status: 400,
    counted: 'GET <unmatched> 400',
  },
  { name: 'an error that is thrown', question: { path: '/broken' }, status: 500, counted: 'GET /broken 500' },
  { name: 'an HttpException', question: { path: '/teapot' }, status: 418, counted: 'GET /teapot 418' },
  { name: 'an answer by @Res()', question: { path: '/manual' }, status: 202, counted: 'GET /manual 202' },
  { name: 'HEAD', question: { path: '/ok', method: 'HEAD' }, status: 200, counted: 'HEAD /ok 200' },
  { name: 'a redirect', question: { path: '/moved' }, status: 302, counted: 'GET /moved 302' },
  { name: 'a streamed file', question: { path: '/file' }, status: 200, counted: 'GET /file 200' },
  {
    name: 'POST with a body',
    question: { path: '/echo', method: 'POST', headers: JSON_TYPE, body: '{"a":1}' },
    status: 201,
    counted: 'POST /echo 201',
  },
  {
    name: 'a method that the route does not have',
    question: { path: '/ok', method: 'DELETE' },
    status: 404,
    counted: 'DELETE <unmatched> 404',
  },
  {
    name: 'OPTIONS without CORS',
    question: { path: '/ok', method: 'OPTIONS' },
    status: 404,
    counted: 'OPTIONS <unmatched> 404',
  },
  {
    name: 'a method of WebDAV',
    question: { path: '/ok', method: 'PROPFIND' },
    status: 404,
    counted: 'OTHER <unmatched> 404',
  },
  {
    name: 'a method of caches',
    question: { path: '/ok', method: 'PURGE' },
    status: 404,
    counted: 'OTHER <unmatched> 404',
  },
  {
    name: 'TRACE',
    question: { path: '/ok', method: 'TRACE' },
    status: 404,
    counted: 'TRACE <unmatched> 404',
  },
];

const withoutIpv6 = await bindingErrorOf('::1');

describe.each(ADAPTERS)('request metrics on %s', (adapter) => {
  describe('of an application as it comes', () => {
    let app: RunningApp;

    beforeAll(async () => {
      app = await startApp(adapter, FixtureModule.with(PLAIN));
    });
    beforeEach(() => app.registry.resetAll());
    afterAll(() => app.close());

    it.each(CASES)('count $name once', async ({ question, status, counted }) => {
      const answer = await app.ask(question);

      expect(answer.status).toBe(status);
      expect(await app.recorded()).toEqual(timed(typeof counted === 'string' ? counted : counted[adapter]));
    });

    it('show a request in progress for as long as it is answered', async () => {
      const answer = app.get('/slow/1000');
      await eventually(() =>
        expect(seriesOf(app.registry, 'http_requests_in_progress')).toContainEqual({
          labels: { method: 'GET' },
          value: 1,
        }),
      );
      await answer;

      expect(await app.recorded()).toEqual(timed('GET /slow/:ms 200'));
      expect(inProgress(app.registry)).toBe(0);
    });

    it('count a stream that the application breaks off as its error, not as the client leaving', async () => {
      await expect(app.get('/broken-file')).rejects.toThrow('aborted');

      expect(await app.recorded()).toEqual(timed('GET /broken-file 500'));
    });

    it('count events that the client stops reading under the status they had, not among the durations', async () => {
      await requestLeftAtFirstByte(app.port, '/events');

      expect(await app.recorded()).toEqual(streamed('GET /events 200'));
    });

    it('count events that the server ends the same way', async () => {
      const { body } = await app.get('/three-events');

      expect(body).toContain('data: three');
      expect(await app.recorded()).toEqual(streamed('GET /three-events 200'));
    });

    it('end the duration of a request where its client left, with status 499', async () => {
      const startedAt = performance.now();
      await abortedRequest(app.port, { path: '/slow/5000' }, arrivalAt(app, '/slow/5000'));

      expect(await app.recorded()).toEqual(timed('GET /slow/:ms 499'));
      const [seconds] = durations(app.registry);
      expect(seconds).toBeGreaterThan(0.03);
      expect(seconds).toBeLessThan((performance.now() - startedAt) / 1_000);
      // The handler goes on; what it does then must not count again.
      await sleep(5_000);
      expect(await app.recorded()).toEqual(timed('GET /slow/:ms 499'));
    });

    it('count an upload that its client gives up', async () => {
      const connection = new RawConnection(app.port);
      connection.send(head('POST', '/echo', { ...JSON_TYPE, 'content-length': '1000' }) + '{"half":');
      await eventually(() => expect(inProgress(app.registry)).toBe(1));
      connection.destroy();

      const route = adapter === 'express' ? '<unmatched>' : '/echo';
      expect(await app.recorded()).toEqual(timed(`POST ${route} 499`));
    });

    it('count a download that its client gives up', async () => {
      await requestLeftAtFirstByte(app.port, '/endless-file');

      expect(await app.recorded()).toEqual(timed('GET /endless-file 499'));
    });

    it('count each request of a connection that is kept alive', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (const path of ['/ok', '/users/1', '/users/2', '/nowhere']) await app.get(path, { agent });
      agent.destroy();

      expect(await app.recorded(4)).toEqual(
        timed('GET /ok 200', 'GET /users/:id 200', 'GET /users/:id 200', 'GET <unmatched> 404'),
      );
    });

    it('count each of several requests sent at once on one connection', async () => {
      const connection = new RawConnection(app.port);
      connection.send(
        head('GET', '/slow/30') + head('GET', '/teapot') + head('GET', '/ok', { connection: 'close' }),
      );
      await connection.closed;

      expect(connection.statuses).toEqual([200, 418, 200]);
      expect(await app.recorded(3)).toEqual(timed('GET /ok 200', 'GET /slow/:ms 200', 'GET /teapot 418'));
    });

    it('count requests whose connection is lost while they wait behind another', async () => {
      const connection = new RawConnection(app.port);
      connection.send(head('GET', '/slow/5000') + head('GET', '/ok') + head('GET', '/slow/4000'));
      await eventually(() => expect(inProgress(app.registry)).toBe(3));
      connection.destroy();

      expect(await app.recorded(3)).toEqual(timed('GET /ok 499', 'GET /slow/:ms 499', 'GET /slow/:ms 499'));
    });

    it('do not pile up listeners on a connection that carries hundreds of requests at once', async () => {
      const warnings: string[] = [];
      const onWarning = (warning: Error): void => void warnings.push(warning.message);
      process.on('warning', onWarning);
      const connection = new RawConnection(app.port);
      connection.send(head('GET', '/ok').repeat(299) + head('GET', '/ok', { connection: 'close' }));
      await connection.closed;

      expect((await app.recorded(300)).requests).toHaveLength(300);
      process.off('warning', onWarning);
      expect(warnings).toEqual([]);
    });

    it('keep nothing that a client sends: no query, header, cookie, body or unmatched path', async () => {
      const secret = 'hunter2';
      const headers = {
        ...JSON_TYPE,
        authorization: `Bearer ${secret}`,
        cookie: `session=${secret}`,
        'x-api-key': secret,
        referer: `http://localhost/${secret}`,
      };
      await app.get(`/users/${secret}?token=${secret}`, { headers });
      await app.get(`/${secret}/${secret}?${secret}`, { headers });
      await app.get(`/numbers/${secret}`, { headers });
      await app.get(`/%zz${secret}`, { headers });
      await app.ask({ path: '/echo', method: 'POST', headers, body: JSON.stringify({ secret }) });
      await app.ask({ path: '/echo', method: 'POST', headers, body: `{${secret}` });

      expect((await app.recorded(6)).requests).toHaveLength(6);
      for (const path of ['/metrics', '/metrics-dashboard/api/overview', '/health']) {
        const { status, body } = await app.get(`${path}?${secret}`, { headers });
        expect([path, status, body.includes(secret)]).toEqual([path, 200, false]);
      }
    });

    it('are back at zero in progress after any mix of requests', async () => {
      let aborted = 0;
      const kinds: Readonly<Record<string, () => Promise<unknown>>> = {
        ok: () => app.get('/ok'),
        thrown: () => app.get('/broken'),
        unmatched: () => app.get('/nowhere'),
        refused: () => app.get('/forbidden'),
        brokenOff: () => app.get('/broken-file').catch(() => undefined),
        aborted: () => {
          const path = `/slow/${10_000 + aborted++}`;
          return abortedRequest(app.port, { path }, arrivalAt(app, path));
        },
        download: () => requestLeftAtFirstByte(app.port, '/endless-file'),
        events: () => requestLeftAtFirstByte(app.port, '/events'),
        post: () => app.ask({ path: '/echo', method: 'POST', headers: JSON_TYPE, body: '{}' }),
      };
      const mixes = fc.array(fc.constantFrom(...Object.keys(kinds)), { minLength: 1, maxLength: 30 });
      await fc.assert(
        fc.asyncProperty(mixes, async (mix) => {
          app.registry.resetAll();
          await Promise.all(mix.map((kind) => kinds[kind]!()));
          const { requests, durations: timings, streams } = await app.recorded(mix.length);
          expect(requests).toHaveLength(mix.length);
          expect(timings.length + streams.length).toBe(mix.length);
          expect(streams).toHaveLength(mix.filter((kind) => kind === 'events').length);
        }),
        { numRuns: 8, seed: 42 },
      );
    });
  });

  describe('of an application that', () => {
    let app: RunningApp | undefined;

    afterEach(async () => {
      await app?.close();
      app = undefined;
    });

    it('has a global prefix with exceptions: the route is what the client asks for', async () => {
      app = await startApp(adapter, FixtureModule.with(PLAIN), {
        configure: (nest) =>
          void nest.setGlobalPrefix('api', { exclude: [{ path: 'ok', method: RequestMethod.GET }] }),
      });
      const statuses = await inTurn(app, ['/ok', '/api/users/5', '/api/no/such', '/users/5', '/api']);

      expect(statuses).toEqual([200, 200, 404, 404, 404]);
      expect(await app.recorded(5)).toEqual(
        timed(
          'GET /api/users/:id 200',
          'GET /ok 200',
          'GET <unmatched> 404',
          'GET <unmatched> 404',
          'GET <unmatched> 404',
        ),
      );
    });

    it('has versions in the path: each is a route', async () => {
      app = await startApp(adapter, FixtureModule.with(PLAIN, { controllers: [VersionedController] }), {
        configure: (nest) => void nest.enableVersioning({ type: VersioningType.URI }),
      });
      const statuses = await inTurn(app, ['/v1/versioned/7', '/v2/versioned/7', '/v3/versioned/7']);

      expect(statuses).toEqual([200, 200, 404]);
      expect(await app.recorded(3)).toEqual(
        timed('GET /v1/versioned/:id 200', 'GET /v2/versioned/:id 200', 'GET <unmatched> 404'),
      );
    });

    it('has versions in a header: all are one route', async () => {
      app = await startApp(adapter, FixtureModule.with(PLAIN, { controllers: [VersionedController] }), {
        configure: (nest) => void nest.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
      });
      const first = await app.get('/versioned/7', { headers: { 'x-version': '1' } });
      const second = await app.get('/versioned/7', { headers: { 'x-version': '2' } });

      expect([first.body, second.body]).toEqual(['one', 'two']);
      expect(await app.recorded(2)).toEqual(timed('GET /versioned/:id 200', 'GET /versioned/:id 200'));
    });

    it.each([
      ['for every route', '*'],
      ['for every route by a named wildcard', '{*path}'],
      ['for some routes of one method', { path: 'users/*path', method: RequestMethod.GET }],
    ])('binds middleware %s: the route is still that of the handler', async (_, where) => {
      app = await startApp(
        adapter,
        withMiddleware(PLAIN, (consumer) => consumer.apply(letPass).forRoutes(where)),
      );
      await inTurn(app, ['/ok', '/users/5', '/users/5/and/more', '/no/such']);

      expect(await app.recorded(4)).toEqual(
        timed('GET /ok 200', 'GET /users/:id 200', 'GET <unmatched> 404', 'GET <unmatched> 404'),
      );
    });

    it('has middleware that answers itself: what it answers counts, though no route has been looked for yet', async () => {
      app = await startApp(
        adapter,
        withMiddleware(PLAIN, (consumer) => consumer.apply(answer401).forRoutes('*')),
      );
      const statuses = await inTurn(app, ['/users/5', '/users/6', '/no/such']);

      expect(statuses).toEqual([401, 401, 401]);
      expect(await app.recorded(3)).toEqual(
        timed('GET <unmatched> 401', 'GET <unmatched> 401', 'GET <unmatched> 401'),
      );
    });

    it('refuses everybody by a global guard: the refusals count, and our endpoints answer', async () => {
      app = await startApp(
        adapter,
        FixtureModule.with(PLAIN, {
          providers: [{ provide: APP_GUARD, useClass: ForbiddingGuard }],
        }),
      );
      const ours = [
        '/metrics',
        '/health',
        '/ready',
        '/alive',
        '/metrics-dashboard',
        '/metrics-dashboard/api/overview',
      ];
      const statuses = await inTurn(app, ['/ok', ...ours]);

      expect(statuses).toEqual([403, ...ours.map(() => 200)]);
      expect(await app.recorded()).toEqual(timed('GET /ok 403'));
    });

    it('has a global interceptor and a global filter: what they make of the answer counts', async () => {
      app = await startApp(
        adapter,
        FixtureModule.with(PLAIN, {
          providers: [
            { provide: APP_INTERCEPTOR, useValue: { intercept: wrapAnswer } },
            { provide: APP_FILTER, useClass: EverythingIsUnavailable },
          ],
        }),
      );
      const { body } = await app.get('/ok');
      const statuses = await inTurn(app, ['/broken', '/no/such', '/metrics']);

      expect(JSON.parse(body)).toEqual({ wrapped: { ok: true } });
      expect(statuses).toEqual([503, 503, 200]);
      expect(await app.recorded(3)).toEqual(timed('GET /broken 503', 'GET /ok 200', 'GET <unmatched> 503'));
    });

    it('enables CORS: a preflight counts like any request', async () => {
      app = await startApp(adapter, FixtureModule.with(PLAIN), {
        configure: (nest) => nest.enableCors(),
      });
      const headers = { origin: 'http://elsewhere', 'access-control-request-method': 'GET' };
      const preflight = await app.ask({ path: '/users/5', method: 'OPTIONS', headers });
      await app.get('/users/5', { headers: { origin: 'http://elsewhere' } });

      expect(preflight.status).toBe(204);
      expect(await app.recorded(2)).toEqual(timed('GET /users/:id 200', 'OPTIONS <unmatched> 204'));
    });

    it('calls a request slow from some milliseconds on: only those above count as slow', async () => {
      let passedMs = 0;
      const clock = { now: () => Date.now(), monotonic: () => passedMs };
      const options = { ...PLAIN, clock, http: { slowRequestThresholdMs: 900 } };
      app = await startApp(adapter, FixtureModule.with(options), {
        configure: (nest) =>
          void nest.use(({ url }: { url: string }, _: unknown, next: () => void) => {
            passedMs += url === '/ok' ? 900 : 901;
            next();
          }),
      });
      await inTurn(app, ['/users/1', '/ok']);

      const { slow, requests } = await app.recorded(2);
      expect(requests).toEqual(['GET /ok 200', 'GET /users/:id 200']);
      expect(slow).toEqual(['GET /users/:id 200']);
    });

    it('does not want some routes measured: they leave no trace', async () => {
      app = await startApp(
        adapter,
        FixtureModule.with({
          ...PLAIN,
          http: { ...PLAIN.http, ignoreRoutes: ['/ok', /^\/(users|numbers)\//g] },
        }),
      );
      await inTurn(app, ['/ok', '/users/1', '/ok', '/users/2', '/numbers/3', '/teapot']);
      await abortedRequest(app.port, { path: '/slow/5000' }, arrivalAt(app, '/slow/5000'));

      expect(await app.recorded(2)).toEqual(timed('GET /slow/:ms 499', 'GET /teapot 418'));
      const { body } = await app.get('/metrics');
      expect(body).not.toMatch(/\/ok|\/users|\/numbers/);
    });

    it('wants no request metrics: there are none, and nothing listens for requests', async () => {
      app = await startApp(adapter, FixtureModule.with({ ...PLAIN, http: false }));
      await inTurn(app, ['/ok', '/no/such']);

      const { status, body } = await app.get('/metrics');
      expect(status).toBe(200);
      expect(body).not.toMatch(/^http_(requests|request_duration|slow|stream)/m);
    });

    it('gives its own buckets: durations fall into those', async () => {
      app = await startApp(adapter, FixtureModule.with({ ...PLAIN, http: { buckets: [0.001, 30] } }));
      await app.get('/slow/20');
      await app.recorded();

      const buckets = await app.samples('http_request_duration_seconds_bucket');
      expect(buckets.map(({ labels, value }) => [labels['le'], value])).toEqual([
        ['0.001', 0],
        ['30', 1],
        ['+Inf', 1],
      ]);
    });
  });
});

describe('request metrics of requests that do not come by the server of Nest', () => {
  it('count what Fastify is given by inject()', async () => {
    const nest = (await createApp('fastify', FixtureModule.with(PLAIN))) as NestFastifyApplication;
    await nest.init();
    const registry = nest.get(MetricsRegistry);
    const statuses: number[] = [];
    for (const url of ['/users/5?secret=1', '/no/such', '/broken'])
      statuses.push((await nest.inject({ url })).statusCode);

    expect(statuses).toEqual([200, 404, 500]);
    await eventually(() => expect(total(registry, 'http_requests_total')).toBe(3));
    expect(seriesOf(registry, 'http_requests_total').map(({ labels }) => labels)).toEqual([
      { method: 'GET', route: '/users/:id', status_code: '200' },
      { method: 'GET', route: '<unmatched>', status_code: '404' },
      { method: 'GET', route: '/broken', status_code: '500' },
    ]);
    expect(inProgress(registry)).toBe(0);
    await nest.close();
  });

  it.each(ADAPTERS)('have their routes in an application of the testing module on %s', async (adapter) => {
    const testing = await Test.createTestingModule({
      imports: [FixtureModule.with(PLAIN)],
    }).compile();
    const http = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    const nest = testing.createNestApplication(http, { logger: false });
    await nest.listen(0, '127.0.0.1');
    const app = new RunningApp(adapter, nest);
    await app.get('/users/5');
    await app.get('/no/such');

    expect(await app.recorded(2)).toEqual(timed('GET /users/:id 200', 'GET <unmatched> 404'));
    await app.close();
  });

  const unavailable = withoutIpv6 === undefined ? '' : ` (skipped: there is no ::1 here: ${withoutIpv6})`;
  const withIpv6 = withoutIpv6 === undefined ? it : it.skip;
  withIpv6(
    `count what comes by each address that Fastify listens on for localhost${unavailable}`,
    async () => {
      // Not every machine has both addresses in its hosts file; Fastify is told that this one does.
      const { lookup } = dns;
      const addresses = [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ];
      jest.spyOn(dns, 'lookup').mockImplementation(((name: string, options: unknown, done: LookupDone) => {
        if (name === 'localhost' && isLookupOfAll(options)) process.nextTick(done, null, addresses);
        else Reflect.apply(lookup, dns, [name, options, done]);
      }) as typeof dns.lookup);
      const app = await startApp('fastify', FixtureModule.with(PLAIN), { host: 'localhost' });
      jest.restoreAllMocks();
      await app.get('/users/4', { host: '127.0.0.1' });
      await app.get('/users/6', { host: '::1' });
      // It comes by another server than the one that the adapter names.
      const isThere = eventually(() => expect(inProgress(app.registry)).toBe(1));
      await abortedRequest(app.port, { path: '/slow/5000', host: '::1' }, isThere);

      expect(await app.recorded(3)).toEqual(
        timed('GET /slow/:ms 499', 'GET /users/:id 200', 'GET /users/:id 200'),
      );
      await app.close();
    },
  );

  it("count what an Express application gets from a server of the user's own", async () => {
    const nest = await createApp('express', FixtureModule.with(PLAIN));
    await nest.init();
    const server = createServer(nest.getHttpAdapter().getInstance());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const registry = nest.get(MetricsRegistry);
    await request(port, { path: '/users/5' });
    await request(port, { path: '/no/such' });
    await abortedRequest(port, { path: '/slow/5000' }, arrival(server, '/slow/5000'));

    await eventually(() => expect(total(registry, 'http_requests_total')).toBe(3));
    expect(seriesOf(registry, 'http_requests_total').map(({ labels }) => labels)).toEqual([
      { method: 'GET', route: '/users/:id', status_code: '200' },
      { method: 'GET', route: '<unmatched>', status_code: '404' },
      { method: 'GET', route: '/slow/:ms', status_code: '499' },
    ]);
    expect(inProgress(registry)).toBe(0);
    server.close();
    await nest.close();
  });
});

@Catch()
class EverythingIsUnavailable implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<{
      status(code: number): { send(body: string): void };
    }>();
    response.status(503).send('later');
  }
}

function wrapAnswer(_context: unknown, next: { handle(): Observable<unknown> }): Observable<unknown> {
  return next.handle().pipe(map((wrapped) => ({ wrapped })));
}

type LookupDone = (error: Error | null, addresses: readonly dns.LookupAddress[]) => void;

function isLookupOfAll(options: unknown): boolean {
  return typeof options === 'object' && options !== null && 'all' in options && options.all === true;
}

function arrivalAt({ app }: RunningApp, path: string): Promise<void> {
  return arrival(app.getHttpServer() as Server, path);
}

/** Why nothing can listen on this address; undefined if it can. */
function bindingErrorOf(host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', (error) => resolve(error.message));
    server.listen(0, host, () => server.close(() => resolve(undefined)));
  });
}

/** The statuses of these paths, asked for one after the other. */
async function inTurn(app: RunningApp, paths: readonly string[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const path of paths) statuses.push((await app.get(path)).status);
  return statuses;
}

/** The sum of each series of request durations, in seconds. */
function durations(registry: MetricsRegistry): number[] {
  const family = registry.snapshot().families.find(({ name }) => name === 'http_request_duration_seconds');
  return family?.type === 'histogram' ? Array.from(family.series, ({ sum }) => sum) : [];
}
