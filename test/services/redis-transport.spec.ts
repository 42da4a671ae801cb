import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type ClientProxy, ClientProxyFactory, type RedisOptions, Transport } from '@nestjs/microservices';
import { MetricsRegistry } from 'nestjs-monitoring';
import { lastValueFrom, toArray } from 'rxjs';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { eventually, seriesOf, total } from '../e2e/fixture/start-app.js';
import { OrdersController, ScopedController } from '../instrumentation/messages/rpc.fixture.js';
import { describeWith } from './support/binaries.js';
import { RedisServer } from './support/redis.server.js';

describeWith(['redis-server'], 'a microservice over a real Redis', () => {
  let redis: RedisServer;
  let app: INestMicroservice;
  let client: ClientProxy;

  beforeAll(async () => {
    redis = await RedisServer.start();
    const transport: RedisOptions = {
      transport: Transport.REDIS,
      options: { host: '127.0.0.1', port: redis.port },
    };
    app = await NestFactory.createMicroservice(
      FixtureModule.with(WITHOUT_COLLECTORS, { controllers: [OrdersController, ScopedController] }),
      { ...transport, logger: false, abortOnError: false },
    );
    await app.listen();
    client = ClientProxyFactory.create(transport);
    await client.connect();
  }, 60_000);

  afterAll(async () => {
    await client?.close();
    await app?.close();
    await redis?.stop();
  });

  it('has its messages and events counted by pattern and outcome', async () => {
    const registry = app.get(MetricsRegistry);
    const ask = (pattern: unknown, data: unknown = ''): Promise<unknown[]> =>
      lastValueFrom(client.send<unknown>(pattern, data).pipe(toArray()));
    expect(await ask('value', 7)).toEqual([7]);
    expect(await ask('stream')).toEqual([1, 2, 3]);
    expect(await ask({ cmd: 'object', on: { a: 2, b: 1 } })).toEqual(['found']);
    await expect(ask('broken')).rejects.toEqual({ status: 'error', message: 'Internal server error' });
    await expect(ask('guarded')).rejects.toEqual({ status: 'error', message: 'Forbidden resource' });
    await lastValueFrom(client.emit('placed', 'order 1'), { defaultValue: undefined });
    await lastValueFrom(client.emit('failed', ''), { defaultValue: undefined });

    await eventually(() =>
      expect(
        Object.fromEntries(
          seriesOf(registry, 'rpc_server_requests_total').map(({ labels, value }) => [
            `${labels['transport']} ${labels['pattern']} ${labels['outcome']}`,
            value,
          ]),
        ),
      ).toEqual({
        'redis value success': 1,
        'redis stream success': 1,
        'redis {"cmd":"object","on":{"a":2,"b":1}} success': 1,
        'redis broken error': 1,
        'redis guarded error': 1,
        'redis placed success': 1,
        'redis failed error': 1,
      }),
    );
    expect(app.get(OrdersController).seen).toEqual(['order 1', 'order 1']);
    expect(total(registry, 'rpc_server_requests_in_progress')).toBe(0);
    expect(total(registry, 'rpc_server_errors_total')).toBe(3);
  });
});
