import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Pool, Query } from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import type { PgPool } from '../../lib/integrations/pg/pg.discovery.js';
import { watchPgPoolWait } from '../../lib/integrations/pg/pg.pool.js';
import { watchPgClient, watchPgPool } from '../../lib/integrations/pg/pg.watch.js';
import { describeWith } from './support/binaries.js';
import { PostgresServer } from './support/postgres.server.js';
import { type Shape, transcriptOf } from './support/transcript.js';
import {
  type Anything,
  boom,
  endOperations,
  failingWaits,
  queryRecorder,
  transcriptPairOf,
} from './support/watched-transcripts.js';

/** A client or a pool, whose methods take anything from an application in JavaScript. */
type Queryable = Client & Pool;
/** The methods that are called with arguments of other types than the library allows. */
interface Loose {
  query(...args: unknown[]): Promise<unknown>;
  connect(...args: unknown[]): Promise<unknown>;
}
type Log = Parameters<Shape<Queryable>['run']>[1];

const called = (log: Log, done: () => void) =>
  function (this: unknown, ...args: unknown[]): void {
    log('called', this === undefined, args.length, ...args);
    done();
  };
const untilCalled = (log: Log, start: (callback: (...args: unknown[]) => void) => unknown) =>
  new Promise<void>((resolve) => log('result', typeof start(called(log, resolve))));
const events = (log: Log, query: NodeJS.EventEmitter) =>
  new Promise<void>((resolve) => {
    query.on('row', (row) => log('row', row));
    query.on('error', (error) => {
      log('error', error);
      resolve();
    });
    query.on('end', () => {
      log('end');
      resolve();
    });
  });

/** Uses of a client or a pool. */
const ANY: readonly Shape<Queryable>[] = [
  { title: 'a text', run: (client) => client.query('SELECT 1 AS n') },
  { title: 'a text and values', run: (client) => client.query('SELECT $1::int AS n', [1]) },
  { title: 'a failing text', run: (client) => client.query('SELECT * FROM nowhere') },
  { title: 'several statements', run: (client) => client.query('SELECT 1 AS a; SELECT 2 AS b') },
  { title: 'no statement at all', run: (client) => client.query('') },
  {
    title: 'a text and a callback',
    run: (client, log) => untilCalled(log, (cb) => client.query('SELECT 1', cb)),
  },
  {
    title: 'a failing text and a callback',
    run: (client, log) => untilCalled(log, (cb) => client.query('SELECT 1/0', cb)),
  },
  {
    title: 'undefined values and a callback',
    run: (client, log) => untilCalled(log, (cb) => client.query('SELECT 1', undefined as Anything, cb)),
  },
  {
    title: 'a configuration and a callback',
    run: (client, log) => untilCalled(log, (cb) => client.query({ text: 'SELECT 1' }, cb)),
  },
  {
    title: 'a frozen configuration',
    run: (client) => client.query(Object.freeze({ text: 'SELECT 1 AS n' })),
  },
  { title: 'rows as arrays', run: (client) => client.query({ text: 'SELECT 1 AS n', rowMode: 'array' }) },
  {
    title: 'a name twice',
    run: async (client, log) => {
      log('first', await client.query({ name: 'twice', text: 'SELECT $1::int AS n', values: [1] }));
      return client.query({ name: 'twice', text: 'SELECT $1::int AS n', values: [2] });
    },
  },
  {
    title: 'a name with another text',
    run: async (client) => {
      await client.query({ name: 'another', text: 'SELECT 1' });
      return client.query({ name: 'another', text: 'SELECT 2' });
    },
  },
  { title: 'nothing', run: (client) => client.query(...([] as unknown as [string])) },
  { title: 'undefined', run: (client) => client.query(undefined as Anything) },
  { title: 'null', run: (client) => client.query(null as Anything) },
  { title: 'a number', run: (client) => client.query(5 as Anything) },
  { title: 'an empty configuration', run: (client) => client.query({} as Anything) },
  { title: 'values that are no array', run: (client) => client.query('SELECT 1', 5 as Anything) },
  {
    title: 'a text with a getter that throws',
    run: (client) =>
      client.query(Object.defineProperty({}, 'text', { get: boom, enumerable: true }) as Anything),
  },
  {
    title: 'values with a getter that throws',
    run: (client) =>
      client.query({
        text: 'SELECT $1',
        values: [
          {
            get toPostgres() {
              return boom();
            },
          },
        ],
      }),
  },
  {
    title: 'a value that cannot be converted',
    run: (client) => client.query('SELECT $1', [{ toPostgres: boom }]),
  },
  {
    title: 'a cancelled statement',
    run: (client) => client.query('SET statement_timeout = 20; SELECT pg_sleep(5)'),
  },
  {
    title: 'a failed transaction',
    run: async (client, log) => {
      log('result', await client.query('BEGIN; SELECT 1').then(() => 'begun'));
      return client.query('ROLLBACK');
    },
  },
  {
    title: 'a rejection that nobody handles',
    run: (client) => {
      void client.query('SELECT * FROM nowhere');
      return client.query('SELECT 1 AS n').then((result) => result.rows);
    },
  },
  {
    title: 'a killed connection',
    run: async (client, log) => {
      client.on('error', (error: Error) => log('lost', error.message));
      await client
        .query('SELECT pg_terminate_backend(pg_backend_pid())')
        .catch((error: unknown) => log('caught', error));
      return client.query('SELECT 1 AS n');
    },
  },
  {
    // Of a statement that takes longer than a busy machine may hold the process up: an answer would come first.
    title: 'a timeout',
    run: (client) => client.query({ text: 'SELECT pg_sleep(60)', query_timeout: 20 } as Anything),
  },
];

