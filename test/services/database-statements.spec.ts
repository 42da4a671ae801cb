// Calls as an application in JavaScript makes them, past the types of the libraries.
/* oxlint-disable typescript/await-thenable, typescript/no-floating-promises, typescript/no-unnecessary-type-assertion */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import knex from 'knex';
import { type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { createConnection, createPool, type Connection, type Pool as Mysql2Pool } from 'mysql2';
import { MetricsRegistry } from 'nestjs-monitoring';
import { Client, Pool, Query } from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { DataSource } from 'typeorm';
import { statementsOf, valuesOf } from '../collectors/values.js';
import { eventually } from '../support/eventually.js';
import { describeWith } from './support/binaries.js';
import { MariaDbServer } from './support/mariadb.server.js';
import { monitoredApplication } from './support/monitored-application.js';
import { PostgresServer } from './support/postgres.server.js';

const closing: (() => unknown)[] = [];

async function started(definition: Omit<DynamicModule, 'module'>) {
  const { app, registry } = await monitoredApplication(definition);
  closing.push(() => app.close());
  return { app, registry };
}

const providing = (...values: unknown[]) =>
  started({ providers: values.map((useValue, i) => ({ provide: `VALUE_${i}`, useValue })) });
const errorsOf = (registry: MetricsRegistry) => valuesOf(registry, 'db_client_operation_errors_total');
const transactionsOf = (registry: MetricsRegistry) =>
  valuesOf(registry, 'db_client_transactions_total', ['event']);

async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).toReversed()) await close();
}

