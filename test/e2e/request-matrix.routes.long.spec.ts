import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Module, NotFoundException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import express, { type NextFunction, type Request, type Response, Router } from 'express';
import { MetricsRegistry } from 'nestjs-monitoring';
import { ExpressRoutes } from '../../lib/instrumentation/http/express-routes.js';
import { FixtureModule, WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { request } from './fixture/http-client.js';
import {
  ADAPTERS,
  createApp,
  eventually,
  RunningApp,
  seriesOf,
  startApp,
  total,
} from './fixture/start-app.js';

let app: RunningApp | undefined;
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  await app?.close();
  app = undefined;
});

const counted = (registry: MetricsRegistry): string[] =>
  seriesOf(registry, 'http_requests_total').map(
    ({ labels, value }) => `${labels['method']} ${labels['route']} ${labels['status_code']} ${value}`,
  );

const answer = (_: Request, response: Response): void => void response.send('ok');
const fail = (_request: Request, _response: Response, next: NextFunction): void =>
  next(new Error('as planned'));
const pass = (_request: Request, _response: Response, next: NextFunction): void => next();

interface Mounted {
  readonly name: string;
  readonly mount: (nest: INestApplication) => void;
  readonly path: string;
  readonly counted: string;
}

const routed = (configure: (router: Router) => void, options?: { mergeParams: boolean }): Router => {
  const router = Router(options);
  configure(router);
  return router;
};

const users = (handler: typeof answer | typeof fail): Router =>
  routed((router) => router.get('/users/:id', handler));

const MOUNTED: readonly Mounted[] = [
  {
    name: 'a router at the root',
    mount: (nest) => void nest.use(users(answer)),
    path: '/users/5',
    counted: 'GET /users/:id 200 1',
  },
  {
    name: 'a mounted router',
    mount: (nest) =>
      void nest.use(
        '/shop',
        routed((router) => router.get('/items/:id', answer)),
      ),
    path: '/shop/items/5',
    counted: 'GET /shop/items/:id 200 1',
  },
  {
    name: 'the root of a mounted router',
    mount: (nest) =>
      void nest.use(
        '/shop',
        routed((router) => router.get('/', answer)),
      ),
    path: '/shop',
    counted: 'GET /shop 200 1',
  },
  {
    name: 'an error passed to next() in a mounted router',
    mount: (nest) => void nest.use('/shop', users(fail)),
    path: '/shop/users/5',
    counted: 'GET /shop/users/:id 500 1',
  },
  {
    name: 'an error passed to next() at the root of a mounted router',
    mount: (nest) =>
      void nest.use(
        '/shop',
        routed((router) => router.get('/', fail)),
      ),
    path: '/shop',
    counted: 'GET /shop 500 1',
  },
  {
    name: 'nested routers with parameters',
    mount: (nest) =>
      void nest.use(
        '/tenants/:tenant',
        routed((outer) => outer.use('/shops/:shop', users(answer)), { mergeParams: true }),
      ),
    path: '/tenants/1/shops/2/users/3',
    counted: 'GET /tenants/:tenant/shops/:shop/users/:id 200 1',
  },
  {
    name: 'an error in nested routers with parameters',
    mount: (nest) =>
      void nest.use(
        '/tenants/:tenant',
        routed((outer) => outer.use('/shops/:shop', users(fail))),
      ),
    path: '/tenants/1/shops/2/users/3',
    counted: 'GET /tenants/:tenant/shops/:shop/users/:id 500 1',
  },
  {
    name: 'a router that is mounted twice',
    mount: (nest) => {
      const router = users(answer);
      nest.use('/v1', router);
      nest.use('/v2', router);
    },
    path: '/v2/users/3',
    counted: 'GET /v2/users/:id 200 1',
  },
  {
    name: 'a router that is mounted at two paths at once',
    mount: (nest) => void nest.use(['/v1', '/v2'], users(answer)),
    path: '/v2/users/3',
    counted: 'GET /v1/users/:id|/v2/users/:id 200 1',
  },
  {
    name: 'a router behind middleware',
    mount: (nest) => void nest.use('/shop', pass, users(answer), pass),
    path: '/shop/users/3',
    counted: 'GET /shop/users/:id 200 1',
  },
  {
    name: 'an application of Express that is mounted',
    mount: (nest) => {
      const inner = express();
      inner.get('/users/:id', answer);
      nest.use('/inner/:tenant', inner);
    },
    path: '/inner/1/users/3',
    counted: 'GET /inner/:tenant/users/:id 200 1',
  },
  {
    name: 'a router in an application of Express that is mounted',
    mount: (nest) => {
      const inner = express();
      inner.use('/shop', users(answer));
      nest.use('/inner', inner);
    },
    path: '/inner/shop/users/3',
    counted: 'GET /inner/shop/users/:id 200 1',
  },
  {
    name: 'a router made for each request',
    mount: (nest) => void nest.use((...args: [Request, Response, NextFunction]) => users(answer)(...args)),
    path: '/users/3',
    counted: 'GET */users/:id 200 1',
  },
  {
    name: 'an application of Express that middleware calls',
    mount: (nest) => {
      const inner = express();
      inner.get('/users/:id', answer);
      nest.use('/inner', (...args: [Request, Response, NextFunction]) => void inner(...args));
    },
    path: '/inner/users/3',
    counted: 'GET */users/:id 200 1',
  },
  {
    name: 'a router in an application of Express that middleware calls',
    mount: (nest) => {
      const inner = express();
      inner.use('/shop', users(answer));
      nest.use('/inner', (...args: [Request, Response, NextFunction]) => void inner(...args));
    },
    path: '/inner/shop/users/3',
    counted: 'GET */shop/users/:id 200 1',
  },
  {
    name: 'an application of Express in another one that middleware calls',
    mount: (nest) => {
      const outer = express();
      const inner = express();
      inner.get('/users/:id', answer);
      outer.use('/inner', inner);
      nest.use('/outer', (...args: [Request, Response, NextFunction]) => void outer(...args));
    },
    path: '/outer/inner/users/3',
    counted: 'GET */inner/users/:id 200 1',
  },
  {
    name: 'an error passed to next() in an application of Express, which has left the request by then',
    mount: (nest) => {
      const inner = express();
      inner.get('/users/:id', fail);
      nest.use('/inner', inner);
    },
    path: '/inner/users/3',
    counted: 'GET */users/:id 500 1',
  },
];

