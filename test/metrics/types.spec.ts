import { describe, expect, it } from '@jest/globals';
import { expectTypeOf } from 'expect-type';
import type { Counter, CounterSeries, MetricsSource } from 'nestjs-monitoring';
import { dropped, testRegistry } from './support.js';

// What must not compile stands under `@ts-expect-error`: the type check fails if it does compile after all.

describe('the types', () => {
  it('check label names', () => {
    const { registry } = testRegistry();
    const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['method', 'route'] });
    expectTypeOf(requests).toEqualTypeOf<Counter<'method' | 'route'>>();
    requests.inc({ method: 'GET', route: '/' });
    // @ts-expect-error a label that the metric does not have
    requests.inc({ method: 'GET', path: '/' });
    // @ts-expect-error one label too many
    requests.inc({ method: 'GET', route: '/', status: 200 });
    // @ts-expect-error one label too few: at run time it is empty
    requests.labels({ method: 'GET' }).inc();
    expect(dropped(registry)).toEqual({ 'requests_total unknown_label': 2 });
    expect(requests.value({ method: 'GET', route: '' })).toBe(1);
  });

  it('check that labels are given if the metric has labels', () => {
    const { registry } = testRegistry();
    const jobs = registry.counter('jobs_total', 'Jobs.');
    const duration = registry.timer('job_seconds', 'Time.', { labelNames: ['job'] });
    expectTypeOf(jobs).toEqualTypeOf<Counter>();
    jobs.inc(2);
    // @ts-expect-error this metric has no labels
    jobs.inc({ job: 'mail' });
    // @ts-expect-error this metric needs labels: at run time they are empty
    duration.observe(3);
    expect(jobs.value()).toBe(2);
    expect(dropped(registry)).toEqual({ 'jobs_total unknown_label': 1 });
    expect(duration.count({ job: '' })).toBe(1);
  });

  it('accept only valid label values', () => {
    const { registry } = testRegistry();
    const gauge = registry.gauge('g', 'G.', { labelNames: ['a'] });
    gauge.set({ a: 1 }, 1);
    // @ts-expect-error a string is no number
    gauge.set({ a: 'x' }, '1');
    // @ts-expect-error an object is no label value
    gauge.set({ a: {} }, 1);
    // @ts-expect-error a gauge is set to something
    gauge.set({ a: 'x' });
    expect(dropped(registry)).toEqual({ 'g not_a_number': 2 });
  });

  it('return a series for labels and a metric for labelNames', () => {
    const { registry } = testRegistry();
    const series = registry.counter('errors_total', 'Errors.', { labels: { component: 'payment' } });
    expectTypeOf(series).toEqualTypeOf<CounterSeries>();
    // @ts-expect-error the labels are bound already
    expect(series.labels).toBeUndefined();
    expectTypeOf(registry).toExtend<MetricsSource>();
  });

  it('keep the signature of a timed function', () => {
    const { registry } = testRegistry();
    const double = registry.timer('t', 'T.').timeFunc((n: number) => n * 2);
    expectTypeOf(double).parameters.toEqualTypeOf<[number]>();
    expectTypeOf(double).returns.toEqualTypeOf<number>();
    expect(double(4)).toBe(8);
  });
});
