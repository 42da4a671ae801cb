import { describe, expect, it } from '@jest/globals';
import { ModulesContainer } from '@nestjs/core';
import { MetricsRegistry } from 'nestjs-monitoring';
import { PostgresqlCollector } from '../../../lib/collectors/database/postgresql.collector.js';
import { ApplicationObjects } from '../../../lib/integrations/application-objects.integration.js';
import type { SqlRow } from '../../../lib/integrations/sql/sql-sources.js';
import { valuesOf } from '../values.js';

const OPTIONS = { slowQueryThresholdMs: 500, intervalMs: 60_000, timeoutMs: 1_000, maxTables: 2 };

/** A collector whose server has these replicas and nothing else. */
class WithReplicas extends PostgresqlCollector {
  async update(replicas: readonly SqlRow[]): Promise<void> {
    const write = await this.read('db', (sql) =>
      Promise.resolve(sql.includes('pg_stat_replication') ? replicas : []),
    );
    write();
  }
}

describe('the replicas of a PostgreSQL server', () => {
  it.each([0, 1])('that have one name lag as the slowest of them does (%i)', async (lagging) => {
    const registry = new MetricsRegistry();
    const collector = new WithReplicas(new ApplicationObjects(new ModulesContainer()), registry, OPTIONS);
    const replica = 'walreceiver';
    const replicas = [
      { replica, state: 'streaming', replicas: '1', lag_bytes: '0', lag: null },
      { replica, state: 'catchup', replicas: '1', lag_bytes: '0', lag: '0' },
    ];
    replicas[lagging] = { ...replicas[lagging]!, lag_bytes: '500000000', lag: '90' };
    await collector.update(replicas);
    expect(valuesOf(registry, 'postgresql_replica_lag_bytes', ['replica'])).toEqual({
      [replica]: 500_000_000,
    });
    expect(valuesOf(registry, 'postgresql_replica_lag_seconds', ['replica'])).toEqual({ [replica]: 90 });
    expect(valuesOf(registry, 'postgresql_replicas', ['state'])).toEqual({ streaming: 1, catchup: 1 });
  });
});
