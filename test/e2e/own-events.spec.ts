import type { Server } from 'node:http';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FixtureModule, WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { ADAPTERS, type RunningApp, startApp } from './fixture/start-app.js';

let app: RunningApp;
let faults: unknown[];
const note = (fault: unknown): void => void faults.push(fault);

beforeEach(() => {
  faults = [];
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
});

afterEach(() => {
  process.off('uncaughtException', note);
  process.off('unhandledRejection', note);
});

const fail = (): never => {
  throw new Error('as planned');
};

/** What an application, a library or a test emits on a server for which nobody but monitoring may listen. */
const EVENTS: readonly (readonly [title: string, event: string, ...args: unknown[]])[] = [
  ['a secure connection that is nothing', 'secureConnection'],
  ['a secure connection that is an empty object', 'secureConnection', {}],
  ['a secure connection that throws when it is listened to', 'secureConnection', { once: fail }],
  ['a secure connection that cannot be destroyed', 'secureConnection', { once: () => undefined }],
  ['a session that is nothing', 'session'],
  ['a session without a socket', 'session', { once: () => undefined, close: fail, destroy: fail }],
  ['a dropped request that is nothing', 'dropRequest'],
];

describe.each(ADAPTERS)('an application on %s', (adapter) => {
  beforeEach(async () => {
    app = await startApp(
      adapter,
      FixtureModule.with({ ...WITHOUT_COLLECTORS, health: { drainDelayMs: 1, drainTimeoutMs: 100 } }),
    );
  });

  it.each(EVENTS)('serves and ends though its server emits %s', async (_, event, ...args) => {
    const server = app.app.getHttpServer() as Server;
    expect(() => server.emit(event, ...args)).not.toThrow();
    expect((await app.get('/ok')).status).toBe(200);
    expect((await app.get('/ready')).status).toBe(200);
    await app.close();
    expect(faults).toEqual([]);
  });

  it('serves a connection that is a stream of the application', async () => {
    const server = app.app.getHttpServer() as Server;
    const received: string[] = [];
    const stream = new Duplex({
      read: () => undefined,
      write(chunk, _encoding, done) {
        received.push(String(chunk));
        done();
      },
    });
    server.emit('connection', stream);
    stream.push('GET /ok HTTP/1.1\r\nhost: x\r\n\r\n');
    await app.recorded();
    expect(received.join('')).toMatch(/^HTTP\/1\.1 200 /);
    await app.get('/ready');
    await app.close();
    expect(faults).toEqual([]);
  });
});
