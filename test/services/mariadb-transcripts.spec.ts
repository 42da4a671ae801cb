import { type EventEmitter, once } from 'node:events';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as current from 'mysql2';
import * as older from 'mysql2-3-11';
import type { Mysql2Pool } from '../../lib/integrations/mysql2/mysql2.discovery.js';
import { watchMysql2PoolWait } from '../../lib/integrations/mysql2/mysql2.pool.js';
import { watchMysql2Connection, watchMysql2Pool } from '../../lib/integrations/mysql2/mysql2.watch.js';
import { eventually } from '../support/eventually.js';
import { describeWith } from './support/binaries.js';
import { MariaDbServer } from './support/mariadb.server.js';
import { type Shape, transcriptOf } from './support/transcript.js';
import {
  boom,
  endOperations,
  failingWaits,
  queryRecorder,
  transcriptPairOf,
} from './support/watched-transcripts.js';

type Callback = (...args: unknown[]) => unknown;
type Log = Parameters<Shape<Connection>['run']>[1];

/** A connection or a pool, as an application in JavaScript sees it. */
interface Connection extends EventEmitter {
  query(...args: unknown[]): EventEmitter & { stream(): AsyncIterable<unknown> };
  execute(...args: unknown[]): EventEmitter;
  prepare(sql: unknown, callback: Callback): unknown;
  beginTransaction(callback: Callback): void;
  commit(callback: Callback): void;
  getConnection(callback?: Callback): unknown;
  promise(): Promises;
  end(callback: () => void): void;
  destroy(): void;
  readonly threadId: number;
}
interface Promises {
  query(...args: unknown[]): Promise<[unknown]>;
  execute(...args: unknown[]): Promise<[unknown]>;
  prepare(sql: string): Promise<{ execute(values: unknown[]): Promise<[unknown]>; close(): Promise<void> }>;
  beginTransaction(): Promise<void>;
  rollback(): Promise<void>;
}

/** Logs the call of a callback. Its further arguments depend on the connection, so only their number is logged. */
const untilCalled = (log: Log, start: (callback: Callback) => unknown) =>
  new Promise<void>((resolve) => {
    const result = start(function (this: unknown, error: unknown, rows: unknown, ...more: unknown[]) {
      log('called', typeof this, error, rows, more.length);
      resolve();
    });
    log('result', typeof result);
  });
const events = (log: Log, command: EventEmitter | undefined) =>
  new Promise<void>((resolve) => {
    command?.on('result', (row: unknown) => log('row', row));
    command?.on('error', (error: unknown) => log('error', error));
    command?.on('end', () => {
      log('end');
      resolve();
    });
    log('listens', command?.eventNames().length);
  });

let server: MariaDbServer;

/** A connection that has a lock, so that a statement that wants it is not answered. */
let holder: { end(callback: () => void): void } | undefined;

async function lock(): Promise<void> {
  const connection = current.createConnection(server.url);
  holder = connection;
  await connection.promise().query("SELECT GET_LOCK('held', 0)");
}

async function unlock(): Promise<void> {
  const connection = holder;
  holder = undefined;
  if (connection !== undefined) await new Promise<void>((resolve) => connection.end(resolve));
}

