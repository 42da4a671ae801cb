import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import knex, { type Knex } from 'knex';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import type { Knex as WatchedKnex } from '../../lib/integrations/knex/knex.discovery.js';
import { watchKnexPoolWait } from '../../lib/integrations/knex/knex.pool.js';
import { watchKnex } from '../../lib/integrations/knex/knex.watch.js';
import { watchTypeOrm } from '../../lib/integrations/typeorm/typeorm.watch.js';
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

/** Uses of TypeORM. */
const OF_TYPEORM: readonly Shape<DataSource>[] = [
  { title: 'a text', run: (source) => source.query('SELECT 1 AS n') },
  { title: 'a text and values', run: (source) => source.query('SELECT $1::int AS n', [1]) },
  { title: 'undefined values', run: (source) => source.query('SELECT 1 AS n', undefined) },
  { title: 'a failing text', run: (source) => source.query('SELECT * FROM nowhere') },
  { title: 'nothing', run: (source) => source.query(undefined as Anything) },
  { title: 'a number', run: (source) => source.query(5 as Anything) },
  { title: 'an object', run: (source) => source.query({ text: 'SELECT 1 AS n' } as Anything) },
  {
    title: 'many at once',
    run: (source) => Promise.all(['a', 'b', 'c'].map((each) => source.query('SELECT $1 AS x', [each]))),
  },
  {
    title: 'a transaction that fails',
    run: (source) =>
      source.transaction(async (manager) => {
        await manager.query('SELECT 1');
        boom();
      }),
  },
  {
    title: 'a commit after a failure, and a runner that is released',
    run: async (source, log) => {
      const runner = source.createQueryRunner();
      await runner.startTransaction();
      await runner.query('SELECT 1/0').catch((error: unknown) => log('caught', error));
      await runner.commitTransaction();
      await runner.release();
      await runner.query('SELECT 1');
    },
  },
  {
    title: 'a stream',
    run: async (source, log) => {
      const runner = source.createQueryRunner();
      for await (const row of await runner.stream('SELECT 1 AS n')) log('row', row);
      await runner.release();
    },
  },
  {
    title: 'a rejection that nobody handles',
    run: (source) => {
      void source.query('SELECT * FROM nowhere');
      return source.query('SELECT 1 AS n');
    },
  },
  { title: 'a second initialization', run: (source) => source.initialize().then(() => undefined) },
  {
    title: 'an end and a new beginning',
    run: async (source, log) => {
      await source.destroy();
      await source.query('SELECT 1').catch((error: unknown) => log('caught', error));
      log('same', (await source.initialize()) === source);
      return source.query('SELECT 1 AS n');
    },
  },
];

let server: PostgresServer;

/** A connection that has a lock, so that a statement that wants it is not answered. */
let holder: Client | undefined;

async function lock(): Promise<void> {
  holder = new Client(server.url);
  await holder.connect();
  await holder.query('SELECT pg_advisory_lock(1)');
}

async function unlock(): Promise<void> {
  await holder?.end();
  holder = undefined;
}

/** Uses of Knex. */
const OF_KNEX: readonly Shape<Knex>[] = [
  { title: 'a text', run: async (db) => (await db.raw<{ rows: unknown }>('SELECT 1 AS n')).rows },
  { title: 'values', run: async (db) => (await db.raw<{ rows: unknown }>('SELECT ?::int AS n', [1])).rows },
  { title: 'a builder', run: async (db) => db.select(db.raw('1 AS n')) },
  { title: 'a failing text', run: async (db) => void (await db.raw('SELECT * FROM nowhere')) },
  { title: 'nothing', run: async (db) => void (await db.raw(undefined as Anything)) },
  { title: 'an empty text', run: async (db) => void (await db.raw('')) },
  {
    title: 'a callback',
    run: (db, log) =>
      new Promise<void>((resolve) => {
        void db.select(db.raw('1 AS n')).asCallback((error: unknown, rows: unknown) => {
          log('called', error, rows);
          resolve();
        });
      }),
  },
  { title: 'a statement that is never sent', run: (db, log) => log('type', typeof db('nowhere').select()) },
  {
    title: 'a stream',
    run: async (db, log) => {
      for await (const row of db.select(db.raw('1 AS n')).stream()) log('row', row);
    },
  },
  {
    title: 'a stream that fails',
    run: async (db, log) => {
      try {
        for await (const row of db('nowhere').select().stream()) log('row', row);
      } catch (error) {
        log('failed', error);
      }
    },
  },
  {
    title: 'a transaction that fails',
    run: (db) =>
      db.transaction(async (tx) => {
        await tx.raw('SELECT 1');
        boom();
      }),
  },
  {
    title: 'a timeout',
    run: async (db) => {
      await lock();
      return db.select(db.raw('pg_advisory_lock(1)')).timeout(50);
    },
  },
  {
    title: 'its events',
    run: async (db, log) => {
      db.on('query', ({ sql }: { sql: string }) => log('query', sql));
      db.on('query-error', (error: unknown) => log('query-error', error));
      db.on('query-response', (rows: unknown) => log('query-response', rows));
      await db('nowhere')
        .select()
        .catch(() => undefined);
      return db.select(db.raw('1 AS n'));
    },
  },
  {
    title: 'an end and a new beginning',
    run: async (db, log) => {
      await db.destroy();
      await db.raw('SELECT 1').catch((error: unknown) => log('caught', error));
      db.initialize();
      return db.select(db.raw('1 AS n'));
    },
  },
];

describeWith(
  ['initdb', 'postgres'],
  'an application of an ORM behaves the same with and without monitoring',
  () => {
    beforeAll(async () => {
      server = await PostgresServer.start();
    }, 60_000);
    afterAll(endOperations);
    afterAll(() => server.stop());

    async function ofTypeOrm(shape: Shape<DataSource>, isWatched: boolean): Promise<string[]> {
      const source = await new DataSource({ type: 'postgres', url: server.url }).initialize();
      const end = isWatched ? watchTypeOrm(source, queryRecorder()) : undefined;
      const transcript = await transcriptOf(source, shape);
      end?.();
      expect(source.subscribers).toEqual([]);
      await source.destroy();
      return transcript;
    }

    async function ofKnex(shape: Shape<Knex>, isWatched: boolean): Promise<string[]> {
      const db = knex({ client: 'pg', connection: server.url, pool: { min: 0, max: 1 } });
      const queries = queryRecorder();
      const watched = db as unknown as WatchedKnex;
      const ends = isWatched
        ? [watchKnex(watched, queries), watchKnexPoolWait(watched, failingWaits(queries))]
        : [];
      const transcript = await transcriptOf(db, shape);
      await unlock();
      for (const end of ends) end();
      await db.destroy();
      return transcript;
    }

    describe('through TypeORM', () => {
      it.each(OF_TYPEORM)('with $title', async (shape) => {
        const { plain, watched } = await transcriptPairOf((isWatched) => ofTypeOrm(shape, isWatched));
        expect(watched).toEqual(plain);
      });
    });

    describe('through Knex', () => {
      it.each(OF_KNEX)('with $title', async (shape) => {
        const { plain, watched } = await transcriptPairOf((isWatched) => ofKnex(shape, isWatched));
        expect(watched).toEqual(plain);
      });
    });
  },
);
