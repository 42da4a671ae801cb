import type { Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { MonitoringModule } from 'nestjs-monitoring';
import { WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { head, RawConnection, request } from '../e2e/fixture/http-client.js';
import { ADAPTERS, eventually, type RunningApp, startApp } from '../e2e/fixture/start-app.js';

const CONNECTIONS = 100;

let waiting: (() => void)[] = [];

@Controller()
class WorkController {
  @Get('now')
  now(): string {
    return 'now';
  }

  @Get('later')
  async later(): Promise<string> {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return 'later';
  }
}

@Module({
  imports: [
    MonitoringModule.forRoot({ ...WITHOUT_COLLECTORS, health: { drainDelayMs: 1, drainTimeoutMs: 60_000 } }),
  ],
  controllers: [WorkController],
})
class AppModule {}

describe.each(ADAPTERS)('the connections of an application on %s that closes', (adapter) => {
  let running: RunningApp;
  let connections: RawConnection[] = [];

  beforeEach(async () => {
    waiting = [];
    running = await startApp(adapter, AppModule, {
      nest: { forceCloseConnections: false },
      // On a busy machine, the second request of a connection may come long after the first.
      configure: (app) => void ((app.getHttpServer() as Server).keepAliveTimeout = 120_000),
    });
  });

  afterEach(async () => {
    for (const release of waiting) release();
    for (const connection of connections) connection.destroy();
    await running.close();
  });

  /** Opens connections that have each received one response. */
  async function open(count: number): Promise<void> {
    connections = Array.from({ length: count }, () => new RawConnection(running.port));
    for (const connection of connections) connection.send(head('GET', '/now'));
    await responses(1);
  }

  async function responses(each: number): Promise<void> {
    await eventually(() => {
      for (const { statuses } of connections) expect(statuses).toHaveLength(each);
    }, 20_000);
  }

  async function close(): Promise<void> {
    const closed = running.close();
    await eventually(() => expect(waiting.length).toBeGreaterThan(0), 20_000);
    for (const release of waiting) release();
    await closed;
    for (const connection of connections) await connection.closed;
  }

  describe.each([
    ['after a drain', true],
    ['without a drain', false],
  ])('%s', (_title, isProbed) => {
    beforeEach(async () => {
      if (isProbed) await request(running.port, { path: '/ready' });
    });

    it('end with the response in progress, which asks the client to close them', async () => {
      await open(CONNECTIONS);
      for (const connection of connections) connection.send(head('GET', '/later'));
      await eventually(() => expect(waiting).toHaveLength(CONNECTIONS), 20_000);
      await close();

      for (const { statuses, received } of connections) {
        expect(statuses).toEqual([200, 200]);
        expect(received.split('later')[0]).toMatch(/keep-alive[^]*now[^]*\r\nconnection: close\r\n/i);
      }
    }, 60_000);

    it('lose no request that arrived before', async () => {
      await open(CONNECTIONS);
      for (const connection of connections) connection.send(head('GET', '/later'));
      // The server has not read the requests yet.
      expect(waiting).toEqual([]);
      await close();

      for (const { statuses, received } of connections) {
        expect(statuses).toEqual([200, 200]);
        expect(received).toMatch(/\r\nconnection: close\r\n/i);
      }
    }, 60_000);

    it.each([
      ['before', true],
      ['while', false],
    ])(
      'lose no pipelined request that is read %s it closes',
      async (_when, isRead) => {
        await open(1);
        for (const connection of connections) connection.send(head('GET', '/later').repeat(3));
        if (isRead) await eventually(() => expect(waiting).toHaveLength(3), 20_000);
        await close();

        for (const { statuses } of connections) expect(statuses).toEqual([200, 200, 200, 200]);
      },
      60_000,
    );
  });
});

@WebSocketGateway({ namespace: 'feed' })
class FeedGateway {
  @SubscribeMessage('recent')
  recent(): string {
    return 'now';
  }
}

@Module({ imports: [AppModule], providers: [FeedGateway] })
class FeedModule {}

describe.each(ADAPTERS)('an application on %s with a gateway, which closes the server itself', (adapter) => {
  it.each([
    ['after a drain', true],
    ['without a drain', false],
  ])('ends %s, with a connection that never sends a request', async (_title, isProbed) => {
    const running = await startApp(adapter, FeedModule, { nest: { forceCloseConnections: false } });
    const idle = new RawConnection(running.port);
    await request(running.port, { path: isProbed ? '/ready' : '/now' });

    await running.close();
    await idle.closed;
  });
});
