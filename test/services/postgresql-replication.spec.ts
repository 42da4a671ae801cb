import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { MetricsRegistry } from 'nestjs-monitoring';
import { Pool } from 'pg';
import { PostgresqlCollector } from '../../lib/collectors/database/postgresql.collector.js';
import { ApplicationObjects } from '../../lib/integrations/application-objects.integration.js';
import { valuesOf } from '../collectors/values.js';
import { eventually } from '../support/eventually.js';
import { describeWith } from './support/binaries.js';
import { PostgresServer } from './support/postgres.server.js';

const PATIENCE_MS = 30_000;
const OPTIONS = { slowQueryThresholdMs: 500, intervalMs: 60_000, timeoutMs: 30_000, maxTables: 10 };

describeWith(['initdb', 'postgres', 'pg_basebackup'], 'a PostgreSQL and a replica that follows it', () => {
  let primary: PostgresServer;
  let replica: PostgresServer;
  const pools: Pool[] = [];
  let app: TestingModule;

  beforeAll(async () => {
    primary = await PostgresServer.start();
    await primary.query('CREATE TABLE orders (id serial PRIMARY KEY, note text)');
    replica = await primary.replicate('replica_1');
    for (const { url } of [primary, replica]) {
      const pool = new Pool({ connectionString: url, max: 1 });
      pool.on('error', () => undefined);
      pools.push(pool);
    }
    @Module({
      providers: [
        { provide: 'PRIMARY', useValue: pools[0] },
        { provide: 'REPLICA', useValue: pools[1] },
      ],
    })
    class AppModule {}
    app = await Test.createTestingModule({ imports: [AppModule] }).compile();
    await app.init();
  }, 90_000);

  afterAll(async () => {
    await app.close();
    await Promise.all(pools.map((pool) => pool.end()));
    await replica.stop();
    await primary.stop();
  }, 60_000);

  /** What is shown now, also if one of the two did not answer. */
  async function shown() {
    const registry = new MetricsRegistry();
    const collector = new PostgresqlCollector(
      new ApplicationObjects(app.get(ModulesContainer)),
      registry,
      OPTIONS,
    );
    await collector.collect(AbortSignal.timeout(40_000)).catch(() => undefined);
    return {
      behind: valuesOf(registry, 'postgresql_replication_lag_seconds', ['source']),
      replicas: valuesOf(registry, 'postgresql_replicas', ['source', 'state']),
      bytes: valuesOf(registry, 'postgresql_replica_lag_bytes', ['source', 'replica']),
      seconds: valuesOf(registry, 'postgresql_replica_lag_seconds', ['source', 'replica']),
    };
  }

  /** How many bytes the replica has to replay, by the positions that both say themselves. */
  async function bytesBehind(): Promise<number> {
    const [{ lsn } = {}] = await replica.query('SELECT pg_last_wal_replay_lsn()::text AS lsn');
    return numberOf(primary, `pg_wal_lsn_diff(pg_current_wal_lsn(), '${String(lsn)}')`);
  }

  it('are one that is fed, which has no lag, and one that is not behind', async () => {
    await eventually(async () => {
      expect(await shown()).toMatchObject({
        behind: { REPLICA: 0 },
        replicas: { 'PRIMARY streaming': 1 },
        bytes: { 'PRIMARY replica_1': 0 },
      });
    }, PATIENCE_MS);
  }, 60_000);

  it('show by how much it is behind, on both, while it does not replay', async () => {
    const startedAt = performance.now();
    // A replica that has replayed no transaction yet does not know when that was.
    await primary.query("INSERT INTO orders (note) VALUES ('first')");
    const known = 'SELECT 1 FROM orders WHERE pg_last_xact_replay_timestamp() IS NOT NULL';
    await eventually(async () => expect(await replica.query(known)).toHaveLength(1), PATIENCE_MS);
    await replica.query('SELECT pg_wal_replay_pause()');
    await primary.query("INSERT INTO orders (note) SELECT repeat('x', 100) FROM generate_series(1, 10000)");
    const age = 'extract(epoch FROM now() - pg_last_xact_replay_timestamp())';
    await eventually(async () => {
      const before = [await bytesBehind(), await numberOf(replica, age)] as const;
      const { behind, bytes, replicas } = await shown();
      const after = [await bytesBehind(), await numberOf(replica, age)] as const;
      expect(replicas).toEqual({ 'PRIMARY streaming': 1 });
      expect(bytes['PRIMARY replica_1']).toBeGreaterThan(1_000_000);
      expect(bytes['PRIMARY replica_1']).toBeGreaterThanOrEqual(before[0]);
      expect(bytes['PRIMARY replica_1']).toBeLessThanOrEqual(after[0]);
      expect(behind['REPLICA']).toBeGreaterThanOrEqual(before[1]);
      expect(behind['REPLICA']).toBeLessThanOrEqual(after[1]);
      expect(behind).not.toHaveProperty('PRIMARY');
    }, PATIENCE_MS);
    await replica.query('SELECT pg_wal_replay_resume()');
    await eventually(async () => {
      const { behind, bytes, seconds } = await shown();
      expect(behind).toEqual({ REPLICA: 0 });
      expect(bytes).toEqual({ 'PRIMARY replica_1': 0 });
      // Once it has said how far it was behind, it has been so for no longer than this test takes.
      expect(seconds['PRIMARY replica_1'] ?? 0).toBeLessThan((performance.now() - startedAt) / 1000);
    }, PATIENCE_MS);
  }, 90_000);

  it('do not make a replica look well that has lost its primary', async () => {
    await primary.crash();
    await eventually(async () => {
      const { behind, replicas } = await shown();
      expect(replicas).toEqual({});
      expect(behind['REPLICA']).toBeGreaterThan(0);
    }, PATIENCE_MS);
    await primary.restart();
    await eventually(async () => expect((await shown()).behind).toEqual({ REPLICA: 0 }), PATIENCE_MS);
  }, 90_000);
});

async function numberOf(server: PostgresServer, sql: string): Promise<number> {
  const [row] = await server.query(`SELECT (${sql})::float8 AS value`);
  return Number(row?.['value']);
}