/** Uses of a connection or a pool. */
const ANY: readonly Shape<Connection>[] = [
  { title: 'a text', run: (client, log) => untilCalled(log, (cb) => client.query('SELECT 1 AS n', cb)) },
  { title: 'values', run: (client, log) => untilCalled(log, (cb) => client.query('SELECT ? AS n', [1], cb)) },
  {
    title: 'a failing text',
    run: (client, log) => untilCalled(log, (cb) => client.query('SELECT * FROM no', cb)),
  },
  {
    title: 'options',
    run: (client, log) => untilCalled(log, (cb) => client.query({ sql: 'SELECT 1 AS n' }, cb)),
  },
  {
    title: 'frozen options and values',
    run: (client, log) =>
      untilCalled(log, (cb) =>
        client.query(Object.freeze({ sql: 'SELECT ? AS n', rowsAsArray: true }), [1], cb),
      ),
  },
  {
    title: 'undefined values',
    run: (client, log) => untilCalled(log, (cb) => client.query('SELECT 1 AS n', undefined, cb)),
  },
  {
    title: 'a name as a value',
    run: (client, log) => untilCalled(log, (cb) => client.query('SELECT 1 AS n FROM ??', ['dual'], cb)),
  },
  { title: 'no arguments', run: (client) => void client.query() },
  { title: 'an undefined text', run: (client) => void client.query(undefined, () => undefined) },
  { title: 'a null text', run: (client) => void client.query(null, () => undefined) },
  {
    title: 'a text with a getter that throws',
    run: (client) => void client.query(Object.defineProperty({}, 'sql', { get: boom }), () => undefined),
  },
  {
    title: 'a value that cannot be converted',
    run: (client) => void client.query('SELECT ?', [{ toSqlString: boom, toString: boom }], () => undefined),
  },
  {
    title: 'execute()',
    run: (client, log) => untilCalled(log, (cb) => client.execute('SELECT ? AS n', [1], cb)),
  },
  {
    title: 'execute() that fails while preparing',
    run: (client, log) => untilCalled(log, (cb) => client.execute('SELECT * FROM no', cb)),
  },
  {
    title: 'execute() that fails while executing',
    run: (client, log) =>
      untilCalled(log, (cb) =>
        client.execute('SELECT CASE WHEN ? THEN (SELECT 1 UNION SELECT 2) END', [1], cb),
      ),
  },
  {
    title: 'execute() with an undefined value',
    run: (client, log) => untilCalled(log, (cb) => client.execute('SELECT ?', [undefined], cb)),
  },
  {
    title: 'an inactive connection',
    run: async (client, log) => {
      await lock();
      const waiting = { sql: "SELECT GET_LOCK('held', 600)", timeout: 20 };
      return untilCalled(log, (cb) => client.query(waiting, (error: unknown) => cb(error)));
    },
  },
  {
    title: 'many at once',
    run: (client, log) =>
      Promise.all(
        ['a', 'b', 'c'].map(
          (each) =>
            new Promise((resolve) => {
              client.query('SELECT ? AS x', [each], (error: unknown, rows: unknown) => {
                log(each, error, rows);
                resolve(undefined);
              });
            }),
        ),
      ).then(() => undefined),
  },
  {
    title: 'promises',
    run: async (client, log) => {
      log('query', (await client.promise().query('SELECT 1 AS n'))[0]);
      log('execute', (await client.promise().execute('SELECT ? AS n', [1]))[0]);
      await client
        .promise()
        .query('SELECT * FROM no')
        .catch((error: unknown) => log('caught', error));
      await client
        .promise()
        .execute('SELECT * FROM no')
        .catch((error: unknown) => log('caught', error));
      await client
        .promise()
        .execute('SELECT ?', [undefined])
        .catch((error: unknown) => log('caught', error));
      await client
        .promise()
        .query(undefined)
        .catch((error: unknown) => log('caught', error));
    },
  },
  {
    title: 'a rejection that nobody handles',
    run: async (client) => {
      void client.promise().query('SELECT * FROM no');
      return (await client.promise().query('SELECT 1 AS n'))[0];
    },
  },
  { title: 'events', run: (client, log) => events(log, client.query('SELECT 1 AS n UNION SELECT 2')) },
  { title: 'events of a failure', run: (client, log) => events(log, client.query('SELECT * FROM no')) },
  {
    title: 'a stream',
    run: async (client, log) => {
      for await (const row of client.query('SELECT 1 AS n UNION SELECT 2').stream()) log('row', row);
    },
  },
  {
    title: 'a stream that fails',
    run: async (client, log) => {
      try {
        for await (const row of client.query('SELECT * FROM no').stream()) log('row', row);
      } catch (error) {
        log('failed', error);
      }
    },
  },
  {
    title: 'two without a callback, then one with',
    run: (client, log) => {
      client.query('SELECT 1');
      client.query('SELECT 2');
      return untilCalled(log, (cb) => client.query('SELECT 3 AS n', cb));
    },
  },
];

