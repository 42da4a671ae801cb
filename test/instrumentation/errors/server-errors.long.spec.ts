import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  BadGatewayException,
  BadRequestException,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  HttpException,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Res,
  Scope,
  ServiceUnavailableException,
  StreamableFile,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ExceptionsHandler } from '@nestjs/core/exceptions/exceptions-handler.js';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import { ADAPTERS, type RunningApp, startApp } from '../../e2e/fixture/start-app.js';
import { counts } from '../support.js';

class TeapotError extends Error {}
class LateError extends Error {}
class MiddlewareError extends Error {}

interface AnyResponse {
  status(code: number): AnyResponse;
  send(body: string): unknown;
}

/** Answers 500 by itself, later. */
@Catch(LateError)
class LateFilter implements ExceptionFilter {
  async catch(_: LateError, host: ArgumentsHost): Promise<void> {
    await turn();
    host.switchToHttp().getResponse<AnyResponse>().status(500).send('late');
  }
}

/** Makes an answer of what would be an error. */
@Catch(TeapotError)
class TeapotFilter implements ExceptionFilter {
  catch(_: TeapotError, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<AnyResponse>().status(418).send('teapot');
  }
}

@Catch(SyntaxError)
class FailingFilter implements ExceptionFilter {
  catch(): never {
    throw new RangeError('the filter fails too');
  }
}

@Injectable()
class BrokenGuard implements CanActivate {
  canActivate(): boolean {
    throw new URIError('no guard');
  }
}

const throwing = (error: unknown) => () => {
  throw error;
};

async function* partly(): AsyncGenerator<string> {
  yield 'part';
  await turn();
  throw new RangeError('broken off');
}

@Controller()
class Routes {
  @Get('plain/:id')
  plain(): never {
    throw new TypeError('secret words');
  }

  @Get('rejected')
  rejected(): Promise<never> {
    return Promise.reject(new EvalError('no'));
  }

  @Get('text')
  text(): never {
    throw 'a text' as unknown as Error;
  }

  @Get('unavailable')
  unavailable(): never {
    throw new ServiceUnavailableException();
  }

  @Get('status')
  status(): never {
    throw new HttpException('x', 599);
  }

  @Get('guarded')
  @UseGuards(BrokenGuard)
  guarded(): void {}

  @Get('late')
  @UseFilters(LateFilter)
  late(): never {
    throw new LateError();
  }

  @Get('failing-filter')
  @UseFilters(FailingFilter)
  failingFilter(): never {
    throw new SyntaxError();
  }

  @Get('silent')
  silent(@Res() response: AnyResponse): void {
    response.status(502).send('nothing was thrown');
  }

  @Get('broken')
  broken(): StreamableFile {
    return new StreamableFile(Readable.from(partly()));
  }

  @Get('bad')
  bad(): never {
    throw new BadRequestException();
  }

  @Get('teapot')
  @UseFilters(TeapotFilter)
  teapot(): never {
    throw new TeapotError();
  }

  @Get('middleware')
  middleware(): void {}
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedRoutes {
  @Get()
  scoped(): never {
    throw new BadGatewayException();
  }
}

function application(
  options: MonitoringOptions = {},
  providers: NonNullable<Parameters<typeof Module>[0]['providers']> = [],
) {
  @Module({
    imports: [MonitoringModule.forRoot({ ...WITHOUT_COLLECTORS, ...options })],
    controllers: [Routes, ScopedRoutes],
    providers,
  })
  class AppModule implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(throwing(new MiddlewareError())).forRoutes('middleware');
    }
  }
  return AppModule;
}

const next = (): unknown => Reflect.get(ExceptionsHandler.prototype, 'next');
const plainNext = next();
const errors = ({ registry }: RunningApp) => counts(registry, 'http_server_errors_total');
let running: RunningApp[] = [];

afterEach(async () => {
  await Promise.all(running.map((app) => app.close()));
  running = [];
});

