import { describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
import { RunningCollectors } from '../../../lib/collectors/running-collectors.js';
import { seriesOf } from '../../e2e/fixture/start-app.js';

@Module({ imports: [ScheduleModule.forRoot(), MonitoringModule.forRoot()] })
class ScheduledModule {}

@Module({ imports: [MonitoringModule.forRoot()] })
class PlainModule {}

const named = (name: string, runs: string[] = []) => ({
  name,
  metricNames: [],
  intervalMs: 60_000,
  collect: () => void runs.push(name),
});

async function started(module: typeof ScheduledModule) {
  const testing = await Test.createTestingModule({ imports: [module] }).compile();
  return testing.createNestApplication({ logger: false }).init();
}

describe('the timers of collectors', () => {
  it('are in the SchedulerRegistry under their names until they or the application stop', async () => {
    const app = await started(ScheduledModule);
    const scheduler = app.get(SchedulerRegistry);
    const running = app.get(RunningCollectors);
    const before = scheduler.getIntervals();
    const runs: string[] = [];
    const removals = ['deals', 'deals', 'users'].map((name) => running.add(named(name, runs)));
    await running.runSchedules();
    expect(runs).toEqual(['deals', 'deals', 'users']);
    const added = () => scheduler.getIntervals().filter((name) => !before.includes(name));
    expect(added()).toEqual(['monitoring.deals', 'monitoring.deals.2', 'monitoring.users']);
    removals[1]?.();
    expect(added()).toEqual(['monitoring.deals', 'monitoring.users']);
    // The application may delete an interval and use its name.
    scheduler.deleteInterval('monitoring.users');
    const theirs = setInterval(() => undefined, 60_000);
    scheduler.addInterval('monitoring.users', theirs);
    removals[2]?.();
    expect(added()).toEqual(['monitoring.deals', 'monitoring.users']);
    await app.close();
    expect(scheduler.getIntervals()).toEqual([]);
  });

  it('run without a SchedulerRegistry', async () => {
    const app = await started(PlainModule);
    app.get(RunningCollectors).add(named('deals'));
    // The first call may join a collection that the history began.
    await app.get(MetricsRegistry).collect();
    await app.get(MetricsRegistry).collect();
    const success = seriesOf(app.get(MetricsRegistry), 'monitoring_collector_success');
    expect(success).toContainEqual({ labels: { collector: 'deals' }, value: 1 });
    await app.close();
  });
});