/** Uses of a connection. */
const OF_CONNECTIONS: readonly Shape<Connection>[] = [
  { title: 'a callback that is none', run: (client) => void client.query('SELECT 1', undefined, undefined) },
  {
    title: 'a callback that throws',
    run: (client, log) =>
      new Promise<void>((resolve) => {
        client.query('SELECT 1 AS n', (error: unknown, rows: unknown) => {
          log('called', error, rows);
          setTimeout(resolve, 10);
          boom();
        });
      }),
  },
  { title: 'execute() and events', run: (client, log) => events(log, client.execute('SELECT 1 AS n')) },
  {
    title: 'execute() and events of a failure',
    run: (client, log) => events(log, client.execute('SELECT * FROM no')),
  },
  {
    title: 'a statement that is prepared',
    run: (client, log) =>
      new Promise<void>((resolve) => {
        client.prepare('SELECT ? AS n', (error, statement) => {
          const prepared = statement as { execute(...args: unknown[]): EventEmitter; close(): void };
          log('prepared', error, Object.keys(prepared).length);
          prepared.execute([1], (first: unknown, rows: unknown) => {
            log('executed', first, rows);
            prepared
              .execute([2])
              .on('result', (row: unknown) => log('row', row))
              .on('end', () => {
                prepared.close();
                resolve();
              });
          });
        });
      }),
  },
  {
    title: 'a statement that cannot be prepared',
    run: (client, log) => untilCalled(log, (cb) => client.prepare('SELECT * FROM no', cb)),
  },
  { title: 'nothing to prepare', run: (client) => void client.prepare(undefined, () => undefined) },
  {
    title: 'a prepared statement and promises',
    run: async (client, log) => {
      const statement = await client.promise().prepare('SELECT ? AS n');
      log('rows', (await statement.execute([1]))[0]);
      await statement.close();
    },
  },
  {
    title: 'a transaction',
    run: async (client, log) => {
      await untilCalled(log, (cb) => client.beginTransaction(cb));
      await untilCalled(log, (cb) => client.commit(cb));
      await client.promise().beginTransaction();
      await client.promise().rollback();
    },
  },
  {
    title: 'several statements',
    run: (client, log) => untilCalled(log, (cb) => client.query('SELECT 1 AS a; SELECT 2 AS b', cb)),
  },
  {
    title: 'several statements of which one fails',
    run: (client, log) => untilCalled(log, (cb) => client.query('SELECT 1 AS a; SELECT * FROM no', cb)),
  },
  {
    title: 'a connection that is closed',
    run: async (client, log) => {
      client.on('error', (error) => log('lost', error));
      client.destroy();
      await untilCalled(log, (cb) => client.query('SELECT 2', cb));
      await untilCalled(log, (cb) => client.execute('SELECT 2', cb));
      log('without a callback', typeof client.query('SELECT 3'), typeof client.execute('SELECT 3'));
      await client
        .promise()
        .query('SELECT 4')
        .catch((error: unknown) => log('caught', error));
    },
  },
  {
    title: 'an end',
    run: async (client, log) => {
      client.on('error', (error) => log('lost', error));
      await new Promise<void>((resolve) => client.end(resolve));
      await untilCalled(log, (cb) => client.query('SELECT 2', cb));
    },
  },
];

/** Uses of a pool. */
const OF_POOLS: readonly Shape<Connection>[] = [
  {
    title: 'a connection',
    run: (pool, log) =>
      new Promise<void>((resolve) => {
        const result = pool.getConnection((error, connection) => {
          log('connected', error, typeof connection);
          (connection as { release(): void }).release();
          resolve();
        });
        log('result', typeof result);
      }),
  },
  {
    title: 'no callback for a connection',
    run: async (pool) => {
      const acquired = once(pool, 'acquire');
      void pool.getConnection();
      await acquired;
      // What it throws, it throws right after that.
      await nextTurn();
    },
  },
  {
    title: 'execute() without a callback',
    run: async (pool, log) => {
      // The older of the two clients does not mind.
      const over = new AbortController();
      const { signal } = over;
      const ended = Promise.race([
        once(process, 'uncaughtException', { signal }),
        once(pool, 'release', { signal }),
      ]);
      log('result', typeof pool.execute('SELECT 1'));
      await ended;
      over.abort();
    },
  },
  {
    title: 'the end',
    run: async (pool, log) => {
      await new Promise<void>((resolve) => pool.end(resolve));
      return untilCalled(log, (cb) => pool.query('SELECT 1', cb));
    },
  },
];

/** Waits until the server executes a statement of a connection that sleeps. */
async function untilSleeping(threadId: number): Promise<void> {
  await eventually(async () => {
    const [process] = await server.query(
      `SELECT INFO AS info FROM information_schema.PROCESSLIST WHERE ID = ${threadId}`,
    );
    expect(process).toEqual({ info: 'SELECT SLEEP(600)' });
  });
}

