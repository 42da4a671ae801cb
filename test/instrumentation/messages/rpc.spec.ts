import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientProxyFactory,
  type MicroserviceOptions,
  RpcException,
  ServerTCP,
  Transport,
} from '@nestjs/microservices';
import { MetricsRegistry, type MonitoringOptions } from 'nestjs-monitoring';
import { lastValueFrom, toArray } from 'rxjs';
import { FixtureModule, WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import { ADAPTERS, createApp, eventually, RunningApp, seriesOf, total } from '../../e2e/fixture/start-app.js';
import { freePort } from '../../services/support/free-port.js';
import { unreachable } from '../../support/expectations.js';
import { counts } from '../support.js';
import { OrdersController, ScopedController } from './rpc.fixture.js';

const QUIET = { logger: false, abortOnError: false } as const;

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function moduleWith(options: MonitoringOptions = {}): ReturnType<typeof FixtureModule.with> {
  return FixtureModule.with(
    { ...WITHOUT_COLLECTORS, ...options },
    { controllers: [OrdersController, ScopedController] },
  );
}

/** A server of a port of its own, and a client of it. */
async function tcp(): Promise<{ server: MicroserviceOptions; client: ClientProxy; port: number }> {
  const port = await freePort();
  const options = { host: '127.0.0.1', port };
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
  closing.push(() => client.close());
  return { server: { transport: Transport.TCP, options }, client, port };
}

async function startMicroservice(options?: MonitoringOptions): Promise<{
  app: INestMicroservice;
  registry: MetricsRegistry;
  client: ClientProxy;
  port: number;
}> {
  const { server, client, port } = await tcp();
  const app = await NestFactory.createMicroservice(moduleWith(options), { ...server, ...QUIET });
  closing.push(() => app.close());
  await app.listen();
  return { app, registry: app.get(MetricsRegistry), client, port };
}

async function ask(client: ClientProxy, pattern: unknown, data: unknown = ''): Promise<unknown[]> {
  return lastValueFrom(client.send<unknown>(pattern, data).pipe(toArray()));
}

/** What was answered with an error. */
async function refusal(client: ClientProxy, pattern: unknown, data?: unknown): Promise<unknown> {
  return ask(client, pattern, data).then(
    () => unreachable('there should have been an error'),
    (error: unknown) => error,
  );
}

/** Every request by pattern and outcome. */
function requests(registry: MetricsRegistry): Record<string, number> {
  return Object.fromEntries(
    seriesOf(registry, 'rpc_server_requests_total').map(({ labels, value }) => [
      `${labels['transport']} ${labels['pattern']} ${labels['outcome']}`,
      value,
    ]),
  );
}

function metadataOfBroken(): unknown[] {
  const { value } = Object.getOwnPropertyDescriptor(OrdersController.prototype, 'broken') ?? {};
  return Reflect.getMetadataKeys(value as object);
}

function inProgress(registry: MetricsRegistry): number {
  return total(registry, 'rpc_server_requests_in_progress');
}

/** What keeps the process alive of both kinds. */
function serversAndTimers(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP') || kind === 'Timeout');
}

describe('the messages of a microservice over TCP', () => {
  it('get the same replies, and are counted by pattern and outcome', async () => {
    const { registry, client } = await startMicroservice();
    expect(await ask(client, 'value', 7)).toEqual([7]);
    expect(await ask(client, 'promise', 8)).toEqual([8]);
    expect(await ask(client, 'promise', 9)).toEqual([9]);
    expect(await ask(client, 'stream')).toEqual([1, 2, 3]);
    expect(await ask(client, { cmd: 'object', on: { a: 2, b: 1 } })).toEqual(['found']);
    expect(await ask(client, 'first')).toEqual(['either']);
    expect(await ask(client, 'second')).toEqual(['either']);
    expect(await ask(client, 'piped', '5')).toEqual([5]);
    expect(await ask(client, 'scoped', 'fine')).toEqual(['fine']);

    await eventually(() => expect(inProgress(registry)).toBe(0));
    expect(requests(registry)).toEqual({
      'tcp value success': 1,
      'tcp promise success': 2,
      'tcp stream success': 1,
      'tcp {"cmd":"object","on":{"a":2,"b":1}} success': 1,
      'tcp first success': 1,
      'tcp second success': 1,
      'tcp piped success': 1,
      'tcp scoped success': 1,
    });
    expect(total(registry, 'rpc_server_request_duration_seconds')).toBe(9);
    expect(counts(registry, 'rpc_server_errors_total')).toEqual({});
  });

  it('count as errors if a guard, pipe, interceptor or handler throws, by class of error', async () => {
    const { registry, client } = await startMicroservice();
    expect(await refusal(client, 'refused.politely')).toEqual({ status: 'error', message: 'not today' });
    expect(await refusal(client, 'broken')).toEqual({ status: 'error', message: 'Internal server error' });
    expect(await refusal(client, 'broken.stream')).toEqual({
      status: 'error',
      message: 'Internal server error',
    });
    expect(await refusal(client, 'nonsense')).toEqual({ status: 'error', message: 'Internal server error' });
    expect(await refusal(client, 'guarded')).toEqual({ status: 'error', message: 'Forbidden resource' });
    expect(await refusal(client, 'piped', 'none')).toMatchObject({ status: 'error' });
    expect(await refusal(client, 'late')).toMatchObject({ status: 'error' });
    expect(await refusal(client, 'scoped', 'fail')).toMatchObject({ status: 'error' });

    await eventually(() => expect(inProgress(registry)).toBe(0));
    expect(requests(registry)).toEqual({
      'tcp refused.politely error': 1,
      'tcp broken error': 1,
      'tcp broken.stream error': 1,
      'tcp nonsense error': 1,
      'tcp guarded error': 1,
      'tcp piped error': 1,
      'tcp late error': 1,
      'tcp scoped error': 1,
    });
    expect(counts(registry, 'rpc_server_errors_total')).toEqual({
      'handler=ScopedController.scoped error=StockError': 1,
      'handler=OrdersController.rpcException error=RpcException': 1,
      'handler=OrdersController.broken error=StockError': 1,
      'handler=OrdersController.brokenStream error=StockError': 1,
      'handler=OrdersController.nonsense error=unknown': 1,
      'handler=OrdersController.guarded error=RpcException': 1,
      'handler=OrdersController.piped error=BadRequestException': 1,
      'handler=OrdersController.late error=TimeoutErrorImpl': 1,
    });
  });

  it('have the outcome that an exception filter returns', async () => {
    const { registry, client } = await startMicroservice();
    expect(await refusal(client, 'filtered')).toBe('said by the filter');
    expect(await ask(client, 'forgiven')).toEqual(['forgiven']);
    await eventually(() => expect(inProgress(registry)).toBe(0));
    expect(requests(registry)).toEqual({ 'tcp filtered error': 1, 'tcp forgiven success': 1 });
    expect(counts(registry, 'rpc_server_errors_total')).toEqual({
      'handler=OrdersController.filtered error=StockError': 1,
      'handler=OrdersController.forgiven error=StockError': 1,
    });
  });

  it('include events, each counted once with any number of handlers', async () => {
    const { app, registry, client } = await startMicroservice();
    await lastValueFrom(client.emit('placed', 'order 1'), { defaultValue: undefined });
    await lastValueFrom(client.emit('failed', ''), { defaultValue: undefined });
    await eventually(() =>
      expect(requests(registry)).toEqual({ 'tcp placed success': 1, 'tcp failed error': 1 }),
    );
    expect(app.get(OrdersController).seen).toEqual(['order 1', 'order 1']);
    expect(inProgress(registry)).toBe(0);
  });

  it('share one pattern if no handler matches', async () => {
    const { registry, client } = await startMicroservice();
    for (let i = 0; i < 20; i++) {
      await refusal(client, `no-such-pattern-${i}`);
      await refusal(client, { cmd: i, deep: { er: Math.random() } });
    }
    await lastValueFrom(client.emit('no-such-event', ''), { defaultValue: undefined });
    await eventually(() => expect(requests(registry)).toEqual({ 'tcp <unmatched> error': 41 }));
    expect(total(registry, 'rpc_server_request_duration_seconds')).toBe(0);
  });

  it('do not stay in progress after a client disconnects or sends invalid data', async () => {
    const { registry, port, client } = await startMicroservice();
    const leaving = connect(port, '127.0.0.1');
    const message = JSON.stringify({ pattern: 'late', data: '', id: 'x' });
    leaving.write(`${message.length}#${message}`);
    await eventually(() => expect(inProgress(registry)).toBe(1));
    leaving.destroy();
    const babbling = connect(port, '127.0.0.1').on('error', () => undefined);
    babbling.write('12#not a message');
    await once(babbling, 'close');
    await eventually(() => expect(requests(registry)).toEqual({ 'tcp late error': 1 }));
    expect(inProgress(registry)).toBe(0);
    expect(await ask(client, 'value', 1)).toEqual([1]);
  });

  it('are not measured with rpc: false, nor with enabled: false', async () => {
    for (const options of [{ rpc: false as const }, { enabled: false }]) {
      const { registry, client } = await startMicroservice(options);
      expect(await ask(client, 'value', 7)).toEqual([7]);
      expect(registry.getMetric('rpc_server_requests_total')).toBeUndefined();
    }
  });
});

describe.each(ADAPTERS)('a hybrid application on %s', (adapter) => {
  it.each([{ inheritAppConfig: true }, { inheritAppConfig: false }])(
    'counts each message once with %o, and its HTTP requests as before',
    async (hybrid) => {
      const app = await createApp(adapter, moduleWith());
      closing.push(() => app.close());
      const first = await tcp();
      const second = await tcp();
      app.connectMicroservice(first.server, hybrid);
      app.connectMicroservice(second.server, hybrid);
      await app.startAllMicroservices();
      await app.listen(0, '127.0.0.1');
      const running = new RunningApp(adapter, app);

      expect(await ask(first.client, 'value', 1)).toEqual([1]);
      expect(await ask(second.client, 'value', 2)).toEqual([2]);
      await refusal(second.client, 'broken');
      expect(await running.get('/orders')).toMatchObject({ status: 200, body: 'over HTTP' });

      expect(requests(running.registry)).toEqual({ 'tcp value success': 2, 'tcp broken error': 1 });
      expect(counts(running.registry, 'rpc_server_errors_total')).toEqual({
        'handler=OrdersController.broken error=StockError': 1,
      });
      expect((await running.recorded()).requests).toEqual(['GET /orders 200']);
    },
  );

  it('has no message metrics without a microservice', async () => {
    const app = await createApp(adapter, moduleWith());
    closing.push(() => app.close());
    await app.init();
    expect(app.get(MetricsRegistry).getMetric('rpc_server_requests_total')).toBeUndefined();
  });
});

describe('several microservices in one process', () => {
  it('count separately, though they have the same controllers', async () => {
    const one = await startMicroservice();
    const other = await startMicroservice();
    await ask(one.client, 'value');
    await refusal(other.client, 'broken');
    expect(requests(one.registry)).toEqual({ 'tcp value success': 1 });
    expect(requests(other.registry)).toEqual({ 'tcp broken error': 1 });
    expect(counts(one.registry, 'rpc_server_errors_total')).toEqual({});
  });

  it('do not change the classes of the application', async () => {
    const methods = Object.getOwnPropertyDescriptors(OrdersController.prototype);
    const metadata = metadataOfBroken();
    const { app, client } = await startMicroservice();
    await refusal(client, 'broken');
    const controller = app.get(OrdersController);
    expect(controller).toBeInstanceOf(OrdersController);
    expect(controller.constructor).toBe(OrdersController);
    expect(Object.getOwnPropertyDescriptors(OrdersController.prototype)).toEqual(methods);
    expect(metadataOfBroken()).toEqual(metadata);
    await app.close();
    // Called by hand, its handlers are what they were.
    expect(controller.value('still')).toBe('still');
    expect(() => controller.rpcException()).toThrow(RpcException);
  });

  it('leave no servers, timers or patches after ten starts and closes', async () => {
    /** A strategy that the application keeps, as it may. */
    class KeptStrategy extends ServerTCP {
      override listen(callback: () => void): void {
        callback();
      }

      override close(): void {}
    }
    const strategy = new KeptStrategy({});
    const cycle = async (): Promise<void> => {
      const app = await NestFactory.createMicroservice(moduleWith(), { strategy, ...QUIET });
      await app.listen();
      expect(Object.hasOwn(strategy, 'addHandler')).toBe(true);
      await app.close();
    };
    await cycle();
    const before = serversAndTimers();
    for (let i = 0; i < 10; i++) await cycle();
    await eventually(() => expect(serversAndTimers().length).toBeLessThanOrEqual(before.length));
    expect(Object.hasOwn(strategy, 'addHandler')).toBe(false);
    expect(Object.hasOwn(strategy, 'getHandlerByPattern')).toBe(false);
  }, 120_000);
});
