import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication, Type } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { MetricsRegistry, MonitoringOptions } from 'nestjs-monitoring';
import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import { FixtureModule, WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import { ADAPTERS, eventually, type RunningApp, startApp, total } from '../../e2e/fixture/start-app.js';
import { counts } from '../support.js';
import {
  AdminGateway,
  FEED_FILTER,
  FeedGateway,
  PricesGateway,
  RoomsGateway,
  SecondGateway,
} from './websocket.fixture.js';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function start(
  adapter: (typeof ADAPTERS)[number],
  gateways: readonly Type[],
  configure: (app: INestApplication) => void = () => undefined,
  options: MonitoringOptions = {},
): Promise<RunningApp> {
  const module = FixtureModule.with({ ...WITHOUT_COLLECTORS, ...options }, { providers: [...gateways] });
  const app = await startApp(adapter, module, { configure });
  closing.push(() => app.close());
  return app;
}

async function connected(app: RunningApp, namespace = ''): Promise<Socket> {
  const socket = io(`http://127.0.0.1:${app.port}${namespace}`, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
  });
  closing.push(() => socket.disconnect());
  await new Promise<void>((resolve, reject) => socket.on('connect', resolve).on('connect_error', reject));
  return socket;
}

async function answer(socket: Socket, event: string, data: unknown, answeredBy: string): Promise<unknown> {
  const answered = new Promise((resolve) => socket.once(answeredBy, resolve));
  socket.emit(event, data);
  return answered;
}

