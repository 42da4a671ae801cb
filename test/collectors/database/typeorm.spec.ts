import { describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MetricsRegistry, MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { seriesOf } from '../../e2e/fixture/start-app.js';
import { valuesOf } from '../values.js';

@Entity()
class Lead {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ unique: true }) email!: string;
}

async function started(options: MonitoringOptions = {}) {
  @Module({
    imports: [
      TypeOrmModule.forRoot({ type: 'sqljs', synchronize: true, entities: [Lead] }),
      MonitoringModule.forRoot(options),
    ],
  })
  class AppModule {}
  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = await testing.createNestApplication({ logger: false }).init();
  return { app, dataSource: app.get(DataSource), registry: app.get(MetricsRegistry) };
}

const operations = (registry: MetricsRegistry, name = 'db_client_operation_duration_seconds') =>
  valuesOf(registry, name, ['operation', 'table']);

describe('TypeORM statements', () => {
  it('are counted by operation and table, with their transactions, and without parameter values', async () => {
    const { app, dataSource, registry } = await started();
    const leads = dataSource.getRepository(Lead);
    await leads.save([{ email: 'secret@example.com' }, { email: 'other@example.com' }]);
    await leads.update({ email: 'other@example.com' }, { email: 'new@example.com' });
    await leads.find();
    await leads.delete({ email: 'new@example.com' });
    await expect(
      dataSource.transaction(async (manager) => {
        await manager.findBy(Lead, { email: 'secret@example.com' });
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect(operations(registry)).toEqual({
      'begin unknown': 2,
      'insert lead': 2,
      'select lead': 2,
      'commit unknown': 1,
      'update lead': 1,
      'delete lead': 1,
      'rollback unknown': 1,
    });
    expect(
      seriesOf(registry, 'db_client_transactions_total').map(({ labels, value }) => [labels['event'], value]),
    ).toEqual([
      ['begun', 2],
      ['committed', 1],
      ['rolled_back', 1],
    ]);
    const text = JSON.stringify(registry.snapshot({}), (_, value: unknown) =>
      value instanceof Object && Symbol.iterator in value ? [...(value as Iterable<unknown>)] : value,
    );
    expect(text).not.toContain('example.com');
    await app.close();
  });

  it('are counted by the class of their error', async () => {
    const { app, dataSource, registry } = await started();
    const leads = dataSource.getRepository(Lead);
    await leads.insert({ email: 'a@example.com' });
    await expect(leads.insert({ email: 'a@example.com' })).rejects.toThrow('UNIQUE');
    await expect(dataSource.query('SELECT * FROM nowhere')).rejects.toThrow('no such table');
    expect(seriesOf(registry, 'db_client_operation_errors_total')).toEqual([
      { labels: { system: 'sqlite', operation: 'insert', error: 'integrity_constraint' }, value: 1 },
      { labels: { system: 'sqlite', operation: 'select', error: 'other' }, value: 1 },
    ]);
    await app.close();
  });

  it('count as slow above the threshold', async () => {
    let now = 0;
    const clock = { now: () => 0, monotonic: () => (now += 20) };
    const { app, dataSource, registry } = await started({
      clock,
      collectors: { database: { slowQueryThresholdMs: 10 } },
    });
    await dataSource.query('SELECT * FROM lead');
    expect(operations(registry, 'db_client_slow_operations_total')).toEqual({ 'select lead': 1 });
    await app.close();
  });

  it('are summed as `other` beyond the table limit', async () => {
    const { app, dataSource, registry } = await started({ collectors: { database: { maxTables: 2 } } });
    for (const name of ['a', 'b', 'c', 'd']) {
      await dataSource.query(`SELECT 1 FROM (SELECT 1) AS x, ${name}`).catch(() => undefined);
      await dataSource.query(`SELECT 1 FROM ${name}`).catch(() => undefined);
    }
    expect(operations(registry)).toEqual({ 'select unknown': 4, 'select a': 1, 'select other': 3 });
    await app.close();
  });

  it('are no longer instrumented after the application has ended, or if disabled', async () => {
    const { app, dataSource } = await started();
    expect(dataSource.subscribers).toHaveLength(1);
    await app.close();
    expect(dataSource.subscribers).toHaveLength(0);
    const off = await started({ collectors: { database: false } });
    expect(off.dataSource.subscribers).toHaveLength(0);
    await off.app.close();
  });

  it('are timed separately when two run at the same time on one runner', async () => {
    const { app, dataSource, registry } = await started();
    await Promise.all(Array.from({ length: 20 }, (_, i) => dataSource.query('SELECT ? AS n FROM lead', [i])));
    expect(operations(registry)).toEqual({ 'select lead': 20 });
    await app.close();
  });
});
