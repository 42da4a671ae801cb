import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Injectable, type OnModuleInit, Scope } from '@nestjs/common';
import { Cron, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { MetricsRegistry, MonitoringModule, MonitorPerformance } from 'nestjs-monitoring';
import { seriesOf } from '../../e2e/fixture/start-app.js';
import { type FakeClock, histograms } from '../../metrics/support.js';
import { useFakeTimers } from '../../support/fake-timers.js';
import { closeAll, counts, type MeasuredApp, startMeasured, startPlain } from '../support.js';

/** A job whose end the test decides. */
@Injectable()
class Jobs {
  readonly open: { succeed: () => void; fail: (error: unknown) => void }[] = [];
  readonly calls: unknown[][] = [];

  @Cron('0 3 * * *', { name: 'nightly' })
  nightly(): Promise<void> {
    return new Promise((succeed, fail) => this.open.push({ succeed, fail }));
  }

  @Interval(1_000)
  poll(...args: unknown[]): string {
    this.calls.push([this, ...args]);
    return 'done';
  }

  @Timeout('warm_up', 500)
  warmUp(): void {
    throw new RangeError('too cold');
  }
}

const scheduled = (...providers: NonNullable<Parameters<typeof startPlain>[0]['providers']>) => ({
  imports: [ScheduleModule.forRoot()],
  providers,
});

const tick = (): Promise<unknown> => jest.advanceTimersByTimeAsync(0);

/** What is not zero of every metric of scheduled jobs. */
function everything(registry: MetricsRegistry): Record<string, Record<string, number>> {
  const names = ['runs_total', 'errors_total', 'duration_seconds', 'runs_in_progress', 'overlaps_total'];
  return Object.fromEntries(
    names
      .map((name) => [name, counts(registry, `scheduled_job_${name}`)] as const)
      .filter(([, values]) => Object.keys(values).length > 0),
  );
}

function timestamps(registry: MetricsRegistry, job: string): Record<string, number | undefined> {
  const find = (name: string) =>
    seriesOf(registry, `scheduled_job_${name}_timestamp_seconds`).find(({ labels }) => labels['job'] === job)
      ?.value;
  return { start: find('last_start'), success: find('last_success') };
}

const seconds = (clock: FakeClock): number => clock.now() / 1000;

beforeEach(() => {
  useFakeTimers({ now: new Date(2030, 0, 1) });
});

afterEach(async () => {
  await closeAll();
  jest.useRealTimers();
});

describe('a job of @nestjs/schedule', () => {
  let measured: MeasuredApp;
  let jobs: Jobs;
  const fire = (name: string): Promise<void> =>
    measured.app.get(SchedulerRegistry).getCronJob(name).fireOnTick();

  beforeEach(async () => {
    measured = await startMeasured(scheduled(Jobs));
    jobs = measured.app.get(Jobs);
  });

  it('has series before its first run', () => {
    const runs = seriesOf(measured.registry, 'scheduled_job_runs_total');
    expect(
      runs.map(({ labels, value }) => [labels['job'], labels['type'], labels['outcome'], value]),
    ).toEqual([
      ['nightly', 'cron', 'success', 0],
      ['nightly', 'cron', 'error', 0],
      ['Jobs.poll', 'interval', 'success', 0],
      ['Jobs.poll', 'interval', 'error', 0],
      ['warm_up', 'timeout', 'success', 0],
      ['warm_up', 'timeout', 'error', 0],
    ]);
    expect(timestamps(measured.registry, 'nightly')).toEqual({ start: undefined, success: undefined });
  });

  it('is counted and timed by job, type and outcome', async () => {
    await jest.advanceTimersByTimeAsync(3_500);
    expect(jobs.calls).toEqual([[jobs], [jobs], [jobs]]);
    expect(everything(measured.registry)).toEqual({
      runs_total: {
        'job=Jobs.poll type=interval outcome=success': 3,
        'job=warm_up type=timeout outcome=error': 1,
      },
      errors_total: { 'job=warm_up type=timeout error=RangeError': 1 },
      duration_seconds: { 'job=Jobs.poll type=interval': 3, 'job=warm_up type=timeout': 1 },
    });
  });

  it('lasts until its promise has settled, and records its last start and last success', async () => {
    const { registry, clock } = measured;
    await fire('nightly');
    const began = seconds(clock);
    expect(everything(registry)).toEqual({ runs_in_progress: { 'job=nightly type=cron': 1 } });
    clock.advance(90_000);
    jobs.open[0]?.succeed();
    await tick();
    const ended = seconds(clock);
    expect(timestamps(registry, 'nightly')).toEqual({ start: began, success: ended });

    clock.advance(5_000);
    await fire('nightly');
    jobs.open[1]?.fail(new TypeError('no'));
    await tick();
    expect(timestamps(registry, 'nightly')).toEqual({ start: seconds(clock), success: ended });
    expect(everything(registry)).toEqual({
      runs_total: { 'job=nightly type=cron outcome=success': 1, 'job=nightly type=cron outcome=error': 1 },
      errors_total: { 'job=nightly type=cron error=TypeError': 1 },
      duration_seconds: { 'job=nightly type=cron': 2 },
    });
    const [duration] = histograms(registry, 'scheduled_job_duration_seconds').filter(
      ({ labels }) => labels['job'] === 'nightly',
    );
    expect(duration?.sum).toBe(90);
  });

  it('counts as overlapping if it starts while earlier runs are in progress', async () => {
    for (let run = 0; run < 3; run++) await fire('nightly');
    expect(everything(measured.registry)).toEqual({
      runs_in_progress: { 'job=nightly type=cron': 3 },
      overlaps_total: { 'job=nightly type=cron': 2 },
    });
    for (const { succeed } of jobs.open) succeed();
    await tick();
    await fire('nightly');
    expect(counts(measured.registry, 'scheduled_job_overlaps_total')).toEqual({ 'job=nightly type=cron': 2 });
  });

  it('does not count direct calls of its method', () => {
    jobs.poll();
    expect(everything(measured.registry)).toEqual({});
  });
});

describe('cron jobs that are added at run time', () => {
  it('are measured by name up to maxJobs, and their errors are still rethrown', async () => {
    const { app, registry } = await startMeasured(scheduled(), { jobs: { schedule: { maxJobs: 2 } } });
    const scheduler = app.get(SchedulerRegistry);
    const errors: unknown[] = [];
    for (const name of ['first', 'second', 'third', 'fourth']) {
      const job = CronJob.from({
        cronTime: '0 0 1 1 *',
        onTick: () => {
          throw new RangeError(name);
        },
        errorHandler: (error) => errors.push(error),
      });
      scheduler.addCronJob(name, job);
      await job.fireOnTick();
      await job.fireOnTick();
    }
    expect(errors.map(String).filter((_, i) => i % 2 === 0)).toEqual(
      ['first', 'second', 'third', 'fourth'].map((name) => `RangeError: ${name}`),
    );
    expect(counts(registry, 'scheduled_job_errors_total')).toEqual({
      'job=first type=cron error=RangeError': 2,
      'job=second type=cron error=RangeError': 2,
      'job=other type=cron error=RangeError': 4,
    });
  });

  it('follow the rules of the SchedulerRegistry', async () => {
    const { app, registry } = await startMeasured(scheduled(Jobs));
    const scheduler = app.get(SchedulerRegistry);
    const job = CronJob.from({ cronTime: '0 0 1 1 *', onTick: () => undefined });
    expect(() => scheduler.addCronJob('nightly', job)).toThrow('already exists');
    scheduler.addCronJob('other', job);
    await job.fireOnTick();
    scheduler.deleteCronJob('other');
    scheduler.addCronJob('again', job);
    await job.fireOnTick();
    expect(counts(registry, 'scheduled_job_runs_total')).toEqual({
      'job=other type=cron outcome=success': 2,
    });
  });

  it('are measured if a constructor adds them', async () => {
    @Injectable()
    class Early {
      readonly job = CronJob.from({ cronTime: '0 0 1 1 *', onTick: () => undefined });
      constructor(scheduler: SchedulerRegistry) {
        scheduler.addCronJob('early', this.job);
      }
    }
    Reflect.defineMetadata('design:paramtypes', [SchedulerRegistry], Early);
    const { app, registry } = await startMeasured(scheduled(Early));
    await app.get(Early).job.fireOnTick();
    expect(counts(registry, 'scheduled_job_runs_total')).toEqual({
      'job=early type=cron outcome=success': 1,
    });
  });
});

describe('jobs of unusual shape', () => {
  it.each([
    ['@MonitorPerformance() above @Interval()', MonitorPerformance({ name: 'sweep' }), Interval(1_000)],
    ['@Interval() above @MonitorPerformance()', Interval(1_000), MonitorPerformance({ name: 'sweep' })],
  ])('are counted once by each of %s', async (_, outer, inner) => {
    class Sweeper {
      sweep(): void {
        throw new SyntaxError('dust');
      }
    }
    const home = Sweeper.prototype;
    const plain = Object.getOwnPropertyDescriptor(home, 'sweep');
    const decorated = Reflect.decorate([outer, inner], home, 'sweep', plain);
    Object.defineProperty(home, 'sweep', decorated);
    const { registry } = await startMeasured(scheduled(Sweeper));
    await jest.advanceTimersByTimeAsync(2_000);
    expect(counts(registry, 'scheduled_job_errors_total')).toEqual({
      'job=Sweeper.sweep type=interval error=SyntaxError': 2,
    });
    expect(counts(registry, 'sweep_calls_total')).toEqual({ 'outcome=error': 2 });
  });

  it('are measured if inherited, on a controller, provided twice, or returning a lazy thenable', async () => {
    let awaited = 0;
    abstract class Base {
      @Interval(1_000)
      inherited(): void {}
    }
    @Injectable()
    class Concrete extends Base {}
    @Controller()
    class Pages {
      @Interval(1_000)
      query(): PromiseLike<number> {
        return { then: (...handlers) => Promise.resolve(awaited++).then(...handlers) };
      }
    }
    const { registry } = await startMeasured({
      ...scheduled(Concrete, { provide: 'second', useClass: Concrete }),
      controllers: [Pages],
    });
    await jest.advanceTimersByTimeAsync(2_000);
    expect(counts(registry, 'scheduled_job_runs_total')).toEqual({
      'job=Concrete.inherited type=interval outcome=success': 4,
      'job=Pages.query type=interval outcome=success': 2,
    });
    expect(awaited).toBe(2);
    expect(counts(registry, 'scheduled_job_overlaps_total')).toEqual({});
  });

  it('are not changed where Nest does not run them', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      @Interval(1_000)
      never(): void {}
    }
    const { registry } = await startMeasured(scheduled(PerRequest));
    await jest.advanceTimersByTimeAsync(2_000);
    expect(seriesOf(registry, 'scheduled_job_runs_total')).toEqual([]);
  });
});

