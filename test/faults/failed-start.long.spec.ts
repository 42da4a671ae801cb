import { createHook } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { get } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExceptionsHandler } from '@nestjs/core/exceptions/exceptions-handler.js';
import { MetricsRegistry, MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { ADAPTERS, createApp, eventually, seriesOf } from '../e2e/fixture/start-app.js';
import { freePort } from '../services/support/free-port.js';

const EVENTS = [
  'uncaughtException',
  'uncaughtExceptionMonitor',
  'unhandledRejection',
  'rejectionHandled',
  'warning',
  'newListener',
  'removeListener',
  'exit',
  'beforeExit',
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
];

const CHANNELS = [
  'undici:request:create',
  'undici:request:headers',
  'undici:request:error',
  'http.client.request.created',
  'http.client.request.start',
  'http.client.response.finish',
  'http.client.request.error',
  'http.server.request.start',
  'worker_threads',
];

/** Timers that the library has made and that are still there, by where they were made. */
const timers = new Map<number, string>();
const timerHook = createHook({
  init(id, type) {
    if (type !== 'Timeout') return;
    const stack = new Error('made here').stack ?? '';
    const place = stack
      .split('\n')
      .find((line) => /\/lib\/\w+\//.test(line) && !line.includes('node_modules'));
    if (place !== undefined) timers.set(id, place.trim());
  },
  destroy: (id) => void timers.delete(id),
});

/** What is left in the process by what ran in it. */
const leftovers = () => ({
  listeners: EVENTS.map((event) => `${event} ${process.listenerCount(event)}`),
  channels: CHANNELS.filter((name) => channel(name).hasSubscribers),
  next: Reflect.get(ExceptionsHandler.prototype, 'next') as unknown,
  timers: [...timers.values()],
});

const fail = (): never => {
  throw new Error('The database is not there.');
};
const reject = (): Promise<never> => Promise.reject(new Error('No.'));
const rejectLater = async (): Promise<never> => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  throw new Error('No.');
};

@Injectable()
class FailingAtBootstrap {
  onApplicationBootstrap(): Promise<void> {
    return rejectLater();
  }
}

const PROVIDERS: Readonly<Record<string, Provider>> = {
  'a factory that throws': { provide: 'DATABASE', useFactory: fail },
  'a factory that rejects': { provide: 'DATABASE', useFactory: reject },
  'a dependency that is not there': { provide: 'DATABASE', inject: ['NOWHERE'], useFactory: () => 1 },
  'onModuleInit that throws': { provide: 'DATABASE', useValue: { onModuleInit: fail } },
  'onModuleInit that rejects': { provide: 'DATABASE', useValue: { onModuleInit: reject } },
  'onModuleInit that rejects later': { provide: 'DATABASE', useValue: { onModuleInit: rejectLater } },
  'onApplicationBootstrap that throws': {
    provide: 'DATABASE',
    useValue: { onApplicationBootstrap: fail },
  },
  'onApplicationBootstrap that rejects': {
    provide: 'DATABASE',
    useValue: { onApplicationBootstrap: reject },
  },
  'onApplicationBootstrap of a class that rejects later': FailingAtBootstrap,
};

class RootWhoseHookFails {
  onApplicationBootstrap(): void {
    fail();
  }
}

function moduleWith(
  providers: Provider[],
  options?: MonitoringOptions,
  root: Type = class AppModule {},
): Type {
  Module({ imports: [MonitoringModule.forRoot(options)], providers })(root);
  return root;
}

const FAILURES: readonly (readonly [title: string, module: () => Type])[] = [
  ...Object.entries(PROVIDERS).map(([title, provider]) => [title, () => moduleWith([provider])] as const),
  [
    'onApplicationBootstrap of the root module',
    () => moduleWith([], undefined, class extends RootWhoseHookFails {}),
  ],
  [
    'an alert rule about a metric that does not exist',
    () =>
      moduleWith([], {
        alerting: {
          rules: [
            {
              name: 'odd',
              condition: { metric: 'no_such_metric_at_all', operator: '>', threshold: 1 },
              severity: 'warning',
              message: 'odd',
            },
          ],
        },
      }),
  ],
  [
    'an address for the monitoring endpoints that is not of this machine',
    () => moduleWith([], { endpoints: { listen: { port: 0, host: '192.0.2.1' } } }),
  ],
  [
    'a group of health checks that names one that is not there',
    () => moduleWith([], { health: { groups: { readiness: ['nowhere'] } } }),
  ],
];

describe('applications that fail at start', () => {
  const warnings: string[] = [];
  const warned = (warning: Error): void => void warnings.push(warning.name);

  beforeAll(() => void timerHook.enable());
  afterAll(() => void timerHook.disable());
  beforeEach(() => {
    warnings.length = 0;
    timers.clear();
    process.on('warning', warned);
  });
  afterEach(() => void process.off('warning', warned));

  describe.each(ADAPTERS)('on %s', (adapter) => {
    it.each(FAILURES)('leave nothing in the process: %s', async (_title, module) => {
      const before = leftovers();
      for (let start = 0; start < 11; start++) {
        const starting = createApp(adapter, module()).then((app) => app.init());
        await expect(starting).rejects.toThrow();
      }
      await eventually(() => expect(leftovers()).toEqual(before));
      expect(warnings).not.toContain('MaxListenersExceededWarning');
    });

    it('leave nothing that listens to the process when they cannot listen, and nothing else once they are closed', async () => {
      const taken = await takenPort();
      const before = leftovers();
      const apps = [];
      for (let start = 0; start < 11; start++) {
        const app = await createApp(adapter, moduleWith([]));
        apps.push(app);
        await expect(app.listen(taken.port, '127.0.0.1')).rejects.toThrow('EADDRINUSE');
      }
      const { listeners, next, channels } = leftovers();
      expect({ listeners, next }).toEqual({ listeners: before.listeners, next: before.next });
      expect(channels.filter((name) => name !== 'worker_threads')).toEqual([]);
      expect(warnings).not.toContain('MaxListenersExceededWarning');
      for (const app of apps) await app.close();
      await eventually(() => expect(leftovers()).toEqual(before));
      await taken.close();
    });

    it('count on when they listen on another port than the first, which was taken', async () => {
      const taken = await takenPort();
      const before = leftovers();
      const app = await createApp(adapter, moduleWith([]));
      await expect(app.listen(taken.port, '127.0.0.1')).rejects.toThrow('EADDRINUSE');
      if (adapter === 'express') {
        await app.listen(0, '127.0.0.1');
        await request(await app.getUrl());
        const registry = app.get(MetricsRegistry);
        const counted = () => seriesOf(registry, 'http_client_requests_total').length;
        await eventually(() => expect(counted()).toBe(1));
        expect(process.listenerCount('uncaughtExceptionMonitor')).toBe(
          Number(before.listeners[1]!.split(' ')[1]) + 1,
        );
      }
      await app.close();
      await eventually(() => expect(leftovers()).toEqual(before));
      await taken.close();
    });

    it('leave the port of the monitoring endpoints to the next attempt', async () => {
      const options = { endpoints: { listen: { port: await freePort() } } };
      for (const hook of ['onModuleInit', 'onApplicationBootstrap']) {
        const provider = { provide: 'DATABASE', useValue: { [hook]: fail } };
        const failing = await createApp(adapter, moduleWith([provider], options));
        await expect(failing.init()).rejects.toThrow('The database is not there.');
      }
      const app = await createApp(adapter, moduleWith([], options));
      await app.init();
      await app.close();
    });

    it('leave the hooks of the application as they were', async () => {
      const service = { onModuleInit: () => undefined, onApplicationBootstrap: fail };
      const { onModuleInit } = service;
      const app = await createApp(adapter, moduleWith([{ provide: 'SERVICE', useValue: service }]));
      await expect(app.init()).rejects.toThrow();
      expect(service).toEqual({ onModuleInit, onApplicationBootstrap: fail });
      await app.close();
    });
  });

  it('leave nothing either without a server', async () => {
    const before = leftovers();
    for (const hook of ['onModuleInit', 'onApplicationBootstrap']) {
      const module = moduleWith([{ provide: 'DATABASE', useValue: { [hook]: fail } }]);
      const starting = NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
      await expect(starting).rejects.toThrow();
    }
    await eventually(() => expect(leftovers()).toEqual(before));
  });
});

async function takenPort(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

async function request(url: string): Promise<void> {
  const [response] = await once(get(url), 'response');
  response.resume();
  await once(response, 'end');
}