/** Uses of a client. */
const OF_CLIENTS: readonly Shape<Queryable>[] = [
  {
    title: 'a callback in the configuration',
    run: (client, log) =>
      untilCalled(log, (callback) => client.query({ text: 'SELECT 1', callback } as Anything)),
  },
  {
    title: 'a callback in a frozen configuration, twice',
    run: (client, log) =>
      untilCalled(log, (callback) => {
        let calls = 0;
        const config = Object.freeze({ text: 'SELECT 1', callback: () => ++calls === 2 && callback(calls) });
        client.query(config as Anything);
        client.query(config as Anything);
      }),
  },
  {
    title: 'two callbacks',
    run: (client, log) =>
      untilCalled(log, (callback) =>
        client.query('SELECT 1', (() => log('first')) as Anything, callback as Anything),
      ),
  },
  {
    title: 'a callback that is none',
    run: (client) => client.query({ text: 'SELECT 1', callback: 5 } as Anything),
  },
  {
    title: 'a callback with a getter that throws',
    run: (client) =>
      client.query(
        Object.defineProperty({ text: 'SELECT 1' }, 'callback', { get: boom, enumerable: true }) as Anything,
      ),
  },
  {
    title: 'a callback that throws',
    run: async (client, log) => {
      client.query('SELECT 1', (error: unknown, result: unknown) => {
        log('called', error, result);
        boom();
      });
      return (await client.query('SELECT 2 AS n')).rows;
    },
  },
  { title: 'events', run: (client, log) => events(log, client.query(new Query('SELECT 1 AS n'))) },
  { title: 'events of a failure', run: (client, log) => events(log, client.query(new Query('SELECT 1/0'))) },
  {
    title: 'a query with a callback',
    run: (client, log) =>
      untilCalled(log, (cb) => client.query(new Query('SELECT 1 AS n') as Anything, cb as Anything)),
  },
  {
    title: 'a query with neither',
    run: (client) => {
      client.query(new Query('SELECT 1'));
      return client.query('SELECT 2 AS n');
    },
  },
  {
    title: 'a stream',
    run: async (client, log) => {
      const stream = client.query(
        new QueryStream('SELECT * FROM generate_series(1, 250) AS n', [], { batchSize: 100 }),
      );
      let rows = 0;
      for await (const _ of stream) rows++;
      log('rows', rows);
      return client.query('SELECT 1 AS n');
    },
  },
  {
    title: 'a stream that fails',
    run: async (client, log) => {
      const stream = client.query(new QueryStream('SELECT 1/(n-3) FROM generate_series(1, 5) AS n'));
      try {
        for await (const row of stream) log('row', row);
      } catch (error) {
        log('failed', error);
      }
      return client.query('SELECT 1 AS n');
    },
  },
  {
    title: 'a stream that is left',
    run: async (client, log) => {
      const stream = client.query(
        new QueryStream('SELECT * FROM generate_series(1, 250) AS n', [], { batchSize: 10 }),
      );
      for await (const row of stream) {
        log('row', row);
        break;
      }
      return client.query('SELECT 1 AS n');
    },
  },
  {
    title: 'a cursor',
    run: async (client, log) => {
      const cursor = client.query(new Cursor('SELECT * FROM generate_series(1, 5) AS n'));
      log('read', await cursor.read(2));
      log('closed', await cursor.close());
      return client.query('SELECT 1 AS n');
    },
  },
  {
    title: 'a cursor that fails',
    run: async (client, log) => {
      const cursor = client.query(new Cursor('SELECT * FROM nowhere'));
      await cursor.read(2).catch((error: unknown) => log('caught', error));
      return client.query('SELECT 1 AS n');
    },
  },
  {
    title: 'something to submit that is hardly there',
    run: async (client) =>
      client.query({ submit: () => new Error('not today'), handleError: () => undefined } as Anything),
  },
  {
    title: 'a prepared statement by its name',
    run: async (client, log) => {
      await client.query({ name: 'byName', text: 'SELECT $1::int AS n', values: [1] });
      log('result', await (client as Loose).query({ name: 'byName', values: [2] }));
      return client.query({ name: 'unheard of', values: [2] } as Anything);
    },
  },
  {
    title: 'many at once',
    run: async (client, log) => {
      const all = ['a', 'b', 'c', 'd'].map(async (each, i) => {
        if (i % 2 === 0) return client.query(`SELECT '${each}'`).then(() => log('promise', each));
        return new Promise<void>((resolve) => {
          client.query(`SELECT '${each}'`, () => {
            log('callback', each);
            resolve();
          });
        });
      });
      await Promise.all(all);
    },
  },
  {
    title: 'after the end',
    run: async (client, log) => {
      await client.end();
      await untilCalled(log, (cb) => client.query('SELECT 1', cb));
      return client.query('SELECT 1');
    },
  },
];

