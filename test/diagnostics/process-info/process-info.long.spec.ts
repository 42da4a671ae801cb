import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  type DynamicModule,
  forwardRef,
  Get,
  Injectable,
  Module,
  Param,
  ParseIntPipe,
  Post,
  Scope,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import {
  APP_GUARD,
  ApplicationConfig,
  LazyModuleLoader,
  ModuleRef,
  ModulesContainer,
  RouterModule,
} from '@nestjs/core';
import { MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { type InFlightOperation, ProcessInfo, type RouteInfo } from 'nestjs-monitoring/diagnostics';
import { routeList } from '../../../lib/diagnostics/process-info/route-list.integration.js';
import { Operations } from '../../../lib/instrumentation/requests/operations.js';
import { inTimeSlices } from '../../../lib/primitives/time-slices.js';
import { WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import { ADAPTERS, type AdapterName, type RunningApp, startApp } from '../../e2e/fixture/start-app.js';
import { eventually } from '../../support/eventually.js';

const API = '/metrics-dashboard/api/diagnostics';

class Allowing implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}
class GlobalGuard extends Allowing {}
@Injectable()
class ProvidedGuard extends Allowing {}
@Injectable({ scope: Scope.REQUEST })
class RequestGuard extends Allowing {}
class ControllerGuard extends Allowing {}
class HandlerGuard extends Allowing {}
class Passing {
  intercept(_: unknown, next: { handle(): unknown }): unknown {
    return next.handle();
  }
}

@UseGuards(ControllerGuard)
@Controller({ path: 'orders', version: '1' })
class OrdersController {
  @UseGuards(new HandlerGuard())
  @UseInterceptors(Passing as never)
  @UsePipes(ValidationPipe)
  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number): number {
    return id;
  }

  @Post(['new', 'created'])
  create(): string {
    return 'created';
  }
}

@Controller({ path: 'durable', scope: Scope.REQUEST, durable: true })
class DurableController {
  @Get()
  get(): string {
    return 'durable';
  }
}

@Controller()
class SlowController {
  constructor(private readonly modules: ModuleRef) {}

  @Get('slow')
  async slow(): Promise<string> {
    const wait = this.modules.get(Operations, { strict: false }).begin('remote', CALL);
    try {
      await released;
    } finally {
      wait?.end(CALL, false);
    }
    return 'slow';
  }
}

/** Decorators that replace a function, such as those of a cache. */
function anonymous(_: object, __: string, descriptor: PropertyDescriptor): void {
  const method = descriptor.value as () => unknown;
  descriptor.value = (...args: []) => method.apply(undefined, args);
}
function renamed(_: object, __: string, descriptor: PropertyDescriptor): void {
  const method = descriptor.value as () => unknown;
  descriptor.value = function cached(...args: []) {
    return method.apply(this, args);
  };
}

class ReplacedBase {
  @Get('inherited')
  @renamed
  async inherited(): Promise<void> {
    await released;
  }
}

@Controller('replaced')
class ReplacedController extends ReplacedBase {
  @Get('anonymous')
  @anonymous
  async anonymous(): Promise<void> {
    await released;
  }

  @Get('renamed')
  @renamed
  async renamed(): Promise<void> {
    await released;
  }
}

const CALL = { part: 'remote', system: 'api.example.com', name: 'GET' } as const;
let release: () => void = () => undefined;
let released: Promise<void> = Promise.resolve();

@Module({ controllers: [DurableController], imports: [forwardRef(() => SecondModule)] })
class FirstModule {}
@Module({ imports: [forwardRef(() => FirstModule)] })
class SecondModule {}
@Module({})
class NumberedModule {
  static of(value: number): DynamicModule {
    return { module: NumberedModule, providers: [{ provide: `NUMBER_${value}`, useValue: value }] };
  }
}
@Module({ controllers: [OrdersController] })
class OrdersModule {}
@Module({})
class LazyModule {}

let app: RunningApp | undefined;

