import { setTimeout as sleep } from 'node:timers/promises';
import { Readable } from 'node:stream';
import {
  type CallHandler,
  type CanActivate,
  Controller,
  Get,
  Injectable,
  Module,
  type NestInterceptor,
  Param,
  type PipeTransform,
  Res,
  Scope,
  Sse,
  StreamableFile,
  UseGuards,
  UseInterceptors,
  Version,
  VersioningType,
} from '@nestjs/common';
import { ContextIdFactory, HttpAdapterHost } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MonitoringModule } from 'nestjs-monitoring';
import { type RequestRecord, RequestRecords } from 'nestjs-monitoring/diagnostics';
import { inject } from 'light-my-request';
import { delay, from, map, mergeMap, type Observable, retry } from 'rxjs';
import { Operations } from '../../lib/instrumentation/requests/operations.js';
import { ADAPTERS, eventually, type RunningApp, startApp } from './fixture/start-app.js';

/** CPU time that the process used during the last block, in milliseconds. */
let blockCpuMs = 0;

function block(milliseconds: number): void {
  const before = process.cpuUsage();
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
  const { user, system } = process.cpuUsage(before);
  blockCpuMs = (user + system) / 1000;
}

class SlowGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    await sleep(30);
    return true;
  }
}

class RefusingGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    await sleep(30);
    return false;
  }
}

class SlowInterceptor implements NestInterceptor {
  async intercept(_context: unknown, handler: CallHandler): Promise<Observable<unknown>> {
    await sleep(20);
    return handler.handle().pipe(delay(20));
  }
}

class RetryingInterceptor implements NestInterceptor {
  intercept(_context: unknown, handler: CallHandler): Observable<unknown> {
    return handler.handle().pipe(retry(1));
  }
}

class FlakyPipe implements PipeTransform {
  private calls = 0;

  async transform(value: string): Promise<string> {
    if (++this.calls % 2 === 1) throw new Error('flaky');
    await sleep(40);
    return value;
  }
}

class TransparentInterceptor implements NestInterceptor {
  intercept(_context: unknown, handler: CallHandler): Observable<unknown> {
    return handler.handle().pipe(map((value: unknown) => value));
  }
}

class SlowPipe implements PipeTransform {
  async transform(value: unknown): Promise<unknown> {
    await sleep(40);
    return value;
  }
}

class RefusingPipe implements PipeTransform {
  async transform(): Promise<unknown> {
    await sleep(40);
    throw new TypeError('refused');
  }
}

interface RawResponse {
  status(code: number): { send(body: string): void };
}

class Base {
  @Get('retried/:id')
  @UseInterceptors(RetryingInterceptor)
  retried(@Param('id', new FlakyPipe()) id: string): string {
    return id;
  }

  @Get('inherited')
  async inherited(): Promise<string> {
    await sleep(20);
    return 'x';
  }
}

@Controller('steps')
class StepsController extends Base {
  @Get('all/:id')
  @UseGuards(SlowGuard)
  @UseInterceptors(SlowInterceptor)
  async all(@Param('id', SlowPipe) id: string): Promise<string> {
    await sleep(50);
    return id;
  }

  @Get('refused')
  @UseGuards(RefusingGuard)
  refused(): string {
    return 'never';
  }

  @Get('invalid/:id')
  invalid(@Param('id', RefusingPipe) id: string): string {
    return id;
  }

  @Get('own-response')
  @UseInterceptors(TransparentInterceptor)
  ownResponse(@Res() response: RawResponse): void {
    setTimeout(() => response.status(200).send('late'), 60);
  }

  @Get('stream')
  stream(): StreamableFile {
    return new StreamableFile(
      Readable.from(
        (async function* () {
          yield 'a';
          await sleep(60);
          yield 'b';
        })(),
      ),
    );
  }

  @Sse('events')
  @UseInterceptors(TransparentInterceptor)
  events(): Observable<{ data: string }> {
    return from([1, 2]).pipe(mergeMap(async (i) => (await sleep(40 * i), { data: String(i) })));
  }

  @Get('versioned')
  @Version('2')
  versioned(): string {
    return 'v2';
  }

  @Get('busy')
  busy(): string {
    block(300);
    return 'done';
  }

