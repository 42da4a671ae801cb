import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type INestApplication, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
import { Client, Pool } from 'pg';
import { PostgresqlCollector } from '../../lib/collectors/database/postgresql.collector.js';
import { ApplicationObjects } from '../../lib/integrations/application-objects.integration.js';
import { valuesOf } from '../collectors/values.js';
import { eventually } from '../support/eventually.js';
import { describeWith } from './support/binaries.js';
import { whileFrozen } from './support/frozen.js';
import { PostgresServer } from './support/postgres.server.js';

const RECOVERY_MS = 30_000;
const OPTIONS = { slowQueryThresholdMs: 500, intervalMs: 60_000, timeoutMs: 30_000, maxTables: 2 };

describeWith(['initdb', 'postgres'], 'what a real PostgreSQL says of itself', () => {
  let server: PostgresServer;
  let pool: Pool;
  let app: INestApplication;
  let appRegistry: MetricsRegistry;

  beforeAll(async () => {
    server = await PostgresServer.start();
    await server.query(`CREATE TABLE orders (id serial PRIMARY KEY, note text);
      CREATE TABLE users (id serial PRIMARY KEY); CREATE TABLE a (id int); CREATE TABLE b (id int);
      INSERT INTO orders (note) SELECT 'x' FROM generate_series(1, 1000);
      INSERT INTO users SELECT generate_series(1, 500);
      INSERT INTO a SELECT generate_series(1, 10); INSERT INTO b SELECT generate_series(1, 5)`);
    pool = new Pool({ connectionString: server.url, max: 2 });
    pool.on('error', () => undefined);
    @Module({
      imports: [
        MonitoringModule.forRoot({ collectors: { database: { intervalMs: 100, timeoutMs: 2_000 } } }),
      ],
      providers: [{ provide: 'POOL', useValue: pool }],
    })
    class AppModule {}
    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = await testing.createNestApplication({ logger: false }).init();
    appRegistry = app.get(MetricsRegistry);
  }, 60_000);

  afterAll(async () => {
    await app.close();
    await pool.end();
    await server.stop();
  });

  async function collected() {
    const registry = new MetricsRegistry();
    const objects = new ApplicationObjects(app.get(ModulesContainer));
    const collector = new PostgresqlCollector(objects, registry, OPTIONS);
    await collector.collect(AbortSignal.timeout(40_000));
    return { registry, collector };
  }

  it('is what is shown, table by table, and the rest as one', async () => {
    await server.query('UPDATE orders SET note = note WHERE id <= 100');
    await server.query('DELETE FROM orders WHERE id <= 10');
    await server.query('SELECT count(*) FROM users');
    // The statistics of a connection are there when it has ended, and a little later at the latest.
    await eventually(async () => {
      const { registry } = await collected();
      const columns: Record<string, string> = {
        n_tup_ins: 'postgresql_table_inserts_total',
        n_tup_upd: 'postgresql_table_updates_total',
        n_tup_del: 'postgresql_table_deletes_total',
        seq_scan: 'postgresql_table_sequential_scans_total',
        idx_scan: 'postgresql_table_index_scans_total',
        n_live_tup: 'postgresql_table_live_rows',
        n_dead_tup: 'postgresql_table_dead_rows',
      };
      for (const [column, name] of Object.entries(columns)) {
        const rows = await server.query(
          `SELECT CASE WHEN relname IN ('orders', 'users') THEN relname ELSE 'other' END AS name,
           sum(coalesce(${column}, 0))::text AS value FROM pg_stat_user_tables GROUP BY 1`,
        );
        const expected = Object.fromEntries(rows.map((row) => [row['name'], Number(row['value'])]));
        expect(valuesOf(registry, name, ['table'])).toEqual(expected);
      }
      expect(valuesOf(registry, 'postgresql_table_inserts_total', ['table'])).toEqual({
        orders: 1_000,
        users: 500,
        other: 15,
      });
      expect(valuesOf(registry, 'postgresql_table_deletes_total', ['table'])).toMatchObject({ orders: 10 });
    }, RECOVERY_MS);
  }, 60_000);

  it('has no new rows because a table is renamed', async () => {
    const { registry, collector } = await collected();
    const before = valuesOf(registry, 'postgresql_table_inserts_total', ['table']);
    await server.query('ALTER TABLE a RENAME TO a_2026');
    await collector.collect(AbortSignal.timeout(40_000));
    await server.query('ALTER TABLE a_2026 RENAME TO a');
    expect(before).toEqual({ orders: 1_000, users: 500, other: 15 });
    expect(valuesOf(registry, 'postgresql_table_inserts_total', ['table'])).toEqual(before);
  });

  it('is what is shown of the database', async () => {
    const view = `SELECT xact_commit, xact_rollback, blks_hit, blks_read,
      pg_database_size(current_database()) AS size FROM pg_stat_database WHERE datname = 'postgres'`;
    await server.query('SELECT 1/0').catch(() => undefined);
    await eventually(async () => {
      const [before] = await server.query(view);
      const { registry } = await collected();
      const [after] = await server.query(view);
      const expectBetween = (value: number | undefined, column: string) => {
        expect(value).toBeGreaterThanOrEqual(Number(before?.[column]));
        expect(value).toBeLessThanOrEqual(Number(after?.[column]));
      };
      const transactions = valuesOf(registry, 'postgresql_transactions_total', ['outcome']);
      expectBetween(transactions['committed'], 'xact_commit');
      expectBetween(transactions['rolled_back'], 'xact_rollback');
      expect(transactions['rolled_back']).toBeGreaterThan(0);
      const blocks = valuesOf(registry, 'postgresql_blocks_total', ['from']);
      expectBetween(blocks['memory'], 'blks_hit');
      expectBetween(blocks['disk'], 'blks_read');
      const ratio = valuesOf(registry, 'postgresql_cache_hit_ratio', [])[''];
      expect(ratio).toBeCloseTo(
        (blocks['memory'] ?? 0) / ((blocks['memory'] ?? 0) + (blocks['disk'] ?? 0)),
        6,
      );
      expectBetween(valuesOf(registry, 'postgresql_database_size_bytes', [])[''], 'size');
      // It is no replica.
      expect(valuesOf(registry, 'postgresql_replication_lag_seconds')).toEqual({});
    }, RECOVERY_MS);
  }, 60_000);

  it('is what is shown of connections and locks', async () => {
    const holder = new Client(server.url);
    const waiter = new Client(server.url);
    for (const client of [holder, waiter]) client.on('error', () => undefined);
    await holder.connect();
    await waiter.connect();
    await holder.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    const waiting = waiter.query('BEGIN; LOCK TABLE orders IN ACCESS SHARE MODE').catch(() => undefined);
    await eventually(async () => {
      const { registry } = await collected();
      expect(valuesOf(registry, 'postgresql_connections', ['state'])).toMatchObject({
        'idle in transaction': 1,
        active: 1,
      });
      const locks = valuesOf(registry, 'postgresql_locks', ['mode', 'state']);
      expect(locks).toMatchObject({
        'accessexclusivelock granted': 1,
        'accesssharelock waiting': 1,
      });
    }, RECOVERY_MS);
    await holder.query('ROLLBACK');
    await waiting;
    await holder.end();
    await waiter.end();
  }, 60_000);

  it('does not show as statements of the application', () => {
    expect(valuesOf(appRegistry, 'db_client_operation_duration_seconds')).toEqual({});
  });

  it('is left out while the server is gone, told of, and shown again when it is back', async () => {
    const success = async () => {
      await appRegistry.collect();
      return valuesOf(appRegistry, 'monitoring_collector_success')['postgresql'];
    };
    await eventually(async () => expect(await success()).toBe(1), RECOVERY_MS);
    const committed = () =>
      valuesOf(appRegistry, 'postgresql_transactions_total', ['outcome'])['committed'] ?? 0;
    expect(valuesOf(appRegistry, 'postgresql_database_size_bytes', ['source'])).toHaveProperty('POOL');
    const before = committed();

    await server.crash();
    await eventually(async () => expect(await success()).toBe(0), RECOVERY_MS);
    const names = appRegistry.snapshot().families.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('postgresql_') && !name.endsWith('_total'))).toEqual([]);
    expect(committed()).toBeGreaterThanOrEqual(before);
    // The pool is asked without the server.
    expect(valuesOf(appRegistry, 'db_client_connections_pending')).toEqual({ POOL: 0 });

    await server.restart();
    await eventually(async () => expect(await success()).toBe(1), RECOVERY_MS);
    expect(valuesOf(appRegistry, 'postgresql_database_size_bytes', ['source'])).toHaveProperty('POOL');
    // After a crash the server counts from zero again, and nothing is taken back.
    expect(committed()).toBeGreaterThan(before);
    // No connection was lost on the way.
    await eventually(() => expect(pool.idleCount).toBe(pool.totalCount));
  }, 90_000);

  it('takes no more than one connection of the pool while the server hangs', async () => {
    await whileFrozen(server, async () => {
      await eventually(async () => {
        await appRegistry.collect();
        expect(valuesOf(appRegistry, 'monitoring_collector_success')['postgresql']).toBe(0);
      }, RECOVERY_MS);
      expect(pool.totalCount - pool.idleCount + pool.waitingCount).toBeLessThanOrEqual(1);
    });
    await eventually(async () => {
      await appRegistry.collect();
      expect(valuesOf(appRegistry, 'monitoring_collector_success')['postgresql']).toBe(1);
    }, RECOVERY_MS);
  }, 90_000);
});