/** Middleware that answers itself, as Apollo Server does. */
const ANSWERING: readonly Mounted[] = [
  {
    name: 'a path, whatever its case and what follows',
    mount: (nest) => void nest.use('/graphql', pass).use('/graphql', answer),
    path: '/GraphQL/of/a/client?query=1',
    counted: 'GET /graphql 200 1',
  },
  {
    name: 'a path with a parameter',
    mount: (nest) => void nest.use('/tenants/:tenant/graphql', answer),
    path: '/tenants/acme/graphql',
    counted: 'GET /tenants/:tenant/graphql 200 1',
  },
  {
    name: 'a path in a router',
    mount: (nest) =>
      void nest.use(
        '/shop',
        routed((router) => router.use('/graphql', answer)),
      ),
    path: '/shop/graphql',
    counted: 'GET /shop/graphql 200 1',
  },
  {
    name: 'the root of a router in a router of the root',
    mount: (nest) =>
      void nest.use(
        routed((router) =>
          router.use(
            '/shop',
            routed((inner) => inner.use(answer)),
          ),
        ),
      ),
    path: '/shop/a/b',
    counted: 'GET /shop 200 1',
  },
  {
    name: 'one of several paths, after middleware for all of them',
    mount: (nest) => void nest.use(['/graphql', '/admin'], pass).use('/{*any}', pass).use('/graphql', answer),
    path: '/graphql',
    counted: 'GET /graphql 200 1',
  },
  {
    name: 'several paths',
    mount: (nest) => void nest.use(['/v1', '/v2'], answer),
    path: '/v2/x',
    counted: 'GET /v1|/v2 200 1',
  },
  {
    name: 'an application of Express, which is mounted',
    mount: (nest) => {
      const inner = express();
      inner.use(answer);
      nest.use('/inner', inner);
    },
    path: '/inner/x',
    counted: 'GET /inner 200 1',
  },
  {
    name: 'the root, which has no path',
    mount: (nest) => void nest.use(answer),
    path: '/users/5',
    counted: 'GET <unmatched> 200 1',
  },
  {
    name: 'a wildcard, which matches everything',
    mount: (nest) => void nest.use('/{*path}', answer),
    path: '/users/5',
    counted: 'GET <unmatched> 200 1',
  },
  {
    name: 'a regular expression',
    mount: (nest) => void nest.use(/^\/u/, answer),
    path: '/u',
    counted: 'GET <unmatched> 200 1',
  },
  {
    name: 'a path whose middleware passes on what nobody answers',
    mount: (nest) => void nest.use('/graphql', pass),
    path: '/graphql/x',
    counted: 'GET <unmatched> 404 1',
  },
];