  @Get('busy-later')
  async busyLater(): Promise<string> {
    await sleep(5);
    block(300);
    return 'done';
  }

  @Get('bystander')
  async bystander(): Promise<string> {
    await sleep(100);
    return 'done';
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestScoped {
  readonly word = 'own';
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class Durable {
  readonly word = 'durable';
}

@Controller('scoped')
class ScopedController {
  constructor(private readonly provider: RequestScoped) {}

  @Get()
  async get(): Promise<string> {
    await sleep(20);
    return this.provider.word;
  }
}

@Controller('durable')
class DurableController {
  constructor(private readonly provider: Durable) {}

  @Get()
  @UseInterceptors(TransparentInterceptor)
  async get(): Promise<string> {
    await sleep(20);
    return this.provider.word;
  }
}

/** More records of a route than are made of one here. */
const KEPT = 100;

@Module({
  imports: [MonitoringModule.forRoot({ requests: { records: { sampleRate: 1, slowestPerRoute: KEPT } } })],
  controllers: [StepsController, ScopedController, DurableController],
  providers: [RequestScoped, Durable],
})
class AppModule {}

/** Asks again where a busy machine has held the process up in a step that takes no time. */
function unlessHeldUp(ask: () => Promise<void>): Promise<void> {
  return eventually(ask, 20_000);
}

describe.each(ADAPTERS)('the steps of a request on %s', (adapter) => {
  let app: RunningApp;
  beforeAll(async () => {
    const tenant = ContextIdFactory.create();
    ContextIdFactory.apply({ attach: () => ({ resolve: () => tenant, payload: {} }) });
    app = await startApp(adapter, AppModule, {
      configure: (nest) => void nest.enableVersioning({ type: VersioningType.URI }),
    });
  });
  afterAll(() => app.close());

  async function recordOf(path: string): Promise<RequestRecord> {
    const name = `GET ${path.replace(/\/7$/, '/:id')}`;
    const found = (): readonly RequestRecord[] => app.app.get(RequestRecords).find({ name, limit: KEPT });
    const before = new Set(found().map(({ id }) => id));
    const { status } = await app.get(path);
    return eventually(() => {
      const record = found().find(({ id }) => !before.has(id));
      expect(record?.status).toBe(status);
      return record!;
    });
  }

  it('are timed one after the other', async () => {
    const { phases, handler, durationMs } = await recordOf('/steps/all/7');
    expect(handler).toBe('StepsController.all');
    expect(Object.keys(phases)).toEqual([
      'middleware',
      'guards',
      'interceptors',
      'pipes',
      'handler',
      'response',
    ]);
    for (const [phase, milliseconds] of [
      ['guards', 30],
      ['interceptors', 40],
      ['pipes', 40],
      ['handler', 50],
    ] as const) {
      expect(phases[phase]).toBeGreaterThan(milliseconds - 5);
    }
    const sum = Object.values(phases).reduce((all, each) => all + each, 0);
    expect(sum).toBeCloseTo(durationMs, 6);
  });

  it('end with the guard that refuses, and the response', async () => {
    const { phases, handler, status } = await recordOf('/steps/refused');
    expect([status, handler]).toEqual([403, 'StepsController.refused']);
    expect(phases.guards).toBeGreaterThan(25);
    expect(Object.keys(phases)).toEqual(['middleware', 'guards', 'response']);
  });

  it('end with the pipe that throws, and the response', async () => {
    const { phases } = await recordOf('/steps/invalid/7');
    expect(phases.pipes).toBeGreaterThan(35);
    expect(Object.keys(phases)).toEqual(['middleware', 'pipes', 'response']);
  });

  it('have the time of pipes that an interceptor calls once more', async () => {
    await unlessHeldUp(async () => {
      const { phases, status } = await recordOf('/steps/retried/7');
      expect(status).toBe(200);
      expect(phases.pipes).toBeGreaterThan(35);
      expect(phases.handler).toBeLessThan(35);
    });
  });

  it('name a handler that is inherited by the class of its controller', async () => {
    const { phases, handler } = await recordOf('/steps/inherited');
    expect(handler).toBe('StepsController.inherited');
    expect(phases.handler).toBeGreaterThan(15);
  });

  it.each(['/steps/own-response', '/steps/stream', '/steps/events'])(
    'end with the response, which a handler may write later: %s',
    async (path) => {
      await unlessHeldUp(async () => {
        const { phases } = await recordOf(path);
        expect(phases.response).toBeGreaterThan(50);
        expect(phases.handler).toBeLessThan(50);
        expect(phases.interceptors ?? 0).toBeLessThan(50);
      });
    },
  );

  it.each([
    ['/scoped', 'ScopedController.get'],
    ['/durable', 'DurableController.get'],
    ['/v2/steps/versioned', 'StepsController.versioned'],
  ])('are those of the handler of %s', async (path, name) => {
    const { handler, phases } = await recordOf(path);
    expect(handler).toBe(name);
    expect(phases.handler).toBeGreaterThanOrEqual(0);
  });

  it.each(['/steps/busy', '/steps/busy-later'])(
    'show which handler blocked the event loop, and which requests waited for it: %s',
    async (path) => {
      await unlessHeldUp(async () => {
        const [bystander, busy] = await Promise.all([
          recordOf('/steps/bystander'),
          sleep(10).then(() => recordOf(path)),
        ]);
        // Of 300 ms. After it has awaited something, its run is known as precisely as the beat of the event loop.
        expect(busy.longestRunMs).toBeGreaterThan(270);
        expect(busy.parts.application).toBeGreaterThan(270);
        expect(busy.parts.event_loop ?? 0).toBeLessThan(50);
        expect(bystander.parts.event_loop).toBeGreaterThan(150);
        expect(bystander.longestRunMs).toBeLessThan(100);
        const { name, milliseconds, cpuMs } = bystander.blockedBy!;
        expect(name).toBe(busy.handler);
        expect(milliseconds).toBeGreaterThan(150);
        expect(cpuMs).toBeGreaterThan(Math.min(blockCpuMs, milliseconds) - 1);
        // If the machine was too busy to run it for most of the time, it is not said to have run.
        const ran = cpuMs >= milliseconds / 2 ? 'by' : 'during';
        expect(bystander.cause.text).toMatch(new RegExp(` of it ${ran} ${name}[.,]`));
        expect(busy.blockedBy?.name).not.toBe(name);
      });
    },
  );

  it('leave nothing behind in the application once it has ended', async () => {
    const adapterOf = app.app.get(HttpAdapterHost).httpAdapter as unknown as { reply: unknown };
    expect(Object.hasOwn(adapterOf, 'reply')).toBe(true);
    await app.close();
    expect(Object.hasOwn(adapterOf, 'reply')).toBe(false);
    expect([...app.app.get(Operations).running]).toEqual([]);
  });
});

describe.each(ADAPTERS)('the steps of a request on %s whose handler calls another application', (adapter) => {
  it('have no pipes of the other one', async () => {
    const apps: RunningApp[] = [];

    @Controller()
    class CallingController {
      @Get('calling')
      async call(): Promise<string> {
        const handle = (request: unknown, response: unknown): void => {
          apps[1]!.app.getHttpServer().emit('request', request, response);
        };
        const { payload } = await inject(handle, { url: '/steps/all/7' });
        return payload;
      }
    }

    @Module({
      imports: [MonitoringModule.forRoot({ requests: { records: { sampleRate: 1 } } })],
      controllers: [CallingController],
    })
    class CallingModule {}

    apps.push(await startApp(adapter, CallingModule));
    apps.push(await startApp(adapter, AppModule));
    try {
      await apps[0]!.get('/calling');
      const phasesOf = (app: RunningApp, name: string): object | undefined =>
        app.app.get(RequestRecords).find({ name })[0]?.phases;
      await eventually(() => {
        expect(phasesOf(apps[0]!, 'GET /calling')).toBeDefined();
        expect(phasesOf(apps[1]!, 'GET /steps/all/:id')).toBeDefined();
      });
      expect(phasesOf(apps[0]!, 'GET /calling')).not.toHaveProperty('pipes');
      expect(phasesOf(apps[1]!, 'GET /steps/all/:id')).toHaveProperty('pipes');
    } finally {
      for (const app of apps) await app.close();
    }
  });
});
