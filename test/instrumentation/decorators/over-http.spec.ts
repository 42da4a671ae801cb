import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type NestInterceptor,
  NotFoundException,
  Param,
  ParseIntPipe,
  Scope,
  Sse,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, ApiOperation } from '@nestjs/swagger';
import { MonitorPerformance, TrackErrors, TrackMetrics } from 'nestjs-monitoring';
import { from, interval, map, type Observable, of } from 'rxjs';
import { FixtureModule, WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import { ADAPTERS, eventually, type RunningApp, startApp } from '../../e2e/fixture/start-app.js';
import { counts } from '../support.js';

@Injectable()
class NotThirteen implements CanActivate {
  @MonitorPerformance({ name: 'guard' })
  canActivate(context: ExecutionContext): boolean {
    const { params } = context.switchToHttp().getRequest<{ params: { id?: string } }>();
    return params.id !== '13';
  }
}

@Injectable({ scope: Scope.REQUEST })
class Wrapping implements NestInterceptor {
  @MonitorPerformance({ name: 'wrapping' })
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((order: unknown) => ({ order })));
  }
}

@Controller('orders')
@UseGuards(NotThirteen)
class OrdersController {
  @Get('feed/live')
  @Sse()
  @MonitorPerformance({ name: 'feed' })
  feed(): Observable<{ data: number }> {
    return interval(1).pipe(map((data) => ({ data })));
  }

  @MonitorPerformance({ name: 'list' })
  @Get()
  list(): Observable<number[]> {
    return from([[1], [1, 2]]);
  }

  @ApiOperation({ summary: 'One order' })
  @MonitorPerformance({ name: 'single', labels: { version: 'v1' } })
  @Get(':id')
  @TrackMetrics({ gaugeName: 'last_order_id' })
  @UseInterceptors(Wrapping)
  @TrackErrors({ metricName: 'not_found_total' })
  async single(@Param('id', ParseIntPipe) id: number): Promise<number> {
    await Promise.resolve();
    if (id === 404) throw new NotFoundException('no such order');
    return id;
  }
}

/** The class as a whole, in a scope of its own. */
@MonitorPerformance()
@Controller({ path: 'requests', scope: Scope.REQUEST })
class RequestController {
  @Get()
  read(): Observable<string> {
    return of('read');
  }
}

let running: RunningApp | undefined;

afterEach(() => running?.close());

describe.each(ADAPTERS)('a decorated controller on %s', (adapter) => {
  async function start(): Promise<RunningApp> {
    const module = FixtureModule.with(WITHOUT_COLLECTORS, {
      controllers: [OrdersController, RequestController],
    });
    return (running = await startApp(adapter, module));
  }

  it('responds like an undecorated one, and is measured', async () => {
    const app = await start();
    const { registry } = app;
    expect(await app.get('/orders/7')).toMatchObject({ status: 200, body: '{"order":7}' });
    expect(await app.get('/orders/8')).toMatchObject({ status: 200, body: '{"order":8}' });
    expect(await app.get('/orders/404')).toMatchObject({ status: 404 });
    expect(await app.get('/orders/none')).toMatchObject({ status: 400 });
    expect(await app.get('/orders/13')).toMatchObject({ status: 403 });
    expect(await app.get('/orders')).toMatchObject({ status: 200, body: '[1,2]' });
    expect(await app.get('/requests')).toMatchObject({ status: 200, body: 'read' });

    expect(counts(registry, 'single_calls_total')).toEqual({
      'version=v1 outcome=success': 2,
      'version=v1 outcome=error': 1,
    });
    expect(counts(registry, 'single_errors_total')).toEqual({ 'version=v1 error=NotFoundException': 1 });
    expect(counts(registry, 'not_found_total')).toEqual({ '': 1 });
    expect(counts(registry, 'last_order_id')).toEqual({ '': 8 });
    expect(counts(registry, 'list_calls_total')).toEqual({ 'outcome=success': 1 });
    expect(counts(registry, 'guard_calls_total')).toEqual({ 'outcome=success': 6 });
    // The pipe refuses within what the interceptor wraps.
    expect(counts(registry, 'wrapping_calls_total')).toEqual({ 'outcome=success': 2, 'outcome=error': 2 });
    expect(counts(registry, 'request_controller_read_calls_total')).toEqual({ 'outcome=success': 1 });
  });

  it('counts a stream of events as cancelled when its client leaves', async () => {
    const { registry, port } = await start();
    const leaving = new AbortController();
    const response = await fetch(`http://127.0.0.1:${port}/orders/feed/live`, { signal: leaving.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    leaving.abort();

    await eventually(() => expect(counts(registry, 'feed_calls_total')).toEqual({ 'outcome=cancelled': 1 }));
  });

  it('keeps its OpenAPI documentation', async () => {
    const { app } = await start();
    const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());

    expect(document).toMatchObject({
      paths: {
        '/orders/{id}': {
          get: { summary: 'One order', parameters: [{ name: 'id', schema: { type: 'number' } }] },
        },
      },
    });
  });
});
