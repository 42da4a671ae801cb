import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type BeforeApplicationShutdown,
  type INestApplication,
  Injectable,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import type { AddressInfo, Server } from 'node:net';
import { type MonitoringClock as Clock, HealthMonitor } from 'nestjs-monitoring';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { request } from '../e2e/fixture/http-client.js';
import { ADAPTERS, createApp, eventually, startApp } from '../e2e/fixture/start-app.js';

/** A moment in the life of the application that the test ends. */
class Pause {
  reached = false;
  end: () => void = () => undefined;

  wait(): Promise<void> {
    this.reached = true;
    return new Promise((resolve) => (this.end = resolve));
  }
}

const STARTING = 'The application is starting';
const DRAINING = 'The application is shutting down';

const healthy = {
  '/ready': { status: 200, body: { status: 'ready' } },
  '/alive': { status: 200, body: { status: 'alive' } },
  '/health': { status: 200, body: { status: 'healthy' } },
};

/** What the probes answer in another phase than `ready`. */
function unhealthy(phase: string, message: string): unknown {
  return {
    '/ready': { status: 503, body: { status: phase } },
    '/alive': { status: 200, body: { status: 'alive' } },
    '/health': {
      status: 503,
      body: {
        status: 'unhealthy',
        timestamp: expect.any(String),
        checks: {
          lifecycle: { status: 'unhealthy', message, durationMs: expect.any(Number) },
        },
      },
    },
  };
}

describe.each(ADAPTERS)('the probes of an application on %s', (adapter) => {
  let app: INestApplication | undefined;
  let pause = new Pause();
  let port = 0;

  afterEach(async () => {
    pause.end();
    await app?.close();
    app = undefined;
    pause = new Pause();
  });

  /** What the three probes answer now. */
  async function answers(): Promise<Record<string, { status: number; body: unknown }>> {
    const paths = ['/ready', '/alive', '/health'];
    const entries = paths.map(async (path) => {
      const { status, body } = await request(port, { path });
      return [path, { status, body: JSON.parse(body) as unknown }] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  async function start(provider: object): Promise<void> {
    const module = FixtureModule.with(WITHOUT_COLLECTORS, {
      providers: [{ provide: 'paused', useValue: provider }],
    });
    const running = await startApp(adapter, module, { nest: { forceCloseConnections: false } });
    ({ app, port } = running);
  }

  it('report ready once the application serves requests', async () => {
    await start({});

    expect(await answers()).toMatchObject(healthy);
  });

  it('report a shutdown and liveness while the application closes', async () => {
    const slow: BeforeApplicationShutdown = { beforeApplicationShutdown: () => pause.wait() };
    await start(slow);
    const closed = app?.close();
    await eventually(() => expect(pause.reached).toBe(true));

    expect(await answers()).toEqual(unhealthy('draining', DRAINING));
    pause.end();
    await closed;
    await expect(request(port, { path: '/alive' })).rejects.toThrow('ECONNREFUSED');
    app = undefined;
  });

  it('report a shutdown before other modules close', async () => {
    const slow: OnModuleDestroy = { onModuleDestroy: () => pause.wait() };
    await start(slow);
    void app?.close();
    await eventually(() => expect(pause.reached).toBe(true));
    const said = await answers();
    pause.end();

    expect(said).toEqual(unhealthy('draining', DRAINING));
  });
});

describe('the health monitor', () => {
  it('reports a start until the whole application is initialised', async () => {
    const pause = new Pause();
    @Injectable()
    class SlowToStart implements OnModuleInit {
      onModuleInit(): Promise<void> {
        return pause.wait();
      }
    }
    const app = await createApp(
      'express',
      FixtureModule.with(WITHOUT_COLLECTORS, { providers: [SlowToStart] }),
    );
    const server = app.getHttpServer() as Server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const monitor = app.get(HealthMonitor);
    const started = app.init();
    await eventually(() => expect(pause.reached).toBe(true));
    const ready = await request(port, { path: '/ready' });
    const alive = await request(port, { path: '/alive' });

    expect([ready.status, ready.body]).toEqual([503, '{"status":"starting"}']);
    expect(alive.status).toBe(200);
    expect(monitor.phase).toBe('starting');
    expect(await monitor.runHealthChecks()).toMatchObject({
      status: 'unhealthy',
      checks: { lifecycle: { message: STARTING } },
    });

    pause.end();
    await started;
    expect((await request(port, { path: '/ready' })).status).toBe(200);
    expect(monitor.phase).toBe('ready');
    await app.close();
    expect(monitor.phase).toBe('draining');
  });

  it('reports the status of the worst check, the time, and each result', async () => {
    const clock: Clock = { now: () => 1_700_000_000_000, monotonic: () => 5_000 };
    const monitor = new HealthMonitor({ clock, phase: 'starting' });

    expect(await monitor.runHealthChecks()).toEqual({
      status: 'unhealthy',
      timestamp: '2023-11-14T22:13:20.000Z',
      checks: { lifecycle: { status: 'unhealthy', message: STARTING, durationMs: 0 } },
    });
    monitor.enter('ready');
    expect(await monitor.runHealthChecks()).toEqual({
      status: 'healthy',
      timestamp: '2023-11-14T22:13:20.000Z',
      checks: {
        lifecycle: { status: 'healthy', message: 'The application is ready', durationMs: 0 },
      },
    });
    monitor.enter('draining');
    expect((await monitor.runHealthChecks()).checks['lifecycle']?.message).toBe(DRAINING);
  });
});
