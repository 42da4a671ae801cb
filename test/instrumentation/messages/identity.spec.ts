import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import {
  type ClientOptions,
  ClientProxyFactory,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { MetricsRegistry } from 'nestjs-monitoring';
import { lastValueFrom } from 'rxjs';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { FixtureModule, WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import { ADAPTERS, eventually, startApp } from '../../e2e/fixture/start-app.js';
import { describeWith } from '../../services/support/binaries.js';
import { freePort } from '../../services/support/free-port.js';
import { RedisServer } from '../../services/support/redis.server.js';
import { counts } from '../support.js';
import {
  introduce,
  KnowingGuard,
  KnowingInterceptor,
  KnownController,
  KnownGateway,
  methodOf,
  RoleError,
  RoleFilter,
} from './identity.fixture.js';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const WAIT_MS = 20_000;
const NOTHING = { logger: false, abortOnError: false } as const;

const controllerModule = () =>
  FixtureModule.with(WITHOUT_COLLECTORS, {
    controllers: [KnownController],
    providers: [KnowingGuard, KnowingInterceptor, RoleFilter],
  });

const gatewayModule = () =>
  FixtureModule.with(WITHOUT_COLLECTORS, {
    providers: [KnownGateway, KnowingGuard, KnowingInterceptor],
  });

async function expectIdentityOver(options: MicroserviceOptions): Promise<void> {
  const app = await NestFactory.createMicroservice(controllerModule(), { ...options, ...NOTHING });
  closing.push(() => app.close());
  const guard = app.get(KnowingGuard);
  introduce(guard, KnownController);
  await app.listen();
  const client = ClientProxyFactory.create(options as ClientOptions);
  closing.push(() => client.close());

  expect(await lastValueFrom(client.send<unknown>('known', ''))).toBe(1);
  expect(await lastValueFrom(client.send<unknown>('failing', ''))).toBe('filtered');
  expect(guard.seen).toEqual([
    ['known', 'KnownController', 'reader', 'reader', 'of the application'],
    ['failing', 'KnownController', 'writer', 'writer', undefined],
  ]);
  const methods = ['known', 'failing'].map((name) => methodOf(KnownController, name));
  const { handlers } = app.get(KnowingInterceptor);
  expect(handlers.every((handler, i) => handler === methods[i])).toBe(true);
  expect(app.get(RoleFilter).caught).toEqual([new RoleError('as planned')]);
  const controller = app.get(KnownController);
  expect(Object.getPrototypeOf(controller)).toBe(KnownController.prototype);
  expect(Reflect.ownKeys(controller)).toEqual([]);
  expect(counts(app.get(MetricsRegistry), 'rpc_server_errors_total')).toEqual({
    'handler=KnownController.failing error=RoleError': 1,
  });
}

describe('guards, interceptors and filters of a controller see the methods of its class', () => {
  it('over TCP', async () => {
    await expectIdentityOver({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: await freePort() },
    });
  });

  it('in two applications of one process, whose errors are counted separately', async () => {
    const start = async () => {
      const port = await freePort();
      const options = { transport: Transport.TCP, options: { host: '127.0.0.1', port } } as const;
      const app = await NestFactory.createMicroservice(controllerModule(), { ...options, ...NOTHING });
      closing.push(() => app.close());
      await app.listen();
      const client = ClientProxyFactory.create(options);
      closing.push(() => client.close());
      return { app, client, registry: app.get(MetricsRegistry) };
    };
    const [first, second] = [await start(), await start()];
    await lastValueFrom(second.client.send('failing', ''));
    await first.app.close();
    await lastValueFrom(second.client.send('failing', ''));
    expect(counts(first.registry, 'rpc_server_errors_total')).toEqual({});
    expect(counts(second.registry, 'rpc_server_errors_total')).toEqual({
      'handler=KnownController.failing error=RoleError': 2,
    });
  });

  it.each(ADAPTERS)('of a route and a message at once, on %s', async (adapter) => {
    const app = await startApp(adapter, controllerModule());
    closing.push(() => app.close());
    const guard = app.app.get(KnowingGuard);
    introduce(guard, KnownController);
    expect(await (await fetch(`http://127.0.0.1:${app.port}/known`)).text()).toBe('1');
    expect(guard.seen).toEqual([['known', 'KnownController', 'reader', 'reader', 'of the application']]);
  });
});

describeWith(['redis-server'], 'guards, interceptors and filters of a controller', () => {
  it('see the methods of its class over Redis', async () => {
    const server = await RedisServer.start();
    closing.push(() => server.stop());
    await expectIdentityOver({
      transport: Transport.REDIS,
      options: { host: '127.0.0.1', port: server.port },
    });
  });
});

describe.each(['socket.io', 'ws'] as const)('guards and interceptors of a gateway on %s', (transport) => {
  it.each(ADAPTERS)('see the methods of its class, on %s', async (adapter) => {
    const app = await startApp(adapter, gatewayModule(), {
      configure: (configured) => {
        if (transport === 'ws') configured.useWebSocketAdapter(new WsAdapter(configured));
      },
    });
    closing.push(() => app.close());
    const guard = app.app.get(KnowingGuard);
    introduce(guard, KnownGateway);
    const send = await connect(transport, app.port);
    send('known');
    send('failing');
    await eventually(() => expect(guard.seen).toHaveLength(2), WAIT_MS);
    expect(guard.seen).toEqual(
      expect.arrayContaining([
        ['known', 'KnownGateway', 'reader', 'reader', 'of the application'],
        ['failing', 'KnownGateway', 'writer', 'writer', undefined],
      ]),
    );
    await eventually(
      () =>
        expect(counts(app.registry, 'websocket_errors_total')).toEqual({
          'handler=KnownGateway.failing error=RoleError': 1,
        }),
      WAIT_MS,
    );
    await eventually(
      () =>
        expect(counts(app.registry, 'websocket_messages_total')).toEqual({
          'namespace=/ event=known outcome=success': 1,
          'namespace=/ event=failing outcome=error': 1,
        }),
      WAIT_MS,
    );
    const gateway = app.app.get(KnownGateway);
    expect(Object.getPrototypeOf(gateway)).toBe(KnownGateway.prototype);
  });
});

async function connect(transport: 'socket.io' | 'ws', port: number): Promise<(event: string) => void> {
  if (transport === 'ws') {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    closing.push(() => socket.terminate());
    await once(socket, 'open');
    return (event) => socket.send(JSON.stringify({ event, data: '' }));
  }
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true });
  closing.push(() => socket.disconnect());
  await new Promise<void>((resolve, reject) => socket.on('connect', resolve).on('connect_error', reject));
  return (event) => void socket.emit(event, '');
}
