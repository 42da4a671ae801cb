import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { request } from '../e2e/fixture/http-client.js';
import { buildLibrary } from './support/built.js';
import { DrainingApp } from './support/draining-app.server.js';

/** Beyond any deadline of these tests: whoever is held by a connection ends by no accident before. */
const FOREVER_MS = 600_000;

beforeAll(buildLibrary, 240_000);

async function rawConnection(port: number, text = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return socket;
}

async function firstBytes(port: number, text: string): Promise<Socket> {
  const socket = await rawConnection(port, text);
  await once(socket, 'data');
  return socket;
}

/** What may hold a server open for ever; each gives back how to end it after the test. */
const HOLDERS: readonly (readonly [title: string, open: (port: number) => Promise<() => unknown>])[] = [
  ['a connection without a request', async (port) => destroys(await rawConnection(port))],
  [
    'half a request head',
    async (port) => destroys(await rawConnection(port, 'GET /work HTTP/1.1\r\nHost: localhost\r\nX-Half: ')),
  ],
  [
    'a request head that arrives byte by byte',
    async (port) => trickles(await rawConnection(port, 'GET /work HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')),
  ],
  [
    'a second request head that arrives byte by byte',
    async (port) => {
      const socket = await firstBytes(port, 'GET /work HTTP/1.1\r\nHost: localhost\r\n\r\n');
      socket.write('GET /work HTTP/1.1\r\nX-Slow: ');
      return trickles(socket);
    },
  ],
  [
    'half a body',
    async (port) =>
      destroys(
        await rawConnection(
          port,
          'POST /work HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
        ),
      ),
  ],
  [
    'a connection that was used and kept',
    async (port) => destroys(await firstBytes(port, 'GET /work HTTP/1.1\r\nHost: localhost\r\n\r\n')),
  ],
  [
    'half a second request on a connection that was kept',
    async (port) => {
      const socket = await firstBytes(port, 'GET /work HTTP/1.1\r\nHost: localhost\r\n\r\n');
      socket.write('GET /work HTTP/1.1\r\n');
      return destroys(socket);
    },
  ],
  [
    'an open web socket',
    async (port) => {
      const client = new WebSocket(`ws://127.0.0.1:${port}/socket`);
      client.on('error', () => undefined);
      await once(client, 'open');
      return () => client.terminate();
    },
  ],
  [
    'a stream of events of the application',
    async (port) => {
      const sent = get({ host: '127.0.0.1', port, path: '/events' });
      sent.on('error', () => undefined);
      const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream];
      response.on('error', () => undefined);
      await once(response, 'data');
      return () => sent.destroy();
    },
  ],
];

function trickles(socket: Socket): () => void {
  const timer = setInterval(() => socket.write('a'), 50);
  socket.once('close', () => clearInterval(timer));
  return destroys(socket);
}

function destroys(socket: Socket): () => void {
  return () => void socket.destroy();
}

describe.each(['express', 'fastify'])('an application on %s that is asked to end', (adapter) => {
  let running: DrainingApp | undefined;
  let directory = '';
  let outputFile = '';
  let release: (() => unknown) | undefined;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shutdown-'));
    outputFile = join(directory, 'metrics.json');
  });

  afterEach(async () => {
    release?.();
    release = undefined;
    await running?.kill();
    await rm(directory, { recursive: true, force: true });
  });

  async function start(drainDelayMs: number, drainTimeoutMs: number): Promise<DrainingApp> {
    const environment = { DRAIN_TIMEOUT_MS: String(drainTimeoutMs), OUTPUT_FILE: outputFile };
    running = await DrainingApp.startWith(environment, adapter, String(drainDelayMs));
    return running;
  }

  it.each(HOLDERS)(
    'ends within the time of its drain with %s, after every hook and the last export',
    async (_title, open) => {
      const app = await start(1, 500);
      await request(app.port, { path: '/ready' });
      release = await open(app.port);
      app.end('SIGTERM');

      expect(await app.ended).toEqual([null, 'SIGTERM']);
      expect(app.output).toContain('database closed');
      expect(app.output).toContain('hooks have run');
      expect(existsSync(outputFile)).toBe(true);
    },
    60_000,
  );

  it.each(HOLDERS)(
    'ends with %s too if nobody has asked whether it is ready',
    async (_title, open) => {
      const app = await start(FOREVER_MS, 500);
      release = await open(app.port);
      app.end('SIGTERM');

      expect(await app.ended).toEqual([null, 'SIGTERM']);
      expect(app.output).toContain('hooks have run');
      expect(existsSync(outputFile)).toBe(true);
    },
    60_000,
  );

  it('ends before its deadline if only streams and unused connections are left', async () => {
    const app = await start(1, FOREVER_MS);
    await request(app.port, { path: '/ready' });
    const opened: (() => unknown)[] = [];
    for (const [title, open] of HOLDERS)
      if (!/half|byte by byte/.test(title)) opened.push(await open(app.port));
    release = () => opened.map((end) => end());
    app.end('SIGTERM');

    expect(await app.ended).toEqual([null, 'SIGTERM']);
    expect(app.output).toContain('hooks have run');
  }, 60_000);

  it('lets a request end that nobody waits for, if nobody has asked whether it is ready', async () => {
    const app = await start(1, 100);
    const slow = request(app.port, { path: '/until-closed' });
    await request(app.port, { path: '/work' });
    app.end('SIGTERM');

    // It is answered, by an error of the database that is closed by then.
    expect((await slow).status).toBe(500);
    expect(await app.ended).toEqual([null, 'SIGTERM']);
  }, 60_000);
});
