import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type INestApplication, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
import { createPool, type Pool } from 'mysql2/promise';
import { MysqlCollector } from '../../lib/collectors/database/mysql.collector.js';
import { ApplicationObjects } from '../../lib/integrations/application-objects.integration.js';
import { statementsOf, valuesOf } from '../collectors/values.js';
import { expectThat } from '../support/expectations.js';
import { describeWith } from './support/binaries.js';
import { MariaDbServer } from './support/mariadb.server.js';

const OPTIONS = { slowQueryThresholdMs: 500, intervalMs: 60_000, timeoutMs: 30_000, maxTables: 50 };

describeWith(['mariadbd', 'mariadb-install-db'], 'a real MariaDB', () => {
  let server: MariaDbServer;
  let pool: Pool;
  let app: INestApplication;

  beforeAll(async () => {
    server = await MariaDbServer.start();
    await server.query('CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, note varchar(50) UNIQUE)');
    pool = createPool({ uri: server.url, connectionLimit: 2 });
    @Module({ imports: [MonitoringModule.forRoot()], providers: [{ provide: 'POOL', useValue: pool }] })
    class AppModule {}
    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = await testing.createNestApplication({ logger: false }).init();
  }, 60_000);

  afterAll(async () => {
    await app.close();
    await pool.end();
    await server.stop();
  });

  it('is sent statements that are counted, by query() and by execute()', async () => {
    await pool.query('INSERT INTO orders (note) VALUES (?)', ['a']);
    await pool.execute('SELECT * FROM orders WHERE note = ?', ['a']);
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    await connection.query('UPDATE orders SET note = ?', ['b']);
    await connection.rollback();
    connection.release();
    await expect(pool.query("INSERT INTO orders (note) VALUES ('a')")).rejects.toMatchObject({ errno: 1062 });
    const registry = app.get(MetricsRegistry);
    expect(statementsOf(registry)).toEqual({
      'mysql insert orders': 2,
      'mysql select orders': 1,
      'mysql begin unknown': 1,
      'mysql update orders': 1,
      'mysql rollback unknown': 1,
    });
    expect(valuesOf(registry, 'db_client_operation_errors_total')).toEqual({
      'mysql insert integrity_constraint': 1,
    });
    await registry.collect();
    expect(valuesOf(registry, 'db_client_connections')).toMatchObject({ 'POOL used': 0 });
    expect(valuesOf(registry, 'db_client_connections_max')).toEqual({ POOL: 2 });
  });

  it('says of itself what is shown', async () => {
    const registry = new MetricsRegistry();
    const collector = new MysqlCollector(
      new ApplicationObjects(app.get(ModulesContainer)),
      registry,
      OPTIONS,
    );
    const status = async () =>
      new Map(
        (await server.query('SHOW GLOBAL STATUS')).map((row) => [row['Variable_name'], Number(row['Value'])]),
      );
    const before = await status();
    await collector.collect(AbortSignal.timeout(40_000));
    const after = await status();
    const shown = {
      ...prefixed('Com_', valuesOf(registry, 'mysql_commands_total', ['kind'])),
      Select_scan: valuesOf(registry, 'mysql_full_scans_total', ['kind'])['table'],
      Innodb_buffer_pool_read_requests: valuesOf(registry, 'mysql_buffer_pool_pages_total', ['kind'])[
        'requested'
      ],
      Uptime: valuesOf(registry, 'mysql_uptime_seconds', [])[''],
    };
    expect(Object.keys(shown)).toContain('Com_insert');
    for (const [name, value] of Object.entries(shown)) {
      expectThat(value, name).toBeGreaterThanOrEqual(before.get(name) ?? Infinity);
      expectThat(value, name).toBeLessThanOrEqual(after.get(name) ?? -Infinity);
    }
    const [table] = await server.query(
      "SELECT DATA_LENGTH AS data, INDEX_LENGTH AS indexes FROM information_schema.TABLES WHERE TABLE_NAME = 'orders'",
    );
    expect(valuesOf(registry, 'mysql_table_data_bytes', ['table'])).toEqual({
      orders: Number(table?.['data']),
    });
    expect(valuesOf(registry, 'mysql_database_size_bytes', [])).toEqual({
      '': Number(table?.['data']) + Number(table?.['indexes']),
    });
    // It does not count rows unless it is told to.
    expect(valuesOf(registry, 'mysql_table_rows_read_total')).toEqual({});
    await server.crash();
    await expect(collector.collect(AbortSignal.timeout(40_000))).rejects.toThrow();
    expect(valuesOf(registry, 'mysql_uptime_seconds')).toEqual({});
    await server.restart();
    await collector.collect(AbortSignal.timeout(40_000));
    expect(valuesOf(registry, 'mysql_uptime_seconds', ['source'])).toHaveProperty('POOL');
  }, 60_000);
});