describeWith(['initdb', 'postgres'], 'statements to PostgreSQL, in every form', () => {
  let server: PostgresServer;
  let client: Client;

  beforeAll(async () => {
    server = await PostgresServer.start();
    await server.query('CREATE TABLE orders (id serial PRIMARY KEY, note text UNIQUE)');
  }, 60_000);
  afterEach(closeAll);
  afterAll(() => server.stop());

  async function connected(): Promise<Client> {
    client = new Client(server.url);
    client.on('error', () => undefined);
    await client.connect();
    closing.push(() => client.end());
    return client;
  }

  /** Forms of a statement that must be counted once, as a selection from `orders`. */
  const FORMS: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
    'a stream': async (on) => {
      for await (const _ of on.query(new QueryStream('SELECT * FROM orders'))) break;
    },
    'a stream that is read to its end': (on) => on.query(new QueryStream('SELECT * FROM orders')).toArray(),
    'a cursor': async (on) => {
      const cursor = on.query(new Cursor('SELECT * FROM orders'));
      await cursor.read(1);
      await cursor.close();
    },
    'a callback in the configuration': (on) =>
      new Promise((callback) => void on.query({ text: 'SELECT * FROM orders', callback } as never)),
    'a callback in a frozen configuration': (on) =>
      new Promise(
        (callback) => void on.query(Object.freeze({ text: 'SELECT * FROM orders', callback }) as never),
      ),
    'a callback after undefined values': (on) =>
      new Promise((resolve) => on.query('SELECT * FROM orders', undefined as never, resolve)),
    'a query with events': (on) =>
      new Promise((resolve) => on.query(new Query('SELECT * FROM orders')).on('end', resolve)),
    'rows in portions': (on) => on.query({ text: 'SELECT * FROM orders', rows: 1 } as never),
    'two statements in one text': (on) => on.query('SELECT * FROM orders; SELECT 1'),
    'a text that begins with a comment': (on) => on.query('/* a /* b */ c */ SELECT * FROM orders'),
    'quotes of its own kind': (on) =>
      on.query(
        "SELECT 'C:\\' AS dir, ' FROM hunter2 ' AS t, E'\\' FROM hunter2', $x$ FROM hunter2 $x$ FROM orders",
      ),
  };

  it.each(Object.keys(FORMS))('are counted once: %s', async (form) => {
    await connected();
    const { registry } = await providing(client);
    await FORMS[form]!(client);
    await client.query('COMMIT');
    expect(statementsOf(registry)).toEqual({ 'postgresql select orders': 1, 'postgresql commit unknown': 1 });
    expect(errorsOf(registry)).toEqual({});
  });

  it('are counted by the text that they were prepared with, where they are called by name only', async () => {
    await connected();
    await client.query({ name: 'before', text: 'SELECT * FROM orders WHERE id = $1', values: [1] });
    const { registry } = await providing(client);
    await client.query({ name: 'before', values: [2] } as never);
    await client.query({ name: 'after', text: 'DELETE FROM orders WHERE id = $1', values: [1] });
    await client.query({ name: 'after', values: [3] } as never);
    await client.query({ name: 'never', values: [] } as never);
    expect(statementsOf(registry)).toEqual({
      'postgresql select orders': 1,
      'postgresql delete orders': 2,
      'postgresql other unknown': 1,
    });
  });

  it('never have a table that stands in a text', async () => {
    await connected();
    const { registry } = await providing(client);
    await client.query("SELECT 'C:\\' AS dir, ' FROM hunter2 ' AS t");
    expect(statementsOf(registry)).toEqual({ 'postgresql select unknown': 1 });
  });

  it.each([
    ['a COMMIT after a failure', ['BEGIN', 'SELECT 1/0', 'COMMIT'], { begun: 1, rolled_back: 1 }],
    ['a COMMIT', ['BEGIN', 'SELECT 1', 'COMMIT'], { begun: 1, committed: 1 }],
    ['an END after a failure', ['START TRANSACTION', 'SELECT 1/0', 'END'], { begun: 1, rolled_back: 1 }],
    [
      'several in one text',
      ['BEGIN; SELECT 1; COMMIT; BEGIN; ROLLBACK'],
      { begun: 2, committed: 1, rolled_back: 1 },
    ],
    ['a text after a failure', ['BEGIN', 'SELECT 1/0', 'COMMIT; SELECT 1'], { begun: 1, rolled_back: 1 }],
    [
      'a savepoint',
      ['BEGIN', 'SAVEPOINT a', 'SELECT 1/0', 'ROLLBACK TO a', 'COMMIT'],
      { begun: 1, committed: 1 },
    ],
    ['a chain', ['BEGIN', 'COMMIT AND CHAIN', 'ROLLBACK'], { begun: 2, committed: 1, rolled_back: 1 }],
    ['a function', ['CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END', 'DROP FUNCTION f'], {}],
  ])('count transactions by what the server answered: %s', async (_, texts, expected) => {
    await connected();
    const { registry } = await providing(client);
    for (const text of texts) await client.query(text).catch(() => undefined);
    expect(transactionsOf(registry)).toEqual(expected);
  });

  it('count a commit that TypeORM sends after a failure as rolled back', async () => {
    const { app, registry } = await started({
      imports: [TypeOrmModule.forRoot({ type: 'postgres', url: server.url, entities: [] })],
    });
    const runner = app.get(DataSource).createQueryRunner();
    await runner.startTransaction();
    await expect(runner.query('SELECT 1/0')).rejects.toThrow('division');
    await runner.commitTransaction();
    await runner.release();
    expect(transactionsOf(registry)).toEqual({ begun: 1, rolled_back: 1 });
  });

  it('are counted once, in however many ways the application reaches its client', async () => {
    const pool = new Pool({ connectionString: server.url, max: 1 });
    closing.push(() => pool.end());
    const taken = await pool.connect();
    const proxy = new Proxy(pool, {});
    const { registry } = await providing(proxy, pool, { client: taken }, { pool });
    await taken.query('SELECT * FROM orders');
    taken.release();
    await proxy.query('SELECT * FROM orders');
    expect(statementsOf(registry)).toEqual({ 'postgresql select orders': 2 });
    await registry.collect();
    expect(Object.keys(valuesOf(registry, 'db_client_connections_max'))).toHaveLength(1);
  });

  it('are counted when a data source has been destroyed and initialized again', async () => {
    const { app, registry } = await started({
      imports: [TypeOrmModule.forRoot({ type: 'postgres', url: server.url, entities: [] })],
    });
    const dataSource = app.get(DataSource);
    for (let i = 0; i < 3; i++) {
      await dataSource.destroy();
      if (i === 1) await registry.collect();
      await dataSource.initialize();
      await dataSource.query('SELECT * FROM orders');
    }
    expect(statementsOf(registry)).toEqual({ 'postgresql select orders': 3 });
    expect(dataSource.subscribers).toHaveLength(1);
  });

  it('are counted when a data source is initialized late', async () => {
    const dataSource = new DataSource({ type: 'postgres', url: server.url });
    closing.push(() => dataSource.destroy());
    const { registry } = await providing(dataSource);
    await dataSource.initialize();
    await dataSource.query('SELECT * FROM orders');
    expect(statementsOf(registry)).toEqual({ 'postgresql select orders': 1 });
  });

  it('are counted when Knex has been destroyed and initialized again', async () => {
    const db = knex({ client: 'pg', connection: server.url, pool: { min: 0, max: 2 } });
    closing.push(() => db.destroy());
    const { registry } = await providing(db);
    await db.destroy();
    await registry.collect();
    db.initialize();
    await db('orders').select();
    for await (const _ of db('orders').select().stream()) break;
    expect(statementsOf(registry)['postgresql select orders']).toBe(2);
    await registry.collect();
    expect(valuesOf(registry, 'db_client_connections_max')).toEqual({ VALUE_0: 2 });
  });

  it('are counted once where Knex has parameters of a user', async () => {
    const db = knex({ client: 'pg', connection: server.url, pool: { min: 0, max: 2 } });
    closing.push(() => db.destroy());
    const ofUser = db.withUserParams({ user: 1 });
    const { registry } = await providing(db, ofUser);
    await ofUser('orders').select();
    await db('orders').select();
    expect(statementsOf(registry)['postgresql select orders']).toBe(2);
    await registry.collect();
    expect(valuesOf(registry, 'db_client_connections_max')).toEqual({ VALUE_0: 2 });
  });

  it('are counted when a pool has ended and another one is in its place', async () => {
    // The server may say that it ends before an idle connection is closed.
    const opened = (): Pool =>
      new Pool({ connectionString: server.url, max: 1 }).on('error', () => undefined);
    const holder = { pool: opened() };
    const { registry } = await providing(holder);
    await holder.pool.query('SELECT * FROM orders');
    await holder.pool.end();
    holder.pool = opened();
    closing.push(() => holder.pool.end());
    await registry.collect();
    await holder.pool.query('SELECT * FROM orders');
    expect(statementsOf(registry)).toEqual({ 'postgresql select orders': 2 });
  });
});