async function opened(app: RunningApp, path = '/'): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${app.port}${path}`);
  closing.push(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

async function ask(socket: WebSocket, event: string, data: unknown = null): Promise<unknown> {
  const answered = once(socket, 'message');
  socket.send(JSON.stringify({ event, data }));
  const [message] = (await answered) as [Buffer];
  return JSON.parse(message.toString());
}

function messages(registry: MetricsRegistry): Record<string, number> {
  return counts(registry, 'websocket_messages_total');
}

function inProgress(registry: MetricsRegistry): number {
  return total(registry, 'websocket_messages_in_progress');
}

describe.each(ADAPTERS)('gateways on socket.io and %s', (adapter) => {
  it('get the same replies, and are counted by event and outcome', async () => {
    const app = await start(adapter, [FeedGateway, SecondGateway]);
    const { registry } = app;
    const socket = await connected(app);
    expect(await answer(socket, 'echo', { a: 1 }, 'echoed')).toEqual({ a: 1 });
    expect(await answer(socket, 'piped', '5', 'piped')).toBe(5);
    expect(await answer(socket, 'second', '', 'seconded')).toBeNull();
    socket.emit('silent');
    const parts: unknown[] = [];
    socket.on('part', (part) => parts.push(part));
    socket.emit('several');
    await eventually(() => expect(parts).toEqual([1, 2, 3]));

    const later = answer(socket, 'later', '', 'done');
    const { release } = app.app.get(FeedGateway);
    await eventually(() => expect(release).toHaveLength(1));
    expect(inProgress(registry)).toBe(1);
    release[0]?.('now');
    expect(await later).toBe('now');

    await eventually(() => expect(inProgress(registry)).toBe(0));
    expect(messages(registry)).toEqual({
      'namespace=/ event=echo outcome=success': 1,
      'namespace=/ event=piped outcome=success': 1,
      'namespace=/ event=second outcome=success': 1,
      'namespace=/ event=silent outcome=success': 1,
      'namespace=/ event=several outcome=success': 1,
      'namespace=/ event=later outcome=success': 1,
    });
    expect(total(registry, 'websocket_message_duration_seconds')).toBe(6);
    expect(counts(registry, 'websocket_errors_total')).toEqual({});
  });

  it('count errors of guards, pipes and handlers, and leave the response to the filters', async () => {
    const app = await start(adapter, [FeedGateway]);
    const { registry } = app;
    const socket = await connected(app);
    FEED_FILTER.caught.length = 0;
    const said = async (event: string, data?: unknown): Promise<unknown> =>
      ((await answer(socket, event, data, 'exception')) as { message: string }).message;
    expect(await said('broken')).toBe('Internal server error');
    expect(await said('broken.stream')).toBe('Internal server error');
    expect(await said('guarded')).toBe('Forbidden resource');
    expect(await said('piped', 'none')).toBe('Internal server error');
    expect(await said('filtered')).toBe('said by the filter');
    expect(FEED_FILTER.caught).toHaveLength(1);

    await eventually(() => expect(inProgress(registry)).toBe(0));
    expect(messages(registry)).toEqual({
      'namespace=/ event=broken outcome=error': 1,
      'namespace=/ event=broken.stream outcome=error': 1,
      'namespace=/ event=guarded outcome=error': 1,
      'namespace=/ event=piped outcome=error': 1,
      'namespace=/ event=filtered outcome=error': 1,
    });
    expect(counts(registry, 'websocket_errors_total')).toEqual({
      'handler=FeedGateway.broken error=FeedError': 1,
      'handler=FeedGateway.brokenStream error=FeedError': 1,
      'handler=FeedGateway.guarded error=WsException': 1,
      'handler=FeedGateway.piped error=BadRequestException': 1,
      'handler=FeedGateway.filtered error=FeedError': 1,
    });
  });

  it('distinguish failures from successes that end at the same time', async () => {
    const app = await start(adapter, [FeedGateway]);
    const socket = await connected(app);
    for (let i = 0; i < 300; i++) socket.emit('mixed', i % 3 === 0);
    await eventually(() =>
      expect(messages(app.registry)).toEqual({
        'namespace=/ event=mixed outcome=success': 200,
        'namespace=/ event=mixed outcome=error': 100,
      }),
    );
  });

  it('count replies as cancelled when the client disconnects, and leave none in progress', async () => {
    const app = await start(adapter, [FeedGateway]);
    const { registry } = app;
    const socket = await connected(app);
    await answer(socket, 'endless', '', 'part');
    expect(inProgress(registry)).toBe(1);
    expect(counts(registry, 'websocket_connections_open')).toEqual({ 'namespace=/': 1 });
    socket.disconnect();
    await eventually(() =>
      expect(messages(registry)).toEqual({ 'namespace=/ event=endless outcome=cancelled': 1 }),
    );
    const expelled = await connected(app);
    const left = new Promise((resolve) => expelled.once('disconnect', resolve));
    expelled.emit('expelled');
    await left;
    await eventually(() =>
      expect(messages(registry)).toMatchObject({ 'namespace=/ event=expelled outcome=cancelled': 1 }),
    );
    await eventually(() => expect(counts(registry, 'websocket_connections_open')).toEqual({}));
    expect(inProgress(registry)).toBe(0);
    expect(counts(registry, 'websocket_connections_total')).toEqual({ 'namespace=/': 2 });
    expect(counts(registry, 'websocket_connection_duration_seconds')).toEqual({ 'namespace=/': 2 });
  });

  it('have one label value for each declared namespace, whichever namespace clients choose', async () => {
    const app = await start(adapter, [FeedGateway, AdminGateway, RoomsGateway]);
    const { registry } = app;
    const root = await connected(app, '');
    const others = await Promise.all(['/admin', '/room-1', '/room-22'].map((name) => connected(app, name)));
    for (const socket of [root, ...others]) {
      await answer(socket, 'echo', 1, 'echoed');
      for (let i = 0; i < 10; i++) socket.emit(`no such event ${Math.random()}`, i);
    }
    await answer(root, 'echo', 1, 'echoed');
    expect(counts(registry, 'websocket_connections_open')).toEqual({
      'namespace=/': 1,
      'namespace=/admin': 1,
      'namespace=/^\\/room-\\d+$/': 2,
    });
    await eventually(() =>
      expect(messages(registry)).toEqual({
        'namespace=/ event=echo outcome=success': 2,
        'namespace=/admin event=echo outcome=success': 1,
        'namespace=/^\\/room-\\d+$/ event=echo outcome=success': 2,
      }),
    );
  });

  it('have no metrics with webSocket: false, nor without a gateway', async () => {
    const without = await start(adapter, [FeedGateway], undefined, { webSocket: false });
    expect(await answer(await connected(without), 'echo', 1, 'echoed')).toBe(1);
    expect(without.registry.getMetric('websocket_messages_total')).toBeUndefined();
    const plain = await start(adapter, []);
    await plain.get('/ok');
    expect(plain.registry.getMetric('websocket_messages_total')).toBeUndefined();
  });
});

describe.each(ADAPTERS)('gateways on ws and %s', (adapter) => {
  it('are counted by path and event, without invalid messages', async () => {
    const app = await start(adapter, [FeedGateway, PricesGateway], (nest) =>
      nest.useWebSocketAdapter(new WsAdapter(nest)),
    );
    const { registry } = app;
    const feed = await opened(app);
    const prices = await opened(app, '/prices');
    expect(await ask(feed, 'echo', 1)).toEqual({ event: 'echoed', data: 1 });
    expect(await ask(prices, 'echo', 2)).toEqual({ event: 'echoed', data: 2 });
    expect(await ask(prices, 'broken')).toMatchObject({ event: 'exception' });
    expect(await ask(prices, 'guarded')).toMatchObject({ event: 'exception' });
    for (let i = 0; i < 10; i++) prices.send(JSON.stringify({ event: `none ${Math.random()}` }));
    prices.send('no JSON');
    await ask(prices, 'endless');
    expect(counts(registry, 'websocket_connections_open')).toEqual({
      'namespace=/': 1,
      'namespace=/prices': 1,
    });
    prices.terminate();
    await eventually(() =>
      expect(messages(registry)).toEqual({
        'namespace=/ event=echo outcome=success': 1,
        'namespace=/prices event=echo outcome=success': 1,
        'namespace=/prices event=broken outcome=error': 1,
        'namespace=/prices event=guarded outcome=error': 1,
        'namespace=/prices event=endless outcome=cancelled': 1,
      }),
    );
    await eventually(() =>
      expect(counts(registry, 'websocket_connections_open')).toEqual({ 'namespace=/': 1 }),
    );
    expect(inProgress(registry)).toBe(0);
    expect(counts(registry, 'websocket_errors_total')).toEqual({
      'handler=PricesGateway.broken error=FeedError': 1,
      'handler=PricesGateway.guarded error=WsException': 1,
    });
  });

  it('count separately in two applications, and restore a shared adapter', async () => {
    const adapters: WsAdapter[] = [];
    const started = (): Promise<RunningApp> =>
      start(adapter, [FeedGateway], (nest) => {
        adapters.push(new WsAdapter(nest));
        nest.useWebSocketAdapter(adapters.at(-1) as WsAdapter);
      });
    const one = await started();
    const other = await started();
    await ask(await opened(one), 'echo', 1);
    await ask(await opened(other), 'broken');
    await eventually(() => {
      expect(messages(one.registry)).toEqual({ 'namespace=/ event=echo outcome=success': 1 });
      expect(messages(other.registry)).toEqual({ 'namespace=/ event=broken outcome=error': 1 });
    });
    expect(counts(one.registry, 'websocket_errors_total')).toEqual({});
    await one.close();
    closing.splice(0, 1);
    expect(Object.hasOwn(adapters[0] as object, 'bindMessageHandlers')).toBe(false);
    expect(Object.hasOwn(adapters[1] as object, 'bindMessageHandlers')).toBe(true);
  });
});
