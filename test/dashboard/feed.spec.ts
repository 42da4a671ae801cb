import assert from 'node:assert/strict';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DashboardEventsEndpoint } from '../../lib/dashboard/dashboard-api.endpoints.js';
import { DashboardFeed } from '../../lib/dashboard/dashboard.feed.js';
import type { Overview, OverviewReader } from '../../lib/dashboard/overview.js';
import { EventStream } from '../../lib/http/event-stream.js';
import { eventually } from '../support/eventually.js';
import { past } from '../history/support.js';

describe('the feed of the dashboard', () => {
  it.each(['healthy', 'degraded', 'unhealthy', 'critical', 'failing'])(
    'computes one overview and sends one message for a thousand readers: %s',
    async (status) => {
      let computed = 0;
      let now = 0;
      const read = async (): Promise<Overview> => {
        computed++;
        await Promise.resolve();
        if (status === 'failing') throw new Error('as planned');
        return { status, timestamp: now } as Overview;
      };
      const feed = new DashboardFeed(past().history, { read } as unknown as OverviewReader, () => now);
      let sent = 0;
      feed.events.send = () => void sent++;
      Object.defineProperty(feed.events, 'readerCount', { value: 1_000 });
      const endpoint = new DashboardEventsEndpoint('events', false, feed.events, () => {
        feed.current().catch(() => undefined);
      });
      for (let i = 0; i < 1_000; i++) {
        endpoint.handle();
        // Some come while it is computed, some later.
        if (status !== 'failing' && i % 10 === 0) await feed.current();
      }
      await feed.current().catch(() => undefined);
      expect(computed).toBe(1);
      expect(sent).toBe(status === 'failing' ? 0 : 1);
      if (status === 'failing') return;
      now = 999;
      await feed.current();
      expect(computed).toBe(1);
      now = 1_000;
      await feed.current();
      expect(computed).toBe(2);
      // A clock that was set back keeps nothing for ever.
      now = 0;
      await feed.current();
      expect(computed).toBe(3);
    },
  );

  it('sends a reader no overview that was read while nobody looked', async () => {
    const { history, run } = past();
    const read = async (isWatched: boolean): Promise<Overview> => {
      await Promise.resolve();
      return { timestamp: computed++, ...(isWatched && { verdict: {} }) } as Overview;
    };
    let computed = 0;
    const feed = new DashboardFeed(history, { read } as unknown as OverviewReader, () => 0);
    feed.start();
    const sent: string[] = [];
    const response = { on: () => undefined, write: (text: string) => sent.push(text), end: () => undefined };
    await feed.current();
    // A sample that nobody sees, and then somebody who opens the page.
    run(1);
    await new Promise((resolve) => setImmediate(resolve));
    feed.events.open(response as unknown as ServerResponse);
    expect(sent).toEqual(['retry: 2000\n\n']);
    await feed.current();
    expect(sent).toEqual(['retry: 2000\n\n', 'event: overview\ndata: {"timestamp":2,"verdict":{}}\n\n']);
    feed.stop();
  });

  it('writes no message while nobody reads', async () => {
    const read = async (): Promise<Overview> => {
      const overview = { status: 'healthy' } as Overview;
      Object.defineProperty(overview, 'toJSON', { value: () => assert.fail('nobody reads') });
      return Promise.resolve(overview);
    };
    const feed = new DashboardFeed(past().history, { read } as unknown as OverviewReader, () => 0);
    await expect(feed.current()).resolves.toMatchObject({ status: 'healthy' });
  });

  it('rejects readers beyond its limit with Retry-After', () => {
    const stream = new EventStream();
    Object.defineProperty(stream, 'isFull', { value: true });
    let asked = 0;
    const reply = new DashboardEventsEndpoint('events', false, stream, () => asked++).handle();
    expect(reply).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(String(reply.body)).toContain('Too many dashboards are connected');
    expect(asked).toBe(0);
  });
});

describe('a stream of events', () => {
  let close: () => void = () => undefined;

  afterEach(() => close());

  async function connected(
    stream: EventStream,
  ): Promise<{ server: ServerResponse; client: IncomingMessage }> {
    let opened: (response: ServerResponse) => void = () => undefined;
    const response = new Promise<ServerResponse>((resolve) => (opened = resolve));
    const http = createServer((_, accepted) => {
      stream.open(accepted);
      opened(accepted);
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    close = () => {
      http.closeAllConnections();
      http.close();
    };
    const { port } = http.address() as AddressInfo;
    const client = await new Promise<IncomingMessage>((resolve, reject) =>
      get({ port, host: '127.0.0.1' }, resolve).on('error', reject),
    );
    client.on('error', () => undefined);
    return { server: await response, client };
  }

  it('is full with a thousand readers', () => {
    const stream = new EventStream();
    const reader = {
      on: () => undefined,
      write: () => true,
      end: () => undefined,
    } as unknown as ServerResponse;
    for (let i = 0; i < 1_000; i++) {
      expect(stream.isFull).toBe(false);
      stream.open(Object.create(reader) as ServerResponse);
    }
    expect(stream.isFull).toBe(true);
    stream.close();
    expect(stream.isFull).toBe(false);
  });

  it('queues nothing for a reader that does not read, and disconnects it in the end', async () => {
    const stream = new EventStream();
    const { server } = await connected(stream);
    const event = 'x'.repeat(1_000_000);
    let most = 0;
    await eventually(() => {
      stream.send(event);
      most = Math.max(most, server.writableLength);
      expect(stream.readerCount).toBe(0);
    }, 15_000);
    expect(most).toBeLessThan(2_500_000);
  });

  it('sends the latest event to a slow reader that has caught up', async () => {
    let latest = 'event: first\n\n';
    const stream = new EventStream(() => latest);
    const { server, client } = await connected(stream);
    client.pause();
    await eventually(() => {
      stream.send(`event: ${'x'.repeat(1_000_000)}\n\n`);
      expect(server.writableNeedDrain).toBe(true);
    }, 15_000);
    latest = 'event: latest\n\n';
    stream.send('event: missed\n\n');
    let text = '';
    client.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-1_000)));
    client.resume();
    await eventually(() => expect(text).toContain('event: latest'), 15_000);
    expect(text).not.toContain('missed');
    expect(stream.readerCount).toBe(1);
  });
});