afterEach(async () => {
  release();
  await app?.close();
  app = undefined;
});

async function start(adapter: AdapterName, options: MonitoringOptions = {}): Promise<RunningApp> {
  @Module({
    imports: [
      MonitoringModule.forRoot({
        ...WITHOUT_COLLECTORS,
        requests: { records: { sampleRate: 1 } },
        collectors: {
          ...WITHOUT_COLLECTORS.collectors,
          build: { name: 'shop', version: '3.2.1', revision: 'ab12' },
        },
        ...options,
      }),
      OrdersModule,
      RouterModule.register([{ path: 'shop', module: OrdersModule }]),
      FirstModule,
      NumberedModule.of(1),
      NumberedModule.of(2),
    ],
    controllers: [SlowController, ReplacedController],
    providers: [
      { provide: APP_GUARD, useClass: ProvidedGuard },
      { provide: APP_GUARD, useClass: RequestGuard },
    ],
  })
  class AppModule {}
  app = await startApp(adapter, AppModule, {
    configure: (nest) => {
      nest.setGlobalPrefix('api', { exclude: ['slow'] });
      nest.enableVersioning({ type: VersioningType.URI });
      nest.useGlobalGuards(new GlobalGuard());
    },
  });
  return app;
}

async function read(running: RunningApp, name: string): Promise<Record<string, unknown>> {
  const { status, body } = await running.get(`${API}/${name}`);
  expect(status).toBe(200);
  return JSON.parse(body) as Record<string, unknown>;
}

describe('routes that cannot be read', () => {
  it('leave those of other controllers in the list', async () => {
    class Nameless {}
    Controller('nameless')(Nameless);
    class Hostile {}
    Object.defineProperty(Hostile, 'name', {
      get: () => {
        throw new Error('hostile');
      },
    });
    const wrapper = (metatype: unknown, instance: unknown) => [metatype, { metatype, instance }] as const;
    const module = {
      name: 'HostileModule',
      metatype: class {},
      controllers: new Map([
        wrapper(Hostile, null),
        wrapper(undefined, null),
        wrapper(Nameless, undefined),
        wrapper(OrdersController, OrdersController.prototype),
      ]),
    };
    const modules = new Map([['a', module]]) as unknown as ModulesContainer;
    const routes = await inTimeSlices(routeList(modules, new ApplicationConfig()));
    expect(routes.map(({ path }) => path)).toEqual(['/orders/:id', '/orders/new', '/orders/created']);
  });
});

