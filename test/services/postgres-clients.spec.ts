import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import knex from 'knex';
import { Client, Pool, Query } from 'pg';
import { DataSource } from 'typeorm';
import { statementsOf, valuesOf } from '../collectors/values.js';
import { eventually } from '../support/eventually.js';
import { describeWith } from './support/binaries.js';
import { monitoredApplication } from './support/monitored-application.js';
import { PostgresServer } from './support/postgres.server.js';

describeWith(['initdb', 'postgres'], 'statements to a real PostgreSQL', () => {
  let server: PostgresServer;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    server = await PostgresServer.start();
    await server.query('CREATE TABLE orders (id serial PRIMARY KEY, note text UNIQUE)');
  }, 60_000);
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });
  afterAll(() => server.stop());

  function newPool(max = 4): Pool {
    const pool = new Pool({ connectionString: server.url, max });
    pool.on('error', () => undefined);
    closing.push(() => pool.end());
    return pool;
  }

  async function started(definition: Omit<DynamicModule, 'module'>) {
    const { app, registry } = await monitoredApplication(definition);
    closing.push(() => app.close());
    return { app, registry };
  }

  it('are counted in every form that pg takes', async () => {
    const pool = newPool();
    await pool.query('SELECT 1 FROM orders');
    const { registry } = await started({ providers: [{ provide: 'POOL', useValue: pool }] });
    await pool.query('SELECT * FROM orders');
    await pool.query('SELECT * FROM orders WHERE id = $1', [1]);
    await pool.query({ text: 'SELECT * FROM orders WHERE id = $1', values: [1], name: 'prepared' });
    await new Promise((resolve) => pool.query('SELECT * FROM orders', resolve));
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('INSERT INTO orders (note) VALUES ($1)', ['a']);
    await new Promise((resolve) => client.query('UPDATE orders SET note = $1', ['b'], resolve));
    await new Promise((resolve) => client.query(new Query('DELETE FROM orders')).on('end', resolve));
    await client.query('COMMIT');
    client.release();
    expect(statementsOf(registry)).toEqual({
      'postgresql select orders': 4,
      'postgresql begin unknown': 1,
      'postgresql insert orders': 1,
      'postgresql update orders': 1,
      'postgresql delete orders': 1,
      'postgresql commit unknown': 1,
    });
  });

  it('are counted by the class of their SQLSTATE, and fail as they did', async () => {
    const pool = newPool(1);
    const { registry } = await started({ providers: [{ provide: 'POOL', useValue: pool }] });
    await pool.query("INSERT INTO orders (note) VALUES ('twice')");
    await expect(pool.query("INSERT INTO orders (note) VALUES ('twice')")).rejects.toMatchObject({
      code: '23505',
    });
    await expect(pool.query('SELECT nothing FROM nowhere')).rejects.toMatchObject({ code: '42P01' });
    const client = await pool.connect();
    const failed = new Promise((resolve) =>
      client.query(new Query('SELECT 1/0 FROM orders')).on('error', resolve),
    );
    await expect(failed).resolves.toMatchObject({ code: '22012' });
    client.release();
    await eventually(() =>
      expect(valuesOf(registry, 'db_client_operation_errors_total')).toEqual({
        'postgresql insert integrity_constraint': 1,
        'postgresql select syntax_or_access': 1,
        'postgresql select data': 1,
      }),
    );
  });

  it('are counted once where TypeORM sends them', async () => {
    const { app, registry } = await started({
      imports: [TypeOrmModule.forRoot({ type: 'postgres', url: server.url, entities: [] })],
    });
    await app.get(DataSource).query('SELECT * FROM orders');
    expect(statementsOf(registry)).toEqual({ 'postgresql select orders': 1 });
  });

  it('are counted where Drizzle sends them', async () => {
    const db = drizzle(newPool());
    const { registry } = await started({ providers: [{ provide: 'DRIZZLE', useValue: db }] });
    await db.execute(sql`SELECT * FROM orders`);
    await db.transaction((tx) => tx.execute(sql`DELETE FROM orders`));
    expect(statementsOf(registry)).toEqual({
      'postgresql select orders': 1,
      'postgresql begin unknown': 1,
      'postgresql delete orders': 1,
      'postgresql commit unknown': 1,
    });
  });

  it('are counted where Knex sends them, whose pool is one too', async () => {
    const db = knex({ client: 'pg', connection: server.url, pool: { min: 0, max: 3 } });
    closing.push(() => db.destroy());
    const { registry } = await started({ providers: [{ provide: 'KNEX', useValue: db }] });
    await db('orders').select();
    await db.transaction((tx) => tx('orders').insert({ note: 'knex' }));
    expect(statementsOf(registry)).toMatchObject({
      'postgresql select orders': 1,
      'postgresql begin unknown': 1,
      'postgresql insert orders': 1,
      'postgresql commit unknown': 1,
    });
    await registry.collect();
    // Our own statements may have made another one.
    const { 'KNEX used': used = NaN, 'KNEX idle': idle = NaN } = valuesOf(registry, 'db_client_connections');
    expect(used + idle).toBeGreaterThanOrEqual(1);
    expect(used + idle).toBeLessThanOrEqual(3);
    expect(valuesOf(registry, 'db_client_connections_max')).toEqual({ KNEX: 3 });
  });

  it('are counted of a client without a pool', async () => {
    const client = new Client(server.url);
    await client.connect();
    closing.push(() => client.end());
    const { registry } = await started({ providers: [{ provide: 'CLIENT', useValue: client }] });
    await client.query('SELECT * FROM orders');
    expect(statementsOf(registry)).toEqual({ 'postgresql select orders': 1 });
  });

  it('wait for a connection, as the pool says itself', async () => {
    const pool = newPool(1);
    const { registry } = await started({ providers: [{ provide: 'POOL', useValue: pool }] });
    const waitedBefore = valuesOf(registry, 'db_client_connection_wait_seconds')['POOL'] ?? 0;
    const holder = await pool.connect();
    const waiting = [pool.query('SELECT 1'), pool.query('SELECT 1')];
    await registry.collect();
    expect(valuesOf(registry, 'db_client_connections')).toEqual({ 'POOL used': 1, 'POOL idle': 0 });
    expect(valuesOf(registry, 'db_client_connections_pending')).toEqual({ POOL: 2 });
    expect(valuesOf(registry, 'db_client_connections_max')).toEqual({ POOL: 1 });
    holder.release();
    await Promise.all(waiting);
    await registry.collect();
    expect(valuesOf(registry, 'db_client_connections')).toEqual({ 'POOL used': 0, 'POOL idle': 1 });
    expect(valuesOf(registry, 'db_client_connections_pending')).toEqual({ POOL: 0 });
    // Our own statements wait too.
    const waited = valuesOf(registry, 'db_client_connection_wait_seconds')['POOL'];
    expect(waited).toBeGreaterThanOrEqual(waitedBefore + 3);
  });

  it('of two applications in one process are counted each by its own', async () => {
    const pool = newPool();
    const first = await started({ providers: [{ provide: 'POOL', useValue: pool }] });
    const second = await started({ providers: [{ provide: 'POOL', useValue: newPool() }] });
    await pool.query('SELECT * FROM orders');
    expect(statementsOf(first.registry)).toEqual({ 'postgresql select orders': 1 });
    expect(statementsOf(second.registry)).toEqual({});
  });

  it('go on uncounted when the application has ended', async () => {
    const pool = newPool();
    await pool.query('SELECT 1');
    const { app, registry } = await started({ providers: [{ provide: 'POOL', useValue: pool }] });
    await app.close();
    await pool.query('SELECT * FROM orders');
    expect(statementsOf(registry)).toEqual({});
    expect(Object.hasOwn(pool, 'connect')).toBe(false);
  });
});