describe('the measurement of scheduled jobs', () => {
  it.each([
    ['before', true],
    ['after', false],
  ])('does not depend on where MonitoringModule is imported: %s the others', async (_, first) => {
    @Injectable()
    class Slow implements OnModuleInit {
      @Timeout(0)
      run(): void {}
      async onModuleInit(): Promise<void> {
        await Promise.resolve();
      }
    }
    const monitoring = MonitoringModule.forRoot();
    const schedule = ScheduleModule.forRoot();
    const app = await startPlain({
      imports: first ? [monitoring, schedule] : [schedule, monitoring],
      providers: [Slow],
    });
    await jest.advanceTimersByTimeAsync(10);
    expect(counts(app.get(MetricsRegistry), 'scheduled_job_runs_total')).toEqual({
      'job=Slow.run type=timeout outcome=success': 1,
    });
  });

  it.each([
    ['without @nestjs/schedule', { providers: [Jobs] }, {}],
    ['with jobs: false', scheduled(Jobs), { jobs: false as const }],
    ['with jobs.schedule: false', scheduled(Jobs), { jobs: { schedule: false as const } }],
    ['with enabled: false', scheduled(Jobs), { enabled: false }],
  ])('leaves no trace %s', async (_, metadata, options) => {
    const { app, registry } = await startMeasured(metadata, options);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(registry.getAllMetrics().filter(({ name }) => name.startsWith('scheduled_'))).toEqual([]);
    expect(app.get(Jobs).calls.length).toBe('imports' in metadata ? 2 : 0);
  });

  it('counts each application separately', async () => {
    const first = await startMeasured(scheduled(Jobs));
    const second = await startMeasured(scheduled(Jobs));
    await first.app.get(SchedulerRegistry).getCronJob('nightly').fireOnTick();
    expect(counts(first.registry, 'scheduled_job_runs_in_progress')).toEqual({ 'job=nightly type=cron': 1 });
    expect(counts(second.registry, 'scheduled_job_runs_in_progress')).toEqual({});
  });
});