describeWith(['mariadbd', 'mariadb-install-db'], 'the rows of tables, as a real MariaDB counts them', () => {
  let server: MariaDbServer;
  const pools: Pool[] = [];

  beforeAll(async () => {
    server = await MariaDbServer.start('--performance-schema=ON');
    await server.query('CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, note varchar(50))');
    await server.query('CREATE TABLE a (id int)');
    await server.query('CREATE TABLE b (id int)');
    await server.query("CREATE USER app@'127.0.0.1'");
    await server.query("GRANT SELECT, INSERT ON test.* TO app@'127.0.0.1'");
  }, 60_000);

  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await server.stop();
  });

  /** What is shown to an application that reaches the server as this user. */
  async function shownTo(user: string, maxTables = 50): Promise<MetricsRegistry> {
    const pool = createPool({ uri: server.url.replace('root@', `${user}@`), connectionLimit: 1 });
    pools.push(pool);
    @Module({ providers: [{ provide: 'POOL', useValue: pool }] })
    class AppModule {}
    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const registry = new MetricsRegistry();
    const objects = new ApplicationObjects(testing.get(ModulesContainer));
    await new MysqlCollector(objects, registry, { ...OPTIONS, maxTables }).collect(
      AbortSignal.timeout(40_000),
    );
    return registry;
  }

  async function work(): Promise<void> {
    await server.query(`INSERT INTO orders (note) VALUES ${Array(30).fill("('x')").join(', ')}`);
    await server.query('INSERT INTO a VALUES (1), (2)');
    await server.query('INSERT INTO b VALUES (1)');
    await server.query('UPDATE orders SET note = "y" WHERE id <= 10');
    await server.query('DELETE FROM orders WHERE id > 25');
    await server.query('SELECT * FROM orders');
  }

  async function counted(sql: string, column: string): Promise<Record<string, number>> {
    return Object.fromEntries(
      (await server.query(sql)).map((row) => [String(row['name']), Number(row[column])]),
    );
  }

  it('are those of the performance schema, where the user may read it', async () => {
    await server.query('TRUNCATE TABLE performance_schema.table_io_waits_summary_by_table', 'mysql');
    await work();
    const registry = await shownTo('root');
    const view = `SELECT OBJECT_NAME AS name, COUNT_FETCH AS fetched, COUNT_WRITE AS written
      FROM performance_schema.table_io_waits_summary_by_table WHERE OBJECT_SCHEMA = 'test'`;
    expect(read(registry)).toEqual(await counted(view, 'fetched'));
    expect(changed(registry)).toEqual(await counted(view, 'written'));
    expect(changed(registry)).toEqual({ orders: 30 + 10 + 5, a: 2, b: 1 });
    const other = await shownTo('app');
    expect(changed(other)).toEqual({});
    expect(valuesOf(other, 'mysql_table_data_bytes', ['table'])).toHaveProperty('orders');
  }, 60_000);

  it('are those of userstat, where it is on, for any user, and of a bounded number of tables', async () => {
    await server.query('SET GLOBAL userstat = 1');
    await server.query('TRUNCATE TABLE orders');
    await server.query('FLUSH TABLE_STATISTICS');
    await work();
    const view = `SELECT TABLE_NAME AS name, ROWS_READ AS seen, ROWS_CHANGED AS changed
      FROM information_schema.TABLE_STATISTICS WHERE TABLE_SCHEMA = 'test'`;
    const registry = await shownTo('app');
    expect(read(registry)).toEqual(await counted(view, 'seen'));
    expect(changed(registry)).toEqual(await counted(view, 'changed'));
    expect(changed(registry)).toEqual({ orders: 30 + 10 + 5, a: 2, b: 1 });
    const all = Object.values(changed(registry)).reduce((sum, count) => sum + count, 0);
    const few = changed(await shownTo('app', 1));
    expect(Object.keys(few)).toHaveLength(2);
    expect(few).toHaveProperty('other');
    expect(Object.values(few).reduce((sum, count) => sum + count, 0)).toBe(all);
  }, 60_000);
});

function read(registry: MetricsRegistry): Record<string, number> {
  return valuesOf(registry, 'mysql_table_rows_read_total', ['table']);
}

function changed(registry: MetricsRegistry): Record<string, number> {
  return valuesOf(registry, 'mysql_table_rows_changed_total', ['table']);
}

function prefixed(prefix: string, values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value]));
}