describe('the route of what is mounted on Express', () => {
  const expectCounted = async ({ mount, path, counted: expected }: Mounted): Promise<void> => {
    app = await startApp('express', FixtureModule.with(WITHOUT_COLLECTORS, { controllers: [] }), {
      configure: mount,
    });
    await app.get(path);
    await app.recorded();

    expect(counted(app.registry)).toEqual([expected]);
  };

  it.each(MOUNTED)('is the full template: $name', expectCounted);

  it.each(ANSWERING)('is the path of middleware that answers itself: $name', expectCounted);

  it('never has the URL in it where the router does not tell its mount', () => {
    const server = express();
    server.use('/shop/:secret', users(answer));
    const layers = server.router.stack as unknown as {
      rawPath?: unknown;
      handle: { stack: { route: object }[] };
    }[];
    const mount = layers.at(-1)!;
    delete mount.rawPath;
    const found = new ExpressRoutes().templateOf({
      app: server,
      route: mount.handle.stack[0]?.route,
      originalUrl: '/shop/hunter2/users/5',
    } as never);

    expect(found).toBe('*/users/:id');
  });

  it('is searched for only so often where routers are made for each request', async () => {
    app = await startApp('express', FixtureModule.with(WITHOUT_COLLECTORS), {
      configure: (nest) =>
        void nest.use('/new', (...args: [Request, Response, NextFunction]) => users(answer)(...args)),
    });
    for (let i = 0; i < 200; i++) await app.get(`/new/users/${i}`);
    await app.get('/users/5');
    await app.recorded(201);

    expect(counted(app.registry)).toEqual(['GET */users/:id 200 200', 'GET /users/:id 200 1']);
  });
});

@Controller()
class OwnWildcards {
  @Get('files/*')
  file(): never {
    throw new NotFoundException('no such file');
  }

  @Get('*')
  rest(): never {
    throw new NotFoundException('nothing here');
  }
}

describe.each(ADAPTERS)('a route of the application on %s', (adapter) => {
  it('that is a wildcard and says 404 is the route', async () => {
    app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS, { controllers: [OwnWildcards] }));
    await app.get('/files/a/b');
    await app.get('/else/where');
    await app.ask({ path: '/files/a/b', method: 'POST' });
    const { requests } = await app.recorded(3);

    const routes = requests.map((entry) => entry.replace(/\{\*\w*\}/, '*'));
    expect(routes.toSorted()).toEqual(['GET /* 404', 'GET /files/* 404', 'POST <unmatched> 404']);
  });

  it.each([129, 1_000, 10_000])('with a template of %i characters is cut', async (length) => {
    class Long {
      get(): string {
        return 'ok';
      }
    }
    const path = 'x'.repeat(length);
    Get(path)(Long.prototype, 'get', Object.getOwnPropertyDescriptor(Long.prototype, 'get')!);
    Controller()(Long);
    app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS, { controllers: [Long] }));
    await app.get(`/${path}`);
    await app.recorded();

    const [series] = seriesOf(app.registry, 'http_requests_total');
    expect(series?.labels['route']).toBe(`/${'x'.repeat(126)}…`);
  });
});

/** Starts an application that another one is mounted in. */
async function start(
  mount: (outer: INestApplication, inner: INestApplication) => void | Promise<void>,
  adapter: (typeof ADAPTERS)[number],
): Promise<{ outer: RunningApp; inner: MetricsRegistry }> {
  const inner = await createApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS));
  await inner.init();
  if (adapter === 'fastify') await (inner as NestFastifyApplication).getHttpAdapter().getInstance().ready();
  closing.push(() => inner.close());
  const outer = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS), {
    configure: (nest) => mount(nest, inner),
  });
  app = outer;
  return { outer, inner: inner.get(MetricsRegistry) };
}

