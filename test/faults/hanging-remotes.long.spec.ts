import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type DynamicModule, Module } from '@nestjs/common';
import { MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { ADAPTERS, eventually, type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { WorkController } from './faulty-parts.js';

const PUSH = { intervalMs: 1_000, timeoutMs: 2_000, shutdownTimeoutMs: 500 };
/** Requests of which the median is taken. */
const ROUNDS = 300;
const EXPORTERS = ['cloudwatch', 'datadog', 'otlp', 'pushgateway', 'remote_write'];

@Module({})
class PushingModule {
  static with(exporters: NonNullable<MonitoringOptions['exporters']>): DynamicModule {
    return {
      module: PushingModule,
      imports: [MonitoringModule.forRoot({ exporters, health: { drainDelayMs: 0 } })],
      controllers: [WorkController],
    };
  }
}

/** A remote that takes every connection and what comes by it, and says nothing, or a byte now and then. */
class SilentServer {
  connections = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((socket) => this.take(socket));

  constructor(private readonly dripMs: number) {}

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private take(socket: Socket): void {
    this.connections++;
    this.sockets.add(socket);
    socket.on('error', () => undefined).resume();
    const answer = 'HTTP/1.1 202 Accepted\r\ncontent-length: 1000\r\n\r\n';
    let sent = 0;
    const drip = setInterval(() => socket.write(answer[sent++] ?? 'x'), this.dripMs);
    socket.on('close', () => {
      clearInterval(drip);
      this.sockets.delete(socket);
    });
  }
}

describe.each([
  ['never answers', 3_600_000],
  ['answers a byte every 100 ms', 100],
])('while every remote %s', (_how, dripMs) => {
  let stops: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const stop of stops.toReversed()) await stop();
    stops = [];
  });

  it.each(ADAPTERS)(
    'an application on %s answers as quickly as without exporters, and goes on to try',
    async (adapter) => {
      const remote = new SilentServer(dripMs);
      const url = await remote.start();
      stops.push(() => remote.stop());
      const client = new CloudWatchClient({
        region: 'eu-central-1',
        endpoint: url,
        credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
        maxAttempts: 1,
      });
      stops.push(async () => client.destroy());
      const pushing = await start(adapter, {
        cloudWatch: { ...PUSH, namespace: 'EnterpriseLand', client },
        datadog: { ...PUSH, apiKey: 'key', url, transport: 'fetch' },
        otlp: { ...PUSH, url },
        pushgateway: { ...PUSH, url, jobName: 'orders' },
        remoteWrite: { ...PUSH, url },
      });
      const quiet = await start(adapter, {});
      await eventually(() => expect(remote.connections).toBeGreaterThanOrEqual(EXPORTERS.length), 15_000);

      let halves = await halvesOf(pushing, quiet);
      let sent = ROUNDS;
      const isAsQuick = (): boolean => halves.pushing < 2 * halves.quiet + 5;
      // Other work of the machine may come to one of the two more than to the other, though not again and again.
      for (; !isAsQuick() && sent < 6 * ROUNDS; sent += ROUNDS) halves = await halvesOf(pushing, quiet);
      expect(isAsQuick() || halves).toBe(true);
      console.info(
        `${adapter}: half of the requests took ${halves.pushing.toFixed(2)} ms, without exporters ${halves.quiet.toFixed(2)} ms`,
      );

      await eventually(async () => {
        const failures = await pushing.samples('monitoring_exporter_failures_total');
        const failing = failures.filter(({ value }) => value > 0).map(({ labels }) => labels['exporter']!);
        expect(failing.toSorted()).toEqual(EXPORTERS);
      }, 15_000);
      const requests = await pushing.samples('http_requests_total');
      expect(requests.map(({ labels, value }) => [labels['route'], value])).toEqual([['/work', sent]]);
    },
  );

  async function start(
    adapter: (typeof ADAPTERS)[number],
    exporters: NonNullable<MonitoringOptions['exporters']>,
  ): Promise<RunningApp> {
    const app = await startApp(adapter, PushingModule.with(exporters));
    stops.push(() => app.close());
    return app;
  }
});

/** Returns the times in which half of the requests were answered, in milliseconds. */
async function halvesOf(
  pushing: RunningApp,
  quiet: RunningApp,
): Promise<{ readonly pushing: number; readonly quiet: number }> {
  const took = { pushing: [] as number[], quiet: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    took.quiet.push(await timed(quiet));
    took.pushing.push(await timed(pushing));
  }
  return { pushing: medianOf(took.pushing), quiet: medianOf(took.quiet) };
}

async function timed(app: RunningApp): Promise<number> {
  const began = performance.now();
  expect((await app.get('/work')).status).toBe(200);
  return performance.now() - began;
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}