/** Returns the number of connections that a pool has opened or opens now. */
function openedBy(pool: object): number {
  return (pool as { _allConnections?: { readonly length: number } })._allConnections?.length ?? 0;
}

describeWith(
  ['mariadbd', 'mariadb-install-db'],
  'an application of MariaDB behaves the same with and without monitoring',
  () => {
    beforeAll(async () => {
      server = await MariaDbServer.start();
    }, 60_000);
    afterAll(endOperations);
    afterAll(() => server.stop());

    describe.each([
      ['the current mysql2', current],
      ['mysql2 3.11', older as unknown as typeof current],
    ])('through %s', (_, library) => {
      const options = () => ({ uri: server.url, multipleStatements: true });

      async function ofConnection(shape: Shape<Connection>, isWatched: boolean): Promise<string[]> {
        const connection = library.createConnection(options()) as unknown as Connection;
        await new Promise((resolve) => connection.query('SELECT 1', resolve));
        const end = isWatched ? watchMysql2Connection(connection, queryRecorder()) : undefined;
        const transcript = await transcriptOf(connection, shape);
        await unlock();
        connection.on('error', () => undefined);
        end?.();
        connection.destroy();
        return transcript;
      }

      async function ofPool(shape: Shape<Connection>, isWatched: boolean): Promise<string[]> {
        const pool = library.createPool({ ...options(), connectionLimit: 1 }) as unknown as Connection;
        const made: Connection[] = [];
        pool.on('connection', (each) => made.push(each as Connection));
        const queries = queryRecorder();
        const watched = pool as unknown as Mysql2Pool;
        const ends = isWatched
          ? [watchMysql2Pool(watched, queries), watchMysql2PoolWait(watched, failingWaits(queries))]
          : [];
        const transcript = await transcriptOf(pool, shape);
        await unlock();
        for (const end of ends) end();
        // A connection that is still being opened fails when its pool ends, which nobody would hear of.
        if (openedBy(pool) > made.length) await Promise.race([once(pool, 'connection'), pause(5_000)]);
        // A connection that was never released emits an error when its server stops.
        for (const each of made) each.on('error', () => undefined);
        await new Promise<void>((resolve) => pool.end(resolve));
        return transcript;
      }

      it.each([...ANY, ...OF_CONNECTIONS])('and a connection, with $title', async (shape) => {
        const { plain, watched } = await transcriptPairOf((isWatched) => ofConnection(shape, isWatched));
        expect(watched).toEqual(plain);
      });

      it.each([...ANY, ...OF_POOLS])('and a pool, with $title', async (shape) => {
        const { plain, watched } = await transcriptPairOf((isWatched) => ofPool(shape, isWatched));
        expect(watched).toEqual(plain);
      });

      it('and a connection of a pool that the server kills', async () => {
        const transcripts = [];
        for (const isWatched of [false, true]) {
          const pool = library.createPool({ ...options(), connectionLimit: 1 }) as unknown as Connection;
          const made: Connection[] = [];
          pool.on('connection', (each) => made.push(each as Connection));
          const end = isWatched ? watchMysql2Pool(pool as unknown as Mysql2Pool, queryRecorder()) : undefined;
          const connection = await new Promise<Connection>((resolve) => {
            pool.getConnection((_error, taken) => resolve(taken as Connection));
          });
          const transcript = await transcriptOf(connection, {
            title: 'killed',
            run: async (client, log) => {
              client.on('error', (error) => log('lost', error));
              const lost = new Promise((resolve) => client.once('end', resolve));
              const running = untilCalled(log, (cb) => client.query('SELECT SLEEP(600)', cb));
              await untilSleeping(client.threadId);
              await server.query(`KILL ${client.threadId}`);
              await Promise.all([lost, running]);
              await untilCalled(log, (cb) => client.query('select 2', cb));
              await untilCalled(log, (cb) => client.execute('select 2', cb));
              log('without a callback', typeof client.query('select 3'));
            },
          });
          transcripts.push(transcript);
          end?.();
          // A connection that was never released emits an error when its server stops.
          for (const each of made) each.on('error', () => undefined);
          await new Promise<void>((resolve) => pool.end(resolve));
        }
        expect(transcripts[0]?.length).toBeGreaterThan(4);
        expect(transcripts[1]).toEqual(transcripts[0]);
      });
    });
  },
);
