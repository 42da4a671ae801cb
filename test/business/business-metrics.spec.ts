import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import mongoose from 'mongoose';
import { Injectable } from '@nestjs/common';
import {
  type ActiveUsers,
  BusinessMetrics,
  MonitoringModule,
  MonitoringOptionsError,
  type Revenue,
} from 'nestjs-monitoring';
import { RunningCollectors } from '../../lib/collectors/running-collectors.js';
import { MongoServer } from '../e2e/fixture/mongo.server.js';
import { ADAPTERS, seriesOf, startApp } from '../e2e/fixture/start-app.js';
import { dropped, scalars, testRegistry } from '../metrics/support.js';
import { useFakeTimers } from '../support/fake-timers.js';

@Entity()
class Deal {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar' })
  stage!: string;
}

function business(isLeader: () => boolean = () => true) {
  const tested = testRegistry();
  const running = new RunningCollectors(tested.registry, tested.clock);
  const metrics = new BusinessMetrics(tested.registry, running, tested.clock, isLeader);
  running.startSchedules();
  /** Undefined if the metric is not shown. */
  const shown = async (name: string) => {
    const { families } = await tested.registry.collect();
    const family = families.find((candidate) => candidate.name === name);
    if (family === undefined || family.type === 'histogram') return undefined;
    return Array.from(family.series, ({ labels, value }) => ({ labels, value }));
  };
  const success = async (name: string) => {
    await tested.registry.collect();
    return seriesOf(tested.registry, 'monitoring_collector_success').find(
      ({ labels }) => labels['collector'] === name,
    )?.value;
  };
  return { ...tested, running, metrics, shown, success };
}

beforeEach(() => {
  useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => void jest.useRealTimers());

describe('an entity count', () => {
  it('shows the count of a TypeORM repository, and is left out while there is none', async () => {
    const database = new DataSource({ type: 'sqljs', entities: [Deal], synchronize: true });
    await database.initialize();
    const deals = database.getRepository(Deal);
    const { metrics, shown, success, running } = business();
    await deals.save([{ stage: 'open' }, { stage: 'won' }, { stage: 'won' }]);
    metrics.entityCount('deals', 'Deals.', deals, { intervalMs: 1_000 });
    metrics.entityCount(
      'deals_won',
      'Deals won.',
      { count: () => deals.countBy({ stage: 'won' }) },
      { intervalMs: 1_000 },
    );
    expect(await shown('deals')).toEqual([{ labels: {}, value: await deals.count() }]);
    expect(await shown('deals_won')).toEqual([{ labels: {}, value: 2 }]);
    await deals.save({ stage: 'open' });
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await shown('deals')).toEqual([{ labels: {}, value: 4 }]);
    await database.destroy();
    await jest.advanceTimersByTimeAsync(1_000);
    expect([await shown('deals'), await success('deals')]).toEqual([undefined, 0]);
    await database.initialize();
    await database.getRepository(Deal).save({ stage: 'open' });
    await jest.advanceTimersByTimeAsync(1_000);
    expect([await shown('deals'), await success('deals')]).toEqual([[{ labels: {}, value: 1 }], 1]);
    running.stop();
    await database.destroy();
  });

  it('accepts the number types of drivers, and fails for anything else', async () => {
    const answers: unknown[] = [7n, '12', null];
    const { metrics, shown, success } = business();
    metrics.entityCount(
      'rows',
      'Rows.',
      { count: () => Promise.resolve(answers.shift()) },
      { intervalMs: 1_000 },
    );
    expect(await shown('rows')).toEqual([{ labels: {}, value: 7 }]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await shown('rows')).toEqual([{ labels: {}, value: 12 }]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect([await shown('rows'), await success('rows')]).toEqual([undefined, 1]);
    for (const wrong of [{ count: 5 }, 'many', '', NaN, true]) {
      answers.push(wrong);
      await jest.advanceTimersByTimeAsync(1_000);
      expect([await shown('rows'), await success('rows')]).toEqual([undefined, 0]);
    }
  });
});

describe('an entity count of a Mongoose model', () => {
  it('shows the number of its documents', async () => {
    const server = await MongoServer.start();
    const connection = await mongoose
      .createConnection(server.url, { autoCreate: false, autoIndex: false })
      .asPromise();
    const { metrics, shown, running } = business();
    metrics.entityCount(
      'orders',
      'Orders.',
      connection.model('Order', new mongoose.Schema({ channel: String })),
    );
    expect(await shown('orders')).toEqual([{ labels: {}, value: 1 }]);
    expect(server.commands).toMatchObject([{ aggregate: 'orders' }]);
    running.stop();
    await connection.close();
    await server.stop();
  });
});

describe('a KPI', () => {
  it('removes the series of label sets that are no longer returned', async () => {
    const answers = [
      [
        { labels: { stage: 'open' }, value: '5' },
        { labels: { stage: 'won' }, value: 2 },
        { labels: { stage: 'lost' }, value: null },
      ],
      [{ labels: { stage: 'won' }, value: 3 }],
    ];
    const { metrics, shown } = business();
    metrics.kpi('deals_by_stage', 'Deals by stage.', () => answers.shift() ?? [], {
      labelNames: ['stage'],
      intervalMs: 1_000,
    });
    expect(await shown('deals_by_stage')).toEqual([
      { labels: { stage: 'open' }, value: 5 },
      { labels: { stage: 'won' }, value: 2 },
    ]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await shown('deals_by_stage')).toEqual([{ labels: { stage: 'won' }, value: 3 }]);
  });

  it('is absent before its first value and after its removal', async () => {
    const answers: ((value: number) => void)[] = [];
    const { metrics, registry, running, shown } = business();
    const end = metrics.kpi(
      'forecast',
      'Forecast.',
      () => new Promise<number>((resolve) => answers.push(resolve)),
    );
    await running.runSchedules();
    expect(registry.getMetric('forecast')).toBeUndefined();
    answers.pop()?.(4);
    expect(await shown('forecast')).toEqual([{ labels: {}, value: 4 }]);
    end();
    expect(await shown('forecast')).toBeUndefined();
    expect(seriesOf(registry, 'monitoring_collector_success')).toEqual([]);
  });

  it('is read by the leader only with `leaderOnly`', async () => {
    let leads = false;
    const read = jest.fn<() => number>(() => 1);
    const { metrics, shown } = business(() => leads);
    metrics.kpi('total', 'Total.', read, { leaderOnly: true, intervalMs: 1_000 });
    expect(await shown('total')).toBeUndefined();
    expect(read).not.toHaveBeenCalled();
    leads = true;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await shown('total')).toEqual([{ labels: {}, value: 1 }]);
    leads = false;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await shown('total')).toBeUndefined();
  });

  it('rejects invalid options at once', () => {
    const { metrics } = business();
    expect(() => metrics.kpi('total', 'Total.', () => 1, { intervalMs: -1 })).toThrow(MonitoringOptionsError);
    expect(() => metrics.activeUsers('users', { never: 0 })).toThrow(
      'The window `never` of `users` must be a number of milliseconds of at least 1000; got 0.',
    );
  });
});

