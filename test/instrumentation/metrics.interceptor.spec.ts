import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, NotFoundException, Param, Sse, UseInterceptors } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { MetricsInterceptor } from 'nestjs-monitoring';
import { interval, lastValueFrom, map, type Observable } from 'rxjs';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { ADAPTERS, createApp, eventually, RunningApp, total } from '../e2e/fixture/start-app.js';
import { freePort } from '../services/support/free-port.js';
import { counts } from './support.js';

@Controller('orders')
@UseInterceptors(MetricsInterceptor)
class OrdersController {
  @Get('feed')
  @Sse()
  feed(): Observable<{ data: number }> {
    return interval(1).pipe(map((data) => ({ data })));
  }

  @Get(':id')
  @UseInterceptors(MetricsInterceptor)
  order(@Param('id') id: string): object {
    if (id === '404') throw new NotFoundException();
    return { id };
  }

  @MessagePattern('order')
  message(): string {
    return 'by message';
  }
}

/** Bound to none of its own. */
@Controller('plain')
class PlainController {
  @Get()
  read(): string {
    return 'plain';
  }
}

let close: () => unknown = () => undefined;

afterEach(async () => {
  await close();
});

describe.each(ADAPTERS)('MetricsInterceptor on %s', (adapter) => {
  it('counts a call once per handler, on every transport and with several bindings', async () => {
    const module = FixtureModule.with(WITHOUT_COLLECTORS, {
      controllers: [OrdersController, PlainController],
      providers: [{ provide: APP_INTERCEPTOR, useClass: MetricsInterceptor }],
    });
    const nest = await createApp(adapter, module);
    const options = { host: '127.0.0.1', port: await freePort() };
    nest.connectMicroservice({ transport: Transport.TCP, options });
    await nest.startAllMicroservices();
    await nest.listen(0, '127.0.0.1');
    const app = new RunningApp(adapter, nest);
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    close = async () => {
      await client.close();
      await app.close();
    };

    await app.get('/orders/7');
    await app.get('/orders/404');
    await app.get('/plain');
    expect(await lastValueFrom(client.send<string>('order', ''))).toBe('by message');
    const leaving = new AbortController();
    const feed = await fetch(`http://127.0.0.1:${app.port}/orders/feed`, { signal: leaving.signal });
    await feed.body?.getReader().read();
    expect(counts(app.registry, 'handler_calls_in_progress')).toEqual({ 'transport=http': 1 });
    leaving.abort();

    await eventually(() =>
      expect(counts(app.registry, 'handler_calls_total')).toEqual({
        'transport=http handler=OrdersController.order outcome=success': 1,
        'transport=http handler=OrdersController.order outcome=error': 1,
        'transport=http handler=PlainController.read outcome=success': 1,
        'transport=rpc handler=OrdersController.message outcome=success': 1,
        'transport=http handler=OrdersController.feed outcome=cancelled': 1,
      }),
    );
    expect(counts(app.registry, 'handler_errors_total')).toEqual({
      'transport=http handler=OrdersController.order error=NotFoundException': 1,
    });
    expect(total(app.registry, 'handler_duration_seconds')).toBe(5);
    expect(total(app.registry, 'handler_calls_in_progress')).toBe(0);
    // What is measured without it is as ever.
    expect((await app.recorded(4)).requests).toHaveLength(4);
    expect(total(app.registry, 'rpc_server_requests_total')).toBe(1);
  });
});
