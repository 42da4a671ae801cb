import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FixtureModule, WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { head, RawConnection } from './fixture/http-client.js';
import { ADAPTERS, eventually, type RunningApp, startApp, total } from './fixture/start-app.js';

let app: RunningApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

const CLOSE = 'connection: close\r\n\r\n';
const LAST = head('GET', '/ok', { connection: 'close' });

/** What Node answers itself, without an event `request`. */
const REFUSALS: readonly (readonly [string, string, readonly number[], readonly string[]])[] = [
  [
    'an expectation that is unknown',
    head('GET', '/ok', { expect: 'miracles', connection: 'close' }),
    [417],
    ['GET <unmatched> 417'],
  ],
  ['headers of 100 kB', head('GET', '/ok', { x: 'y'.repeat(100_000) }), [431], ['OTHER <unmatched> 431']],
  ['a method that there is not', head('BOGUS', '/ok'), [400], ['OTHER <unmatched> 400']],
  ['no HTTP at all', 'SSH-2.0-OpenSSH\r\n\r\n', [400], ['OTHER <unmatched> 400']],
  ['a header without a name', `GET /ok HTTP/1.1\r\n: x\r\n${CLOSE}`, [400], ['OTHER <unmatched> 400']],
  [
    'two lengths of the body',
    `POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n${CLOSE}`,
    [400],
    ['OTHER <unmatched> 400'],
  ],
];

describe.each(ADAPTERS)('what Node answers itself on %s', (adapter) => {
  it.each(REFUSALS)('is counted, and answered as ever: %s', async (_, text, statuses, counted) => {
    app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS));
    const connection = new RawConnection(app.port);
    connection.send(text);
    await eventually(() => expect(connection.statuses).toEqual(statuses));
    connection.destroy();

    expect((await app.recorded()).requests).toEqual(counted);
    expect(total(app.registry, 'http_server_errors_total')).toBe(0);
  });

  it('is counted beside requests of the same connection', async () => {
    app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS));
    const connection = new RawConnection(app.port);
    connection.send(head('GET', '/ok'));
    await eventually(() => expect(connection.statuses).toEqual([200]));
    connection.send('nonsense\r\n\r\n');
    await connection.closed;

    expect(connection.statuses).toEqual([200, 400]);
    expect((await app.recorded(2)).requests).toEqual(['GET /ok 200', 'OTHER <unmatched> 400']);
  });

  it('ends a request that is being answered on the same connection, which counts by itself', async () => {
    app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS));
    const connection = new RawConnection(app.port);
    connection.send(`${head('GET', '/slow/500')}nonsense\r\n\r\n`);
    await connection.closed;

    expect(connection.statuses).toEqual([400]);
    expect((await app.recorded()).requests).toEqual(['GET /slow/:ms 400']);
  });

  it('ends a request whose response is ready but has not been sent, which counts by itself', async () => {
    app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS));
    const connection = new RawConnection(app.port);
    connection.send(`${head('GET', '/ok')}nonsense\r\n\r\n`);
    await connection.closed;

    expect(connection.statuses).toEqual([400]);
    expect((await app.recorded()).requests).toEqual(['GET /ok 400']);
  });

  it('is nothing for a connection that is closed unused, or in the middle of a head', async () => {
    app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS));
    const unused = new RawConnection(app.port);
    const half = new RawConnection(app.port);
    half.send('GET /ok HTT');
    await app.get('/ok');
    unused.destroy();
    half.destroy();
    await Promise.all([unused.closed, half.closed]);
    await app.get('/ok');

    expect((await app.recorded(2)).requests).toEqual(['GET /ok 200', 'GET /ok 200']);
  });

  it('leaves listeners of the application their say', async () => {
    const heard: string[] = [];
    app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS), {
      configure: (nest) => {
        const server = nest.getHttpServer() as Server;
        server.removeAllListeners('clientError');
        server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
          heard.push(error.code ?? '');
          socket.end('HTTP/1.1 422 Mine\r\nconnection: close\r\n\r\n');
        });
        server.on('checkExpectation', (_request, response) => {
          heard.push('checkExpectation');
          response.writeHead(204, { connection: 'close' }).end();
        });
      },
    });
    const nonsense = new RawConnection(app.port);
    nonsense.send('nonsense\r\n\r\n');
    const expecting = new RawConnection(app.port);
    expecting.send(head('GET', '/ok', { expect: 'miracles' }));
    await Promise.all([nonsense.closed, expecting.closed]);

    expect([nonsense.statuses, expecting.statuses]).toEqual([[422], [204]]);
    expect(heard.toSorted()).toEqual(['HPE_INVALID_METHOD', 'checkExpectation']);
    expect((await app.recorded(2)).requests).toEqual(['GET <unmatched> 204', 'OTHER <unmatched> 400']);
  });

  it('is counted where a connection has carried more requests than it may', async () => {
    app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS), {
      configure: (nest) => void ((nest.getHttpServer() as Server).maxRequestsPerSocket = 1),
    });
    const connection = new RawConnection(app.port);
    connection.send(head('GET', '/ok') + head('GET', '/ok') + LAST);
    await connection.closed;

    const { requests } = await app.recorded(connection.statuses.length);
    expect(requests.map((entry) => Number(entry.split(' ')[2]))).toEqual(connection.statuses);
  });

  it('leaves the server without a listener that changes what Node does', async () => {
    app = await startApp(adapter, FixtureModule.with({ ...WITHOUT_COLLECTORS, http: false }));
    const plain = app.app.getHttpServer() as Server;
    const names = ['clientError', 'checkContinue', 'upgrade', 'connect', 'dropRequest'];
    const without = names.map((name) => plain.listenerCount(name));
    await app.close();
    app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS));
    const measured = app.app.getHttpServer() as Server;

    expect(names.map((name) => measured.listenerCount(name))).toEqual(without);
  });
});