describe('revenue', () => {
  it('is summed by currency, and as OTHER for an invalid code', () => {
    const { metrics, registry } = business();
    const revenue = metrics.revenue();
    const taken = { EUR: 0, USD: 0, OTHER: 0 };
    for (let i = 1; i <= 100; i++) {
      const currency = (['EUR', 'usd', `COIN-${i}`] as const)[i % 3] ?? 'EUR';
      revenue.add(i / 4, currency);
      taken[currency === 'EUR' ? 'EUR' : currency === 'usd' ? 'USD' : 'OTHER'] += i / 4;
    }
    revenue.add(-5, 'EUR');
    revenue.add(NaN, 'EUR');
    const sums = Object.fromEntries(
      scalars(registry, 'revenue_total').map(({ labels, value }) => [labels['currency'], value]),
    );
    expect(sums).toEqual(taken);
    expect(dropped(registry)).toEqual({ 'revenue_total negative': 1, 'revenue_total not_a_number': 1 });
  });
});

describe('active users', () => {
  it('are counted per window', async () => {
    const { metrics, clock, shown } = business();
    const users = metrics.activeUsers('active_users', { '5m': 300_000, '1h': 3_600_000 });
    for (let i = 0; i < 30; i++) users.seen(i);
    for (let i = 0; i < 30; i++) users.seen(String(i));
    clock.advance(20 * 60_000);
    for (let i = 20; i < 45; i++) users.seen(BigInt(i));
    expect(await shown('active_users')).toEqual([
      { labels: { window: '5m' }, value: 25 },
      { labels: { window: '1h' }, value: 45 },
    ]);
    clock.advance(2 * 3_600_000);
    expect((await shown('active_users'))?.map(({ value }) => value)).toEqual([0, 0]);
  });
});

describe.each(ADAPTERS)('business metrics in an application on %s', (adapter) => {
  it('are injected and shown', async () => {
    @Injectable()
    class Crm {
      readonly users: ActiveUsers;
      readonly revenue: Revenue;

      constructor(metrics: BusinessMetrics) {
        this.users = metrics.activeUsers();
        this.revenue = metrics.revenue();
        metrics.kpi('pipeline_value', 'Pipeline.', () => Promise.resolve(12_500));
      }
    }
    Reflect.defineMetadata('design:paramtypes', [BusinessMetrics], Crm);
    const app = await startApp(adapter, {
      module: class AppModule {},
      imports: [MonitoringModule.forRoot({ collectors: { runtime: false, system: false } })],
      providers: [Crm],
    });
    try {
      app.app.get(Crm).users.seen('ada');
      app.app.get(Crm).revenue.add(10, 'EUR');
      const value = async (name: string) => (await app.samples(name))[0]?.value;
      expect(await value('active_users')).toBe(1);
      expect(await value('revenue_total')).toBe(10);
      expect(await value('pipeline_value')).toBe(12_500);
    } finally {
      await app.close();
    }
  });
});
