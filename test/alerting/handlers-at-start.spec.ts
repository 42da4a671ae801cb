import { describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AlertHandler,
  type AlertHandlerOptions,
  AlertingMonitor,
  MonitoringModule,
  MonitoringOptionsError,
} from 'nestjs-monitoring';
import {
  type AlertStateHandler,
  EmailAlertHandler,
  type NotificationHandler,
} from 'nestjs-monitoring/alerting';
import { WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { ADAPTERS, startApp } from '../e2e/fixture/start-app.js';

type Handler = NotificationHandler | AlertStateHandler;
type Handlers = readonly (Handler | (AlertHandlerOptions & { handler: Handler }))[];

/** A handler that has something to prepare. */
function handlerThat(open: () => void | Promise<void>, name = 'pager'): NotificationHandler {
  return { name, notify: () => undefined, open };
}

async function start(handlers: Handlers, providers: Provider[] = [], enabled = true) {
  class Root {}
  const monitoring = MonitoringModule.forRoot({ ...WITHOUT_COLLECTORS, enabled, alerting: { handlers } });
  const module = { module: Root, imports: [monitoring], providers };
  return NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
}

describe('a handler with open()', () => {
  it.each(ADAPTERS)('is prepared once before the application serves, on %s', async (adapter) => {
    const seen: string[] = [];
    const app = await startApp(adapter, {
      module: class AppModule {},
      imports: [
        MonitoringModule.forRoot({
          ...WITHOUT_COLLECTORS,
          alerting: {
            handlers: [
              handlerThat(async () => {
                await new Promise(setImmediate);
                seen.push('first');
              }),
              { handler: handlerThat(() => void seen.push('second')), name: 'by another name' },
            ],
          },
        }),
      ],
    });
    expect(seen).toEqual(['second', 'first']);
    await app.app.get(AlertingMonitor).openHandlers();
    await app.close();
    expect(seen).toEqual(['second', 'first']);
  });

  it('stops the start with an error in its options, by the name of the handler', async () => {
    const broken = handlerThat(() => Promise.reject(new MonitoringOptionsError('Set `token`.')));
    await expect(start([broken])).rejects.toMatchObject({
      name: 'MonitoringOptionsError',
      message: 'Alert handler "pager" cannot be used: Set `token`.',
    });
  });

  it.each<[string, () => void | Promise<void>]>([
    ['rejects with', () => Promise.reject(new Error('no connection'))],
    [
      'throws',
      () => {
        throw new Error('no connection');
      },
    ],
  ])('does not stop the start with another error that it %s', async (_, open) => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const app = await start([handlerThat(open)]);
    const handlers = app.get(AlertingMonitor).handlers();
    await app.close();
    expect(handlers.map(({ handler }) => handler)).toEqual(['pager']);
    expect(warn.mock.calls.map(([message]) => String(message))).toContain(
      'Alert handler "pager" could not be opened: no connection. It is notified of alerts anyway. Check what its open() needs.',
    );
    warn.mockRestore();
  });

  it('is prepared too if it sends the state of all alerts, under any name', async () => {
    const open = jest.fn<() => void>();
    const sender: AlertStateHandler = {
      name: 'sender',
      resendDelayMs: 60_000,
      send: () => Promise.resolve(),
      open,
    };
    await (await start([{ handler: sender, name: 'by another name' }])).close();
    expect(open).toHaveBeenCalledTimes(1);
  });

  it('is left alone if monitoring is disabled', async () => {
    const open = jest.fn<() => void>();
    await (await start([handlerThat(open)], [], false)).close();
    expect(open).not.toHaveBeenCalled();
  });

  it('is not prepared if it is removed before', async () => {
    const removed = jest.fn<() => void>();
    @Injectable()
    class Changes {
      constructor(alerting: AlertingMonitor) {
        alerting.addAlertHandler(handlerThat(removed, 'removed'))();
      }
    }
    await (await start([], [Changes])).close();
    expect(removed).not.toHaveBeenCalled();
  });
});

describe('EmailAlertHandler', () => {
  const mail = { from: 'a@example.com', to: 'b@example.com' };

  it('stops the start without nodemailer, and says what to install', async () => {
    jest.unstable_mockModule('nodemailer', () => {
      const code = 'ERR_MODULE_NOT_FOUND';
      throw Object.assign(new Error("Cannot find package 'nodemailer' imported from here"), { code });
    });
    const handler = new EmailAlertHandler({ ...mail, transport: 'smtps://user:planted@mail.example.com' });
    const starting = start([{ handler, severities: ['critical'] }]);
    await expect(starting).rejects.toThrow(
      'EmailAlertHandler needs the package nodemailer: npm install nodemailer',
    );
    await expect(starting).rejects.not.toThrow('planted');
  });

  it('needs no nodemailer with a transport of the application', async () => {
    const sendMail = jest.fn(() => Promise.resolve());
    const app = await start([new EmailAlertHandler({ ...mail, transport: { sendMail } })]);
    await app.close();
    expect(sendMail).not.toHaveBeenCalled();
  });
});

describe('a class with @AlertHandler()', () => {
  it.each<[string, (type: new () => object) => Provider]>([
    ['as a class', (type) => type],
    ['as a value', (type) => ({ provide: 'PAGER', useValue: new type() })],
    ['by a factory', (type) => ({ provide: type, useFactory: () => new type() })],
  ])('is a handler, provided %s', async (_, provide) => {
    @AlertHandler()
    class Pager {
      handle(): void {}
    }
    const app = await start([], [provide(Pager)]);
    const handlers = app.get(AlertingMonitor).handlers();
    await app.close();
    expect(handlers.map(({ handler }) => handler)).toEqual(['Pager']);
  });

  it.each<[AlertHandlerOptions, readonly string[]]>([
    [{}, ['Pager', 'Pager_2']],
    [{ name: 'ops' }, ['ops', 'ops_2']],
  ])('is a handler for each of its instances, with options %j', async (options, expected) => {
    @AlertHandler(options)
    class Pager {
      handle(): void {}
    }
    const app = await start([], [Pager, { provide: 'PAGER', useFactory: () => new Pager() }]);
    const handlers = app.get(AlertingMonitor).handlers();
    await app.close();
    expect(handlers.map(({ handler }) => handler)).toEqual(expected);
  });
});