describeWith(['mariadbd', 'mariadb-install-db'], 'statements to MariaDB, in every form', () => {
  let server: MariaDbServer;

  beforeAll(async () => {
    server = await MariaDbServer.start();
    await server.query('CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, note varchar(50))');
  }, 60_000);
  afterEach(closeAll);
  afterAll(() => server.stop());

  async function connected(): Promise<Connection> {
    const connection = createConnection({ uri: server.url, multipleStatements: true });
    closing.push(() => connection.destroy());
    await connection.promise().query('SELECT 1');
    return connection;
  }
  function pooled(): Mysql2Pool {
    const pool = createPool({ uri: server.url, connectionLimit: 1 });
    closing.push(() => pool.promise().end());
    return pool;
  }

  /** Forms of a statement that must be counted once, as a selection from `orders`. */
  const FORMS: Readonly<Record<string, (on: Connection) => unknown>> = {
    'a callback': (on) => new Promise((resolve) => on.query('SELECT * FROM orders', resolve)),
    'no callback': (on) => void on.query('SELECT * FROM orders'),
    events: (on) => new Promise((resolve) => on.query('SELECT * FROM orders').on('end', resolve)),
    options: (on) => new Promise((resolve) => on.query({ sql: 'SELECT * FROM orders' }, resolve)),
    'execute()': (on) =>
      new Promise((resolve) => on.execute('SELECT * FROM orders WHERE id = ?', [1], resolve)),
    'execute() without a callback': (on) => void on.execute('SELECT * FROM orders'),
    'a prepared statement': async (on) => {
      const statement = await on.promise().prepare('SELECT * FROM orders WHERE id = ?');
      await statement.execute([1]);
    },
    'a name as a value': (on) => on.promise().query('SELECT * FROM ??', ['orders']),
    'quotes of its own kind': (on) =>
      on.promise().query(`SELECT 'it\\'s FROM hunter2', "FROM hunter2" /* /* */ FROM orders # FROM hunter2`),
  };

  it.each(Object.keys(FORMS))('are counted once of a connection: %s', async (form) => {
    const connection = await connected();
    const { registry } = await providing(connection, connection.promise());
    await FORMS[form]!(connection);
    await connection.promise().query('COMMIT');
    await eventually(() =>
      expect(statementsOf(registry)).toEqual({ 'mysql select orders': 1, 'mysql commit unknown': 1 }),
    );
    expect(errorsOf(registry)).toEqual({});
  });

  it('are counted once of a pool, however it is reached, and none is missed that has no callback', async () => {
    const pool = pooled();
    const { registry } = await providing(pool, pool.promise(), new Proxy(pool, {}));
    pool.query('SELECT * FROM orders');
    pool.query('SELECT * FROM orders');
    await pool.promise().query('SELECT * FROM orders');
    await eventually(() => expect(statementsOf(registry)).toEqual({ 'mysql select orders': 3 }));
    await registry.collect();
    expect(valuesOf(registry, 'db_client_connections_max')).toEqual({ VALUE_0: 1 });
  });

  it('are errors that fail while they are prepared, or without a callback', async () => {
    const connection = await connected();
    const { registry } = await providing(connection, pooled());
    await expect(connection.promise().execute('SELECT * FROM nowhere')).rejects.toThrow('nowhere');
    await new Promise((resolve) => connection.execute('SELECT * FROM nowhere').on('error', resolve));
    await new Promise((resolve) => connection.query('SELECT * FROM nowhere').on('error', resolve));
    await expect(connection.promise().prepare('SELECT * FROM nowhere')).rejects.toThrow('nowhere');
    expect(errorsOf(registry)).toEqual({ 'mysql select syntax_or_access': 4 });
    expect(statementsOf(registry)).toEqual({ 'mysql select nowhere': 4 });
  });

  it('are errors on a connection that the server has killed', async () => {
    const connection = await connected();
    connection.on('error', () => undefined);
    const { registry } = await providing(connection);
    const ended = new Promise((resolve) => connection.once('end', resolve));
    await server.query(`KILL ${connection.threadId}`);
    await ended;
    await expect(connection.promise().query('SELECT * FROM orders')).rejects.toThrow();
    expect(errorsOf(registry)).toEqual({ 'mysql select connection': 1 });
  });

  it('are counted where Knex sends them', async () => {
    const db = knex({ client: 'mysql2', connection: server.url, pool: { min: 0, max: 2 } });
    closing.push(() => db.destroy());
    const { registry } = await providing(db);
    await db('orders').select();
    expect(statementsOf(registry)['mysql select orders']).toBe(1);
  });

  it('are counted when a data source has been destroyed and initialized again', async () => {
    const { app, registry } = await started({
      imports: [TypeOrmModule.forRoot({ type: 'mariadb', url: server.url, entities: [] })],
    });
    const dataSource = app.get(DataSource);
    await dataSource.destroy();
    await dataSource.initialize();
    await dataSource.query('SELECT * FROM orders');
    expect(statementsOf(registry)).toEqual({ 'mariadb select orders': 1 });
  });

  it('count each transaction of a text', async () => {
    const connection = await connected();
    const { registry } = await providing(connection);
    await connection.promise().query('BEGIN; DELETE FROM orders; COMMIT; START TRANSACTION; ROLLBACK');
    expect(transactionsOf(registry)).toEqual({ begun: 2, committed: 1, rolled_back: 1 });
  });
});
