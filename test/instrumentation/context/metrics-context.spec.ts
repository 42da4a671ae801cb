import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { MetricsContext, MetricsRegistry } from 'nestjs-monitoring';
import { firstValueFrom, lastValueFrom, of } from 'rxjs';
import { dropped, histograms, type TestRegistry, testRegistry } from '../../metrics/support.js';
import { closeAll, counts, startMeasured } from '../support.js';

afterEach(closeAll);

function testContext(): TestRegistry & { context: MetricsContext; said: string[] } {
  const test = testRegistry();
  const said: string[] = [];
  const context = new MetricsContext(test.registry, { warn: (message) => void said.push(message) });
  return { ...test, context, said };
}

describe('MetricsContext', () => {
  it('warns of at most 500 different names that are invalid, and counts every sample', () => {
    const { context, registry, said } = testContext();
    context.run('import', (job) => {
      for (let i = 0; i < 700; i++) job.increment(`rows of file ${i}`);
    });
    expect(said).toHaveLength(500);
    expect(dropped(registry)).toEqual({ 'import refused_definition': 700 });
  });

  it('measures a job and records the metrics of the job', async () => {
    const { context, registry, clock } = testContext();
    const result = await context.run('nightly_job', async (job) => {
      job.gauge('total_users', 3);
      for (const value of [12, 30, 8]) {
        await Promise.resolve();
        clock.advance(1_000);
        job.increment('users_processed');
        job.observe('order_value', value);
      }
      job.increment('rows_total', 5);
      job.observe('step_seconds', 0.2);
      return 'done';
    });

    expect(result).toBe('done');
    expect(histograms(registry, 'nightly_job_duration_seconds')).toMatchObject([{ count: 1, sum: 3 }]);
    expect(counts(registry, 'nightly_job_runs_total')).toEqual({ 'outcome=success': 1 });
    expect(counts(registry, 'nightly_job_users_processed_total')).toEqual({ '': 3 });
    expect(counts(registry, 'nightly_job_rows_total')).toEqual({ '': 5 });
    expect(counts(registry, 'nightly_job_total_users')).toEqual({ '': 3 });
    expect(histograms(registry, 'nightly_job_order_value')).toMatchObject([{ count: 3, sum: 50 }]);
    expect(histograms(registry, 'nightly_job_step_seconds')).toMatchObject([{ count: 1, sum: 0.2 }]);
  });

  it('rethrows the errors of a sync or async job', async () => {
    const { context, registry } = testContext();
    const error = new RangeError('no such user');
    const fail = (): never => {
      throw error;
    };
    expect(() => context.run('nightly_job', fail)).toThrow(error);
    await expect(context.run('nightly_job', () => Promise.reject(error))).rejects.toBe(error);

    expect(counts(registry, 'nightly_job_runs_total')).toEqual({ 'outcome=error': 2 });
    expect(counts(registry, 'nightly_job_errors_total')).toEqual({ 'error=RangeError': 2 });
  });

  it('returns values, Observables and generators of the job', async () => {
    const { context, registry } = testContext();
    expect(context.run('job', () => 5)).toBe(5);
    expect(await lastValueFrom(context.run('job', () => of(1, 2)))).toBe(2);
    expect(await firstValueFrom(context.run('job', () => of(1, 2)))).toBe(1);
    const generated = context.run('job', function* () {
      yield 1;
    });
    expect([...generated]).toEqual([1]);

    expect(counts(registry, 'job_runs_total')).toEqual({ 'outcome=success': 3, 'outcome=cancelled': 1 });
  });

  it('adds the labels of the run to every sample', () => {
    const { context, registry } = testContext();
    for (const region of ['eu', 'us', 'us']) {
      context.run('import', (job) => job.increment('rows', 2), { labels: { region } });
    }

    expect(counts(registry, 'import_runs_total')).toEqual({
      'region=eu outcome=success': 1,
      'region=us outcome=success': 2,
    });
    expect(counts(registry, 'import_rows_total')).toEqual({ 'region=eu': 2, 'region=us': 4 });
  });

  it('shares metrics between the contexts of a registry', () => {
    const { context, registry } = testContext();
    const other = new MetricsContext(registry);
    for (const each of [context, other]) each.run('job', (job) => job.increment('rows'));

    expect(counts(registry, 'job_runs_total')).toEqual({ 'outcome=success': 2 });
    expect(counts(registry, 'job_rows_total')).toEqual({ '': 2 });
  });

  it.each<[string, (context: MetricsContext) => unknown, string]>([
    ['an invalid job name', (context) => context.run('nightly job', () => 5), 'metrics_context'],
    [
      'an invalid label name',
      (context) => context.run('job', () => 5, { labels: { 'a-b': 1 } }),
      'metrics_context',
    ],
    [
      'a reserved label',
      (context) => context.run('job', () => 5, { labels: { error: 1 } }),
      'metrics_context',
    ],
    [
      'labels that differ from an earlier run',
      (context) => {
        context.run('job', () => 5);
        return context.run('job', () => 5, { labels: { region: 'eu' } });
      },
      'metrics_context',
    ],
    [
      'an invalid metric name',
      (context) =>
        context.run('job', (job) => {
          job.increment('users processed');
          return 5;
        }),
      'job',
    ],
    [
      'a name that conflicts with a metric of the run',
      (context) =>
        context.run('job', (job) => {
          job.increment('runs');
          return 5;
        }),
      'job',
    ],
    [
      'a symbol as a name',
      (context) =>
        context.run('job', (job) => {
          job.gauge(Symbol('x') as unknown as string, 1);
          return 5;
        }),
      'job',
    ],
  ])('does not throw for %s, but counts a dropped sample and warns once', (_, run, metric) => {
    const { context, registry, said } = testContext();
    expect(run(context)).toBe(5);
    expect(run(context)).toBe(5);

    expect(dropped(registry)[`${metric} refused_definition`]).toBeGreaterThanOrEqual(1);
    expect(said).toHaveLength(1);
  });

  it('drops invalid values', () => {
    const { context, registry } = testContext();
    context.run('job', (job) => {
      job.increment('rows', -1);
      job.observe('size', NaN);
      job.gauge('share', Infinity);
    });

    expect(dropped(registry)).toEqual({
      'job_rows_total negative': 1,
      'job_size not_a_number': 1,
      'job_share infinite': 1,
    });
  });

  it('registers at most 500 metric names', () => {
    const { context, registry, said } = testContext();
    context.run('job', (job) => {
      for (let i = 0; i < 600; i++) job.increment(`user_${i}`);
    });

    expect(registry.getAllMetrics().length).toBeLessThan(520);
    expect(dropped(registry)).toEqual({ 'job refused_definition': 101 });
    expect(said).toHaveLength(1);
  });

  it('does not throw if its logger throws', () => {
    const { registry } = testRegistry();
    const logger = {
      warn: () => {
        throw new Error('disk full');
      },
    };

    expect(new MetricsContext(registry, logger).run('not a name', () => 5)).toBe(5);
  });

  it('can be injected', async () => {
    @Injectable()
    class Nightly {
      constructor(private readonly metrics: MetricsContext) {}

      run(): Promise<number> {
        return this.metrics.run('nightly_job', async (job) => {
          job.increment('users_processed');
          return 1;
        });
      }
    }
    const { app, registry } = await startMeasured([Nightly]);
    expect(await app.get(Nightly).run()).toBe(1);

    expect(counts(registry, 'nightly_job_users_processed_total')).toEqual({ '': 1 });
    expect(app.get(MetricsRegistry)).toBe(registry);
  });

  it('runs jobs without recording where monitoring is disabled', async () => {
    const { app, registry } = await startMeasured([], { enabled: false });

    expect(app.get(MetricsContext).run('job', (job) => (job.increment('rows'), 5))).toBe(5);
    expect(registry.snapshot().families).toEqual([]);
  });
});