/** Uses of a pool. */
const OF_POOLS: readonly Shape<Queryable>[] = [
  {
    title: 'a connection as a promise',
    run: async (pool) => {
      const client = await pool.connect();
      const { rows } = await client.query('SELECT 1 AS n');
      (client as unknown as { release(): void }).release();
      return rows;
    },
  },
  {
    title: 'a connection in a callback',
    run: (pool, log) =>
      new Promise<void>((resolve) => {
        const result: unknown = (pool as Pool).connect((error, client, release) => {
          log('connected', error, typeof client, typeof release);
          release();
          resolve();
        });
        log('result', typeof result);
      }),
  },
  { title: 'a function', run: (pool) => pool.query((() => undefined) as Anything) },
  {
    title: 'an undefined callback',
    run: async (pool) => {
      const client = (await (pool as Loose).connect(undefined)) as { release(): void };
      client.release();
    },
  },
  {
    title: 'the end',
    run: async (pool, log) => {
      await pool.end();
      (pool as Pool).connect((error) => log('called', error));
      return pool.connect();
    },
  },
];

describeWith(
  ['initdb', 'postgres'],
  'an application of PostgreSQL behaves the same with and without monitoring',
  () => {
    let server: PostgresServer;

    beforeAll(async () => {
      server = await PostgresServer.start();
    }, 60_000);
    afterAll(endOperations);
    afterAll(() => server.stop());

    async function ofClient(shape: Shape<Queryable>, isWatched: boolean): Promise<string[]> {
      const client = new Client(server.url);
      client.on('error', () => undefined);
      await client.connect();
      const end = isWatched ? watchPgClient(client, queryRecorder()) : undefined;
      const transcript = await transcriptOf(client as Queryable, shape);
      end?.();
      await client.end();
      return transcript;
    }

    async function ofPool(shape: Shape<Queryable>, isWatched: boolean): Promise<string[]> {
      const pool = new Pool({ connectionString: server.url, max: 1 });
      pool.on('error', () => undefined);
      const queries = queryRecorder();
      const ends = isWatched
        ? [
            watchPgPool(pool as unknown as PgPool, queries),
            watchPgPoolWait(pool as unknown as PgPool, failingWaits(queries)),
          ]
        : [];
      const transcript = await transcriptOf(pool as Queryable, shape);
      for (const end of ends) end();
      if (!pool.ended) await pool.end();
      return transcript;
    }

    describe('through a client', () => {
      it.each([...ANY, ...OF_CLIENTS])('with $title', async (shape) => {
        const { plain, watched } = await transcriptPairOf((isWatched) => ofClient(shape, isWatched));
        expect(watched).toEqual(plain);
      });
    });

    describe('through a pool', () => {
      it.each([...ANY, ...OF_POOLS])('with $title', async (shape) => {
        const { plain, watched } = await transcriptPairOf((isWatched) => ofPool(shape, isWatched));
        expect(watched).toEqual(plain);
      });
    });
  },
);
