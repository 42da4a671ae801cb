import { createServer, get, request as requestOf, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientProxyFactory,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { Cron, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { CronJob } from 'cron';
import { MetricsContext, MetricsRegistry } from 'nestjs-monitoring';
import { RequestRecords } from 'nestjs-monitoring/diagnostics';
import { defer, lastValueFrom, type Observable, of } from 'rxjs';
import { io } from 'socket.io-client';
import { systemClock } from '../../../lib/metrics/clock.js';
import { FixtureModule, WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import { startApp } from '../../e2e/fixture/start-app.js';
import { freePort } from '../../services/support/free-port.js';
import { closeAll, counts, startMeasured } from '../support.js';
import { callsOf, recordsOf } from './recorded.js';

const OPTIONS = { ...WITHOUT_COLLECTORS, outgoingHttp: {}, requests: { records: { sampleRate: 1 } } };
const LINE = /\(test\/instrumentation\/requests\/operation-records\.long\.spec\.ts:\d+:\d+\)$/;

let remote: Server;
let host: string;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  // Answers `/status/milliseconds` with that status after that time, and `/status/milliseconds/body` with a body that ends
  // after the time `body`, or that breaks off after it.
  remote = createServer(({ url = '' }, response) => {
    const [, status, delay, body, breaksOff] = url.replace(/\?.*/, '').split('/');
    setTimeout(() => {
      if (body === 'empty') {
        response.writeHead(Number(status), { 'content-length': 0 }).end();
        return;
      }
      response.writeHead(Number(status), breaksOff === undefined ? {} : { 'content-length': 100 });
      if (body === undefined) response.end();
      else response.write('x');
      if (body !== undefined) {
        setTimeout(
          () => (breaksOff === undefined ? response.end() : response.destroy()),
          Number(body),
        ).unref();
      }
    }, Number(delay));
  });
  // A connection is not closed in the moment in which it is used again, on a busy machine.
  remote.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(remote.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  await closeAll();
});

afterAll(() => {
  remote.closeAllConnections();
  remote.close();
});

async function ask(status = 200, delay = 0): Promise<void> {
  const { body } = await fetch(`http://${host}/${status}/${delay}?secret=1`);
  await body?.cancel();
}

/** Asks with `node:http`. */
function askPlainly(status: number): Promise<void> {
  return new Promise((resolve, reject) => {
    get(`http://${host}/${status}/0`, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
}

/** Asks in turn with others, `times` times. */
async function askOften(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await ask();
    await sleep(1);
  }
}

describe('the record of a job of MetricsContext', () => {
  async function start() {
    const { app, registry } = await startMeasured({}, { ...OPTIONS, clock: systemClock });
    return { app, registry, context: app.get(MetricsContext) };
  }

  it('has the outgoing requests by host and status, those that failed, and no URL', async () => {
    const { app, context } = await start();
    const closed = await freePort();
    await context.run('ask_remotes', async () => {
      await Promise.all([ask(200), ask(200), ask(504), askPlainly(404), askPlainly(500)]);
      await fetch(`http://127.0.0.1:${closed}/nobody`).catch(() => undefined);
    });
    const [record] = await recordsOf(app, 'ask_remotes');
    expect(callsOf(record!)).toEqual(
      [
        `remote ${host} GET 200 ×2`,
        `remote ${host} GET 404 ×1`,
        `remote ${host} GET 500 ×1 !1`,
        `remote ${host} GET 504 ×1 !1`,
        `remote 127.0.0.1:${closed} GET ECONNREFUSED ×1 !1`,
      ].toSorted(),
    );
    expect(JSON.stringify(record)).not.toMatch(/secret|nobody/);
  });

  /** Reads the whole body of a response. */
  const READERS: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
    fetch: async (path) => (await fetch(`http://${host}${path}`)).text(),
    'node:http': (path) =>
      new Promise((resolve, reject) => {
        get(`http://${host}${path}`, { agent: false }, (response) =>
          response.resume().on('end', resolve).on('error', reject),
        );
      }),
  };

  it.each(Object.entries(READERS))(
    'has the time until the end of the body of the response of %s',
    async (_, read) => {
      const { app, context } = await start();
      await context.run('wait_for_remote', async () => {
        await read('/200/80/80');
        await sleep(100);
      });
      const [record] = await recordsOf(app, 'wait_for_remote');
      const waited = record!.parts.remote! + (record!.parts.event_loop ?? 0);
      expect(waited).toBeGreaterThan(150);
      // Without the time after the body. On a busy machine, some of that is of the event loop.
      expect(record!.parts.remote!).toBeLessThan(record!.durationMs - 90);
      const [call] = record!.calls;
      expect(call).toMatchObject({ name: 'GET 200', count: 1, errors: 0 });
      expect(call!.totalMs).toBeGreaterThan(150);
      expect(call!.maxMs).toBe(call!.totalMs);
    },
  );

  it.each(Object.entries(READERS))('says that a body has broken off for %s', async (_, read) => {
    const { app, context } = await start();
    await context.run('breaks_off', async () => {
      await read('/200/0/30/breaks-off').catch(() => undefined);
      await read('/503/0/30/breaks-off').catch(() => undefined);
    });
    const [record] = await recordsOf(app, 'breaks_off');
    expect(callsOf(record!)).toEqual([`remote ${host} GET 200 ×1 !1`, `remote ${host} GET 503 ×1 !1`]);
    expect(record!.parts.remote! + (record!.parts.event_loop ?? 0)).toBeGreaterThan(50);
  });

  it.each<[string, (path: string) => Promise<unknown>]>([
    ['fetch', async (path) => (await fetch(`http://${host}${path}`)).body?.cancel()],
    [
      'node:http',
      (path) =>
        new Promise((resolve) => {
          get(`http://${host}${path}`, (response) => response.on('close', resolve).destroy());
        }),
    ],
  ])('ends the wait once the application gives a body up, which is no failure: %s', async (_, request) => {
    const { app, context } = await start();
    await context.run('gives_up', async () => {
      await request('/200/0/10000');
      await sleep(100);
    });
    const [record] = await recordsOf(app, 'gives_up');
    expect(callsOf(record!)).toEqual([`remote ${host} GET 200 ×1`]);
    expect(['application', 'remote', 'event_loop']).toEqual(
      expect.arrayContaining(Object.keys(record!.parts)),
    );
    expect(record!.parts.remote ?? 0).toBeLessThan(record!.durationMs - 90);
  });

  it.each<[string, string, string]>([
    ['a status without a body', 'GET', '/204/0'],
    ['a status of a cache', 'GET', '/304/0'],
    ['a HEAD request', 'HEAD', '/200/0'],
    ['a body of no length', 'GET', '/200/0/empty'],
  ])(
    'ends the wait with the head of a response that has no body, and is not read: %s',
    async (_, method, path) => {
      const { app, context } = await start();
      await context.run('has_no_body', async () => {
        await new Promise((resolve, reject) => {
          requestOf({ method, path, port: (remote.address() as AddressInfo).port }, resolve)
            .on('error', reject)
            .end();
        });
        await sleep(100);
      });
      const [record] = await recordsOf(app, 'has_no_body');
      expect(record!.calls).toEqual([expect.objectContaining({ part: 'remote', count: 1, errors: 0 })]);
      expect(record!.parts.remote!).toBeLessThan(record!.durationMs - 90);
    },
  );

  it('counts a request that has been answered though its body is still to come', async () => {
    const { app, context } = await start();
    await context.run('leaves', async () => (await fetch(`http://${host}/500/0/100`)).status);
    const [record] = await recordsOf(app, 'leaves');
    expect(callsOf(record!)).toEqual([`remote ${host} GET 500 ×1 !1`]);
    expect(record!.parts.remote! + (record!.parts.event_loop ?? 0)).toBeLessThan(record!.durationMs);
  });

  it('names a loop of requests as an N+1, with its line', async () => {
    const { app, context } = await start();
    await context.run('ask_each', () => askOften(12));
    const [record] = await recordsOf(app, 'ask_each');
    expect(callsOf(record!)).toEqual([`remote ${host} GET 200 ×12 *`]);
    expect(record!.calls[0]!.site).toMatch(LINE);
  });

  it('names the line of the loop though another request to the host came before it', async () => {
    const { app, context } = await start();
    await context.run('ask_first', async () => {
      await READERS['fetch']!('/200/0');
      await askOften(12);
    });
    const [record] = await recordsOf(app, 'ask_first');
    expect(callsOf(record!)).toEqual([`remote ${host} GET 200 ×13 *`]);
    expect(record!.calls[0]!.site).toMatch(/^ask \(/);
  });

  it('has the line of the request that failed, and not of another one to the host', async () => {
    const { app, context } = await start();
    const failing = async (): Promise<void> => {
      await fetch(`http://${host}/504/0`).then((response) => response.text());
    };
    // The places are remembered from the second time on.
    for (let i = 0; i < 2; i++) {
      await context.run('ask_two', async () => {
        await ask(200, 30);
        await failing();
        await Promise.all([ask(200, 30), failing()]);
      });
    }
    for (const { calls } of await recordsOf(app, 'ask_two', { count: 2 })) {
      const sites = Object.fromEntries(calls.map(({ name, site }) => [name, site?.split(' ')[0]]));
      expect(sites).toEqual({ 'GET 200': 'ask', 'GET 504': 'failing' });
    }
  });

  it('has the exception and its line', async () => {
    const { app, context } = await start();
    await expect(
      context.run('breaks', async () => {
        await ask();
        throw new RangeError('not to be kept');
      }),
    ).rejects.toThrow(RangeError);
    const [record] = await recordsOf(app, 'breaks', { list: 'failures' });
    expect(record!.exception).toEqual({
      error: 'RangeError',
      site: expect.stringMatching(/operation-records/),
    });
    expect(JSON.stringify(record)).not.toContain('not to be kept');
  });

  it('lasts until an Observable has completed, with what that asked for', async () => {
    const { app, context } = await start();
    await lastValueFrom(context.run('observes', () => defer(() => ask(200, 50))));
    const [record] = await recordsOf(app, 'observes');
    expect(callsOf(record!)).toEqual([`remote ${host} GET 200 ×1`]);
    expect(record!.durationMs).toBeGreaterThan(45);
  });

  it('is part of the record of another job around it', async () => {
    const { app, context } = await start();
    await context.run('outer', () => context.run('inner', () => ask()));
    const [record] = await recordsOf(app, 'outer');
    expect(callsOf(record!)).toEqual([`remote ${host} GET 200 ×1`]);
    await recordsOf(app, 'inner', { count: 0 });
  });

  it('has only its own calls among 60 jobs that run in turn', async () => {
    const { app, context } = await start();
    const numbers = Array.from({ length: 60 }, (_, i) => i + 1);
    await Promise.all(numbers.map((i) => context.run(`job_${i}`, () => askOften(1 + (i % 5)))));
    for (const i of numbers) {
      const [record] = await recordsOf(app, `job_${i}`);
      expect(callsOf(record!)).toEqual([`remote ${host} GET 200 ×${1 + (i % 5)}`]);
    }
  }, 60_000);

  it('is kept by nothing when records are off', async () => {
    const { app } = await startMeasured({}, { ...OPTIONS, clock: systemClock, requests: false });
    expect(await app.get(MetricsContext).run('plain', () => Promise.resolve(5))).toBe(5);
    await recordsOf(app, 'plain', { count: 0 });
  });
});

@Injectable()
class Jobs {
  @Timeout('asking', 1)
  async asking(): Promise<void> {
    await askOften(11);
  }

  @Timeout(1)
  async breaking(): Promise<void> {
    await ask();
    throw new TypeError('not to be kept');
  }
}

/** A job that blocks the event loop in each second. */
@Injectable()
class BlockingJobs {
  @Cron('* * * * * *', { name: 'nightly-report' })
  report(): void {
    const until = performance.now() + 150;
    while (performance.now() < until);
  }
}

describe('the record of a scheduled job', () => {
  it('is named by those that waited while it blocked the event loop', async () => {
    const { app } = await startMeasured(
      { imports: [ScheduleModule.forRoot()], providers: [BlockingJobs] },
      { ...OPTIONS, clock: systemClock },
    );
    await app.init();
    await app.get(MetricsContext).run('bystander', () => ask(200, 1_300));
    const [bystander] = await recordsOf(app, 'bystander');
    expect(bystander!.blockedBy).toEqual({
      name: 'job nightly-report',
      milliseconds: expect.any(Number),
      cpuMs: expect.any(Number),
    });
    expect(bystander!.blockedBy!.milliseconds).toBeGreaterThan(140);
    expect(bystander!.parts.event_loop).toBeGreaterThan(140);
    const [report] = app.get(RequestRecords).find({ name: 'nightly-report' });
    expect(report).toMatchObject({
      blockedBy: undefined,
      cause: {
        kind: 'blocked_event_loop',
        // The second one on a machine that is too busy to run it.
        text: expect.stringMatching(
          /^nightly-report ran for \d{3,} ms without awaiting anything|^The event loop was blocked for \d{3,} ms during nightly-report, in which/,
        ),
      },
    });
  });

  it('has its calls, its failure and its metrics', async () => {
    const { app, registry } = await startMeasured(
      { imports: [ScheduleModule.forRoot()], providers: [Jobs] },
      { ...OPTIONS, clock: systemClock },
    );
    await app.init();
    const [asking] = await recordsOf(app, 'asking');
    expect(asking!.kind).toBe('job');
    expect(callsOf(asking!)).toEqual([`remote ${host} GET 200 ×11 *`]);
    const [breaking] = await recordsOf(app, 'Jobs.breaking', { list: 'failures' });
    expect(breaking).toMatchObject({
      hasFailed: true,
      exception: { error: 'TypeError', site: expect.stringMatching(/^Jobs\.breaking /) },
    });
    expect(callsOf(breaking!)).toEqual([`remote ${host} GET 200 ×1`]);
    expect(counts(registry, 'scheduled_job_recorded_runs_total')).toEqual({
      'job=asking type=timeout': 1,
      'job=Jobs.breaking type=timeout': 1,
    });
    expect(counts(registry, 'scheduled_job_n_plus_one_runs_total')).toEqual({ 'job=asking type=timeout': 1 });
    expect(
      counts(registry, 'scheduled_job_time_seconds_total')['job=asking type=timeout part=remote'],
    ).toBeGreaterThan(0);
    expect(counts(registry, 'http_recorded_requests_total')).toEqual({});
  });

  it('is there for each run of a job that is added later', async () => {
    const { app } = await startMeasured(
      { imports: [ScheduleModule.forRoot()] },
      { ...OPTIONS, clock: systemClock },
    );
    await app.init();
    const job = new CronJob('0 0 1 1 *', () => ask());
    app.get(SchedulerRegistry).addCronJob('added', job);
    await job.fireOnTick();
    const [record] = await recordsOf(app, 'added');
    expect(callsOf(record!)).toEqual([`remote ${host} GET 200 ×1`]);
  });
});

@Controller()
class Messages {
  @MessagePattern('often')
  async often(@Payload() times: number): Promise<number> {
    await askOften(times);
    return times;
  }

  @MessagePattern('observed')
  observed(): Observable<unknown> {
    return defer(async () => {
      await ask(200, 20);
      return 'done';
    });
  }

  @MessagePattern('broken')
  async broken(): Promise<never> {
    await ask();
    throw new TypeError('not to be kept');
  }
}

describe('the record of a message of a microservice', () => {
  async function start(): Promise<{ app: Parameters<typeof recordsOf>[0]; client: ClientProxy }> {
    const options = { host: '127.0.0.1', port: await freePort() };
    const server: MicroserviceOptions = { transport: Transport.TCP, options };
    const app = await NestFactory.createMicroservice(
      FixtureModule.with(OPTIONS, { controllers: [Messages] }),
      { ...server, logger: false, abortOnError: false },
    );
    closing.push(() => app.close());
    await app.listen();
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    closing.push(() => client.close());
    return { app, client };
  }

  it('has only its own calls among messages that are handled in turn', async () => {
    const { app, client } = await start();
    const numbers = Array.from({ length: 10 }, (_, i) => i + 1);
    const asked = numbers.flatMap((times) =>
      Array.from({ length: 5 }, () => lastValueFrom(client.send<number>('often', times))),
    );
    await Promise.all(asked);
    const records = await recordsOf(app, 'tcp often', { count: 10 });
    expect(records.every(({ kind }) => kind === 'message')).toBe(true);
    expect(records.map(({ calls }) => calls.map(({ count }) => count)).every(([count]) => count! > 0)).toBe(
      true,
    );
    const registry = app.get(MetricsRegistry);
    expect(counts(registry, 'rpc_server_recorded_requests_total')).toEqual({
      'transport=tcp pattern=often': 50,
    });
    // Those with ten requests.
    expect(counts(registry, 'rpc_server_n_plus_one_requests_total')).toEqual({
      'transport=tcp pattern=often': 5,
    });
    expect(counts(registry, 'http_client_requests_total')).toEqual({
      [`host=${host} method=GET status_code=200`]: 275,
    });
  });

  it('has what an Observable asks for, until it has completed', async () => {
    const { app, client } = await start();
    expect(await lastValueFrom(client.send<string>('observed', ''))).toBe('done');
    const [record] = await recordsOf(app, 'tcp observed');
    expect(callsOf(record!)).toEqual([`remote ${host} GET 200 ×1`]);
    expect(record!.durationMs).toBeGreaterThan(15);
  });

  it('has the exception, its line and its handler', async () => {
    const { app, client } = await start();
    await expect(lastValueFrom(client.send('broken', ''))).rejects.toBeDefined();
    const [record] = await recordsOf(app, 'tcp broken', { list: 'failures' });
    expect(record).toMatchObject({
      hasFailed: true,
      handler: 'Messages.broken',
      exception: { error: 'TypeError', site: expect.stringMatching(/^Messages\.broken /) },
    });
    expect(JSON.stringify(record)).not.toContain('not to be kept');
  });
});

@WebSocketGateway()
class Feed {
  @SubscribeMessage('often')
  async often(_: unknown, times: number): Promise<object> {
    await askOften(times);
    return { event: 'done', data: times };
  }

  @SubscribeMessage('several')
  several(): Observable<object> {
    return defer(async () => {
      await ask(200, 10);
      return { event: 'done', data: 1 };
    });
  }

  @SubscribeMessage('broken')
  async broken(): Promise<object> {
    await ask();
    return of(null).pipe(() => {
      throw new TypeError('not to be kept');
    });
  }
}

describe('the record of a message of a gateway', () => {
  it('has its calls, what an Observable asks for, and the exception', async () => {
    const running = await startApp('express', FixtureModule.with(OPTIONS, { providers: [Feed] }));
    closing.push(() => running.app.close());
    const { app, registry } = running;
    const socket = io(`http://127.0.0.1:${running.port}`, { transports: ['websocket'], reconnection: false });
    closing.push(() => socket.disconnect());
    for (const [event, times] of [
      ['often', 3],
      ['several', 0],
      ['broken', 0],
    ] as const) {
      socket.emit(event, times);
    }
    const [often] = await recordsOf(app, '/ often');
    const [several] = await recordsOf(app, '/ several');
    const [broken] = await recordsOf(app, '/ broken', { list: 'failures' });
    expect([often, several, broken].map((record) => callsOf(record!))).toEqual([
      [`remote ${host} GET 200 ×3`],
      [`remote ${host} GET 200 ×1`],
      [`remote ${host} GET 200 ×1`],
    ]);
    expect(broken).toMatchObject({
      kind: 'message',
      hasFailed: true,
      handler: 'Feed.broken',
      exception: { error: 'TypeError' },
    });
    expect(counts(registry, 'websocket_recorded_messages_total')).toEqual({
      'namespace=/ event=often': 1,
      'namespace=/ event=several': 1,
      'namespace=/ event=broken': 1,
    });
  });
});
