import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Version, VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, RouteConstraints } from '@nestjs/platform-fastify';
import { FixtureModule, WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { FixtureController } from './fixture/controllers.js';
import { ADAPTERS, RunningApp, startApp } from './fixture/start-app.js';

type FastifyOptions = ConstructorParameters<typeof FastifyAdapter>[0];

const PATHS = ['/metrics', '/ready', '/alive', '/health', '/metrics-dashboard'];

let app: RunningApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function onFastify(
  options: FastifyOptions,
  controllers: NonNullable<Parameters<typeof FixtureModule.with>[1]>['controllers'] = [FixtureController],
  configure: (nest: INestApplication) => void = () => undefined,
): Promise<RunningApp> {
  const nest = await NestFactory.create(
    FixtureModule.with(WITHOUT_COLLECTORS, { controllers }),
    new FastifyAdapter(options),
    { logger: false, abortOnError: false, forceCloseConnections: true },
  );
  configure(nest);
  await nest.listen(0, '127.0.0.1');
  return new RunningApp('fastify', nest);
}

async function statuses(paths: readonly string[]): Promise<(string | number)[][]> {
  const answers: (string | number)[][] = [];
  for (const path of paths) answers.push([path, (await app!.get(path)).status]);
  return answers;
}

const all = (paths: readonly string[], status: number): (string | number)[][] =>
  paths.map((path) => [path, status]);

const ROUTERS: readonly (readonly [string, FastifyOptions])[] = [
  ['as it comes', {}],
  ['that ignores trailing slashes', { ignoreTrailingSlash: true }],
  ['that ignores trailing slashes by routerOptions', { routerOptions: { ignoreTrailingSlash: true } }],
  ['that ignores case', { caseSensitive: false }],
  ['that ignores duplicate slashes', { routerOptions: { ignoreDuplicateSlashes: true } }],
  [
    'that ignores all of them',
    { routerOptions: { ignoreTrailingSlash: true, caseSensitive: false, ignoreDuplicateSlashes: true } },
  ],
  ['without HEAD routes', { exposeHeadRoutes: false }],
];

describe('our endpoints on Fastify, of a router', () => {
  it.each(ROUTERS)('%s, are reached with and without a slash at the end', async (_, options) => {
    app = await onFastify(options);

    expect(await statuses(PATHS)).toEqual(all(PATHS, 200));
    const slashed = PATHS.map((path) => `${path}/`);
    expect(await statuses(slashed)).toEqual(all(slashed, 200));
    expect((await app.get('/ready', { method: 'HEAD' })).status).toBe(200);
  });

  it.each(ROUTERS)('%s, are reached below a global prefix', async (_, options) => {
    const nest = await NestFactory.create(
      FixtureModule.with({ ...WITHOUT_COLLECTORS, endpoints: { useGlobalPrefix: true } }),
      new FastifyAdapter(options),
      { logger: false, abortOnError: false, forceCloseConnections: true },
    );
    nest.setGlobalPrefix('/api/');
    await nest.listen(0, '127.0.0.1');
    app = new RunningApp('fastify', nest);

    expect(await statuses(['/api/ready', '/api/ready/', '/ready'])).toEqual([
      ['/api/ready', 200],
      ['/api/ready/', 200],
      ['/ready', 404],
    ]);
  });

  it.each(ROUTERS)('%s, make way for a route of the application', async (_, options) => {
    app = await onFastify(options, [OwnReadyController]);

    expect((await app.get('/ready')).body).toBe('my own');
    expect((await app.get('/alive')).status).toBe(200);
  });

  it.each(ROUTERS)('%s, are before a wildcard of the application', async (_, options) => {
    app = await onFastify(options, [WildcardController]);

    expect((await app.get('/ready')).body).toContain('status');
    expect((await app.get('/elsewhere')).body).toBe('wild');
  });

  it.each(ROUTERS)('%s, are beside versions and constraints of the application', async (_, options) => {
    app = await onFastify(options, [VersionedReadyController, ConstrainedAliveController], (nest) =>
      nest.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
    );

    expect((await app.get('/ready', { headers: { 'x-version': '7' } })).body).toBe('seven');
    expect((await app.get('/alive', { headers: { host: 'inner.example' } })).body).toBe('inner');
    expect((await app.get('/alive')).body).toContain('status');
  });

  it('that ignores case, make way for a route in capitals', async () => {
    app = await onFastify({ caseSensitive: false }, [ShoutingController]);

    expect((await app.get('/ready')).body).toBe('MY OWN');
  });
});

describe.each(ADAPTERS)('our endpoints on %s', (adapter) => {
  it('make way for whatever route of the application is meant for their path', async () => {
    const controllers = [OwnReadyController, ...(adapter === 'express' ? [ShoutingController] : [])];
    app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS, { controllers }));

    expect((await app.get('/ready')).body).toBe('my own');
    const alive = (await app.get('/alive')).body;
    expect(alive).toBe(adapter === 'express' ? 'ALIVE' : '{"status":"alive"}');
  });
});

@Controller()
class OwnReadyController {
  @Get('ready')
  ready(): string {
    return 'my own';
  }
}

@Controller()
class ShoutingController {
  @Get('READY')
  ready(): string {
    return 'MY OWN';
  }

  @Get(['nowhere', 'ALIVE'])
  alive(): string {
    return 'ALIVE';
  }
}

@Controller()
class WildcardController {
  @Get('*')
  all(): string {
    return 'wild';
  }
}

@Controller()
class VersionedReadyController {
  @Get('ready')
  @Version('7')
  ready(): string {
    return 'seven';
  }
}

@Controller()
class ConstrainedAliveController {
  @Get('alive')
  @RouteConstraints({ host: 'inner.example' })
  alive(): string {
    return 'inner';
  }
}
