import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import mongoose from 'mongoose';
import { MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
import { DataSource } from 'typeorm';
import { SqliteCollector } from '../../../lib/collectors/database/sqlite.collector.js';
import { ApplicationObjects } from '../../../lib/integrations/application-objects.integration.js';
import { queryErrorClass } from '../../../lib/integrations/queries/query-error.js';
import { statementsOf, valuesOf } from '../values.js';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function started(useValue: object) {
  @Module({ imports: [MonitoringModule.forRoot()], providers: [{ provide: 'DATABASE', useValue }] })
  class AppModule {}
  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = await testing.createNestApplication({ logger: false }).init();
  closing.push(() => app.close());
  return { app, registry: app.get(MetricsRegistry) };
}

const none = (): Promise<void> => Promise.resolve();

describe('Prisma query events', () => {
  it('are counted, without the queries of monitoring', async () => {
    const events = new EventEmitter();
    const { registry } = await started({
      _activeProvider: 'postgresql',
      $connect: none,
      $disconnect: none,
      $transaction: none,
      $on: (event: string, listener: (value: unknown) => void) => void events.on(event, listener),
    });
    events.emit('query', {
      query: 'SELECT "public"."User"."id" FROM "public"."User" WHERE 1=1',
      duration: 3,
    });
    events.emit('query', { query: 'SELECT 1 /* nestjs-monitoring */', duration: 1 });
    expect(statementsOf(registry)).toEqual({ 'postgresql select User': 1 });
  });
});

describe('Mongoose driver events', () => {
  it('are counted by collection and by error', async () => {
    const connection = mongoose.createConnection();
    closing.push(() => connection.close());
    const driver = new EventEmitter();
    Object.defineProperty(connection, 'getClient', { value: () => driver });
    const { app, registry } = await started(connection);
    driver.emit('commandStarted', {
      requestId: 1,
      commandName: 'find',
      command: { find: 'users', filter: {} },
    });
    driver.emit('commandStarted', { requestId: 2, commandName: 'insert', command: { insert: 'orders' } });
    driver.emit('commandStarted', { requestId: 3, commandName: 'hello', command: { hello: 1 } });
    driver.emit('commandFailed', {
      requestId: 2,
      commandName: 'insert',
      duration: 5,
      failure: new Error('no'),
    });
    driver.emit('commandSucceeded', { requestId: 1, commandName: 'find', duration: 2 });
    driver.emit('commandSucceeded', { requestId: 3, commandName: 'hello', duration: 1 });
    expect(statementsOf(registry)).toEqual({ 'mongodb select users': 1, 'mongodb insert orders': 1 });
    expect(valuesOf(registry, 'db_client_operation_errors_total')).toEqual({ 'mongodb insert other': 1 });
    closing.pop();
    await app.close();
    expect(driver.eventNames()).toEqual([]);
  });
});

describe('SQLite', () => {
  it('shows the sizes that its pragmas return', async () => {
    @Module({ imports: [TypeOrmModule.forRoot({ type: 'sqljs', entities: [] }), MonitoringModule.forRoot()] })
    class AppModule {}
    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = await testing.createNestApplication({ logger: false }).init();
    closing.push(() => app.close());
    const dataSource = app.get(DataSource);
    await dataSource.query('CREATE TABLE filler (text text)');
    for (let i = 0; i < 50; i++) await dataSource.query('INSERT INTO filler VALUES (?)', ['x'.repeat(5_000)]);
    await dataSource.query('DELETE FROM filler WHERE rowid % 2 = 0');
    const registry = new MetricsRegistry();
    const collector = new SqliteCollector(new ApplicationObjects(app.get(ModulesContainer)), registry, {
      slowQueryThresholdMs: 500,
      intervalMs: 60_000,
      timeoutMs: 5_000,
      maxTables: 50,
    });
    await collector.collect(AbortSignal.timeout(10_000));
    const pragma = async (name: string) => {
      const [row] = await dataSource.query<Record<string, number>[]>(`PRAGMA ${name}`);
      return row?.[name] ?? Number.NaN;
    };
    expect(await pragma('freelist_count')).toBeGreaterThan(0);
    expect(valuesOf(registry, 'sqlite_pages')).toEqual({ default: await pragma('page_count') });
    expect(valuesOf(registry, 'sqlite_free_pages')).toEqual({ default: await pragma('freelist_count') });
    expect(valuesOf(registry, 'sqlite_database_size_bytes')).toEqual({
      default: (await pragma('page_count')) * (await pragma('page_size')),
    });
  });
});

describe('the error of a statement', () => {
  it.each([
    [{ code: '23505' }, 'integrity_constraint'],
    [{ code: '40P01' }, 'transaction_rollback'],
    [{ code: 'ER_DUP_ENTRY', sqlState: '23000' }, 'integrity_constraint'],
    [{ code: 'ECONNREFUSED' }, 'connection'],
    [new Error('Connection terminated unexpectedly'), 'connection'],
    [new Error('UNIQUE constraint failed: lead.email'), 'integrity_constraint'],
    [{ code: 'secret' }, 'other'],
    [{ code: 'ZZZZZ' }, 'other'],
    ['a text', 'other'],
    [undefined, 'other'],
  ])('%o has the class %s', (error, expected) => {
    expect(queryErrorClass(error)).toBe(expected);
  });
});