describe('a Nest application that is mounted in another', () => {
  it('counts its own on Express, and the outer one all', async () => {
    const { outer, inner } = await start(
      (nest, mounted) => void nest.use('/inner', mounted.getHttpAdapter().getInstance()),
      'express',
    );
    const statuses: number[] = [];
    for (const path of ['/inner/users/5', '/inner/broken', '/inner/no/such', '/users/5', '/no/such'])
      statuses.push((await outer.get(path)).status);
    await outer.recorded(5);

    expect(statuses).toEqual([200, 500, 404, 200, 404]);
    expect(counted(inner).toSorted()).toEqual([
      'GET /inner/broken 500 1',
      'GET /inner/users/:id 200 1',
      'GET <unmatched> 404 1',
    ]);
    expect(counted(outer.registry).toSorted()).toEqual([
      'GET /inner/broken 500 1',
      'GET /inner/users/:id 200 1',
      'GET /users/:id 200 1',
      'GET <unmatched> 404 2',
    ]);
    expect([total(inner, 'http_requests_in_progress'), total(inner, 'http_server_errors_total')]).toEqual([
      0, 1,
    ]);
  });

  it('counts its own on Express, called by middleware of the outer one', async () => {
    const { outer, inner } = await start((nest, mounted) => {
      const server = mounted.getHttpAdapter().getInstance() as express.Express;
      nest.use('/inner', (...args: [Request, Response, NextFunction]) => void server(...args));
    }, 'express');
    for (const path of ['/inner/users/5', '/inner/broken', '/users/5']) await outer.get(path);
    await outer.recorded(3);

    expect(counted(inner).toSorted()).toEqual(['GET /broken 500 1', 'GET /users/:id 200 1']);
    expect(counted(outer.registry).toSorted()).toEqual([
      'GET */broken 500 1',
      'GET */users/:id 200 1',
      'GET /users/:id 200 1',
    ]);
  });

  it('has endpoints that neither counts', async () => {
    const { outer, inner } = await start(
      (nest, mounted) => void nest.use('/inner', mounted.getHttpAdapter().getInstance()),
      'express',
    );
    const statuses: number[] = [];
    for (const path of ['/inner/ready', '/inner/metrics', '/ready', '/metrics'])
      statuses.push((await outer.get(path)).status);
    await outer.get('/ok');
    await outer.recorded();

    expect(statuses).toEqual([200, 200, 200, 200]);
    expect(counted(inner)).toEqual([]);
    expect(counted(outer.registry)).toEqual(['GET /ok 200 1']);
  });

  it('counts its own on Fastify, by middie', async () => {
    const { outer, inner } = await start(async (nest, mounted) => {
      const server = (mounted as NestFastifyApplication).getHttpAdapter().getInstance();
      nest.use('/inner', (incoming: never, response: never) => server.routing(incoming, response));
    }, 'fastify');
    const statuses: number[] = [];
    for (const path of ['/inner/users/5', '/inner/broken', '/users/5'])
      statuses.push((await outer.get(path)).status);
    await outer.recorded(3);

    expect(statuses).toEqual([200, 500, 200]);
    expect(counted(inner).toSorted()).toEqual(['GET /broken 500 1', 'GET /users/:id 200 1']);
    expect(total(outer.registry, 'http_requests_total')).toBe(3);
    expect(counted(outer.registry)).toContain('GET /users/:id 200 1');
  });

  it('counts its own in an application of Express without Nest', async () => {
    @Module({ imports: [FixtureModule.with(WITHOUT_COLLECTORS)] })
    class Inner {}
    const server = express();
    const nest = await NestFactory.create(Inner, new ExpressAdapter(), {
      logger: false,
      abortOnError: false,
    });
    await nest.init();
    closing.push(() => nest.close());
    server.use('/api/:version', nest.getHttpAdapter().getInstance());
    const listening = server.listen(0, '127.0.0.1');
    closing.push(() => listening.close());
    await new Promise((resolve) => listening.once('listening', resolve));
    const { port } = listening.address() as { port: number };
    await request(port, { path: '/api/v1/users/5' });

    const registry = nest.get(MetricsRegistry);
    await eventually(() => expect(counted(registry)).toEqual(['GET /api/:version/users/:id 200 1']));
  });
});