describe.each(ADAPTERS)('the state of the process on %s', (adapter) => {
  it('has the routes that are served, with their guards, interceptors and pipes', async () => {
    const running = await start(adapter);
    const routes = (await read(running, 'process'))['routes'] as RouteInfo[];
    const find = routes.find(({ handler }) => handler === 'find');
    expect(find).toEqual({
      method: 'GET',
      path: '/api/v1/shop/orders/:id',
      version: '1',
      module: 'OrdersModule',
      controller: 'OrdersController',
      handler: 'find',
      guards: expect.arrayContaining(['GlobalGuard', 'ProvidedGuard', 'RequestGuard']),
      interceptors: ['Passing'],
      pipes: ['ValidationPipe', 'ParseIntPipe'],
    });
    expect(find?.guards.slice(-2)).toEqual(['ControllerGuard', 'HandlerGuard']);
    expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining([
        'POST /api/v1/shop/orders/new',
        'POST /api/v1/shop/orders/created',
        'GET /api/durable',
        'GET /slow',
      ]),
    );
    for (const { method, path } of routes.filter(({ handler }) => handler !== 'slow')) {
      const { status } = await running.ask({ method, path: path.replace(':id', '7') });
      expect(`${path} ${status}`).toMatch(/ 20[01]$/);
    }
  });

  it('has the modules, also circular, dynamic and lazily loaded ones', async () => {
    const running = await start(adapter);
    await running.app.get(LazyModuleLoader).load(() => LazyModule);
    const modules = (await read(running, 'process'))['modules'] as { name: string; imports: string[] }[];
    const importsOf = (name: string) => modules.find((module) => module.name === name)?.imports;
    expect(importsOf('FirstModule')).toContain('SecondModule');
    expect(importsOf('SecondModule')).toContain('FirstModule');
    expect(importsOf('AppModule')).toEqual(expect.arrayContaining(['NumberedModule', 'NumberedModule#2']));
    expect(importsOf('LazyModule')).toBeDefined();
  });

  it('has versions, limits and the build', async () => {
    const running = await start(adapter);
    expect(await read(running, 'process')).toMatchObject({
      application: { name: 'shop', version: '3.2.1', revision: 'ab12' },
      runtime: { node: process.version, pid: process.pid, platform: process.platform },
      limits: { processors: expect.any(Number), heapBytes: expect.any(Number) },
      watched: { databases: [], caches: [], queues: [] },
      omitted: { routes: 0, modules: 0 },
    });
  });

  it('has the operations that run, and what each of them waits for', async () => {
    const running = await start(adapter);
    released = new Promise((resolve) => (release = resolve));
    const first = running.get('/slow');
    const operations = running.app.get(Operations, { strict: false });
    await eventually(() => expect([...operations.running]).toHaveLength(1));
    await sleep(20);
    const second = running.get('/slow');
    await eventually(() => expect([...operations.running]).toHaveLength(2));
    await eventually(async () => {
      const report = await read(running, 'in-flight');
      expect(report).toMatchObject({ running: 2, sampleRate: 1, omitted: 0 });
      const [oldest, newest] = report['operations'] as Record<string, unknown>[];
      expect(oldest).toMatchObject({
        kind: 'http',
        name: 'SlowController.slow',
        route: 'GET /slow',
        phase: 'handler',
        waits: [
          {
            part: 'remote',
            count: 1,
            system: 'api.example.com',
            call: 'GET',
            site: expect.stringContaining('process-info.long.spec.ts'),
          },
        ],
      });
      expect(oldest!['ageMs']).toBeGreaterThan(newest!['ageMs'] as number);
      expect(oldest!['ageMs']).toBeGreaterThanOrEqual(15);
    });
    release();
    await Promise.all([first, second]);
    await eventually(async () =>
      expect(await read(running, 'in-flight')).toMatchObject({ running: 0, operations: [] }),
    );
  });

  it('names a handler by its method if a decorator has replaced the function', async () => {
    const running = await start(adapter);
    released = new Promise((resolve) => (release = resolve));
    const answers = ['anonymous', 'renamed', 'inherited'].map((path) => running.get(`/api/replaced/${path}`));
    const operations = running.app.get(Operations, { strict: false });
    await eventually(() => expect([...operations.running]).toHaveLength(3));
    await eventually(async () => {
      const { operations: rows } = (await read(running, 'in-flight')) as { operations: InFlightOperation[] };
      expect(rows.map(({ name, route }) => `${name} ${route}`).toSorted()).toEqual([
        'ReplacedController.anonymous GET /api/replaced/anonymous',
        'ReplacedController.inherited GET /api/replaced/inherited',
        'ReplacedController.renamed GET /api/replaced/renamed',
      ]);
    });
    release();
    for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
  });

  it('has no operations without records', async () => {
    const running = await start(adapter, { requests: false });
    expect(await read(running, 'in-flight')).toEqual({
      running: 0,
      sampleRate: 0,
      operations: [],
      omitted: 0,
    });
  });

  it.each([{ diagnostics: false }, { diagnostics: { processInfo: false } }] as const)(
    'can be off: %j',
    async (options) => {
      const running = await start(adapter, options);
      for (const name of ['process', 'in-flight']) {
        expect((await running.get(`${API}/${name}`)).status).toBe(404);
      }
      expect(await running.app.get(ProcessInfo).report()).toBeUndefined();
      expect(await running.app.get(ProcessInfo).inFlight()).toBeUndefined();
    },
  );
});