describe.each(ADAPTERS)('responses of 5xx on %s', (adapter) => {
  const start = async (...given: Parameters<typeof application>): Promise<RunningApp> => {
    const app = await startApp(adapter, application(...given));
    running.push(app);
    return app;
  };

  it.each([
    ['/plain/17?token=secret', 'route=/plain/:id error=TypeError'],
    ['/rejected', 'route=/rejected error=EvalError'],
    ['/text', 'route=/text error=string'],
    ['/unavailable', 'route=/unavailable error=ServiceUnavailableException'],
    ['/status', 'route=/status error=HttpException'],
    ['/guarded', 'route=/guarded error=URIError'],
    ['/late', 'route=/late error=LateError'],
    ['/scoped', 'route=/scoped error=BadGatewayException'],
    ['/silent', 'route=/silent error=none'],
  ])('%s counts as %s', async (path, labels) => {
    const app = await start();
    const { status } = await app.get(path);
    expect(status).toBeGreaterThanOrEqual(500);
    const { requests } = await app.recorded();
    expect(requests).toHaveLength(1);
    expect(errors(app)).toEqual({ [`method=GET ${labels}`]: 1 });
  });

  it('of middleware count under the route of the middleware', async () => {
    const app = await start();
    expect((await app.get('/middleware')).status).toBe(500);
    await app.recorded();
    expect(Object.entries(errors(app))).toEqual([
      [expect.stringMatching(/^method=GET route=\S+ error=MiddlewareError$/), 1],
    ]);
  });

  it('that are aborted count by the error that aborted them', async () => {
    const app = await start();
    await app.get('/broken').catch(() => undefined);
    await app.recorded();
    expect(Object.keys(errors(app))).toEqual([
      expect.stringMatching(/^method=GET route=\/broken error=(RangeError|none)$/),
    ]);
  });

  it.each([['/bad'], ['/teapot'], ['/nowhere']])('do not include %s', async (path) => {
    const app = await start();
    expect((await app.get(path)).status).toBeLessThan(500);
    await app.recorded();
    expect(errors(app)).toEqual({});
  });

  it('are still sent by the exception filters of the application, including global ones', async () => {
    @Catch()
    class CatchAll implements ExceptionFilter {
      catch(error: Error, host: ArgumentsHost): void {
        host.switchToHttp().getResponse<AnyResponse>().status(500).send(`caught ${error.message}`);
      }
    }
    const app = await start({}, [{ provide: APP_FILTER, useClass: CatchAll }]);
    const { body } = await app.get('/plain/1');
    expect(body).toBe('caught secret words');
    await app.get('/teapot');
    await app.get('/failing-filter').catch(() => undefined);
    await app.recorded(2);
    expect(errors(app)).toMatchObject({ 'method=GET route=/plain/:id error=TypeError': 1 });
  });

  it('count separately in two applications, and leave no patch after they are closed', async () => {
    const first = await start();
    const second = await start();
    await first.get('/rejected');
    await second.get('/unavailable');
    await first.recorded();
    await second.recorded();
    expect(errors(first)).toEqual({ 'method=GET route=/rejected error=EvalError': 1 });
    expect(errors(second)).toEqual({ 'method=GET route=/unavailable error=ServiceUnavailableException': 1 });
    await first.close();
    expect(next()).not.toBe(plainNext);
    await second.close();
    expect(next()).toBe(plainNext);
  });

  it.each<[MonitoringOptions]>([
    [{ errors: false as const }],
    [{ errors: { responses: false, records: false } }],
    [{ http: false as const }],
    [{ enabled: false }],
  ])('are not counted with %j', async (options) => {
    const app = await start(options);
    expect((await app.get('/plain/1')).status).toBe(500);
    expect(next()).toBe(plainNext);
    expect(app.registry.getMetric('http_server_errors_total')).toBeUndefined();
  });
});
