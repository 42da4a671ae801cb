import { describe, expect, it, jest } from '@jest/globals';
import { Injectable, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AlertHandler, type AlertHandlerOptions, AlertingMonitor, MonitoringModule } from 'nestjs-monitoring';
import { EmailAlertHandler, type NotificationHandler } from 'nestjs-monitoring/alerting';
import { WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { ADAPTERS, startApp } from '../e2e/fixture/start-app.js';

type Handlers = readonly (NotificationHandler | (AlertHandlerOptions & { handler: NotificationHandler }))[];

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
    expect(seen).toEqual(['first', 'second']);
    await app.app.get(AlertingMonitor).openHandlers();
    await app.close();
    expect(seen).toEqual(['first', 'second']);
  });

  it('stops the start with what it throws', async () => {
    const broken = handlerThat(() => Promise.reject(new Error('no connection to the pager')));
    await expect(start([broken])).rejects.toThrow('no connection to the pager');
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
});
