import { describe, expect, it } from '@jest/globals';
import { HTTP_WAIT_METRICS } from '../../../lib/metrics/metric-names.js';
import { MINUTE } from '../../history/support.js';
import { resultOf, type RoutesOfThePast, routesOfThePast } from './support.js';

const RANGE = { rangeMs: 5 * MINUTE };

function page({ queries }: RoutesOfThePast, route: string, range = RANGE) {
  return resultOf(queries.page('GET', route, range));
}

/** Lets the recorded requests of a route wait, as the instrumentation counts it. */
function waitsIn({ registry }: RoutesOfThePast) {
  const labelNames = ['method', 'route'] as const;
  const time = registry.counter(HTTP_WAIT_METRICS.time, 'Time.', { labelNames: [...labelNames, 'part'] });
  const queries = registry.counter(HTTP_WAIT_METRICS.queries, 'Statements.', { labelNames });
  const repeated = registry.counter(HTTP_WAIT_METRICS.repeated, 'N+1.', { labelNames });
  const recorded = registry.counter(HTTP_WAIT_METRICS.recorded, 'Recorded.', { labelNames });
  return (route: string) => {
    const labels = { method: 'GET', route };
    recorded.inc(labels, 4);
    queries.inc(labels, 48);
    repeated.inc(labels, 1);
    time.inc({ ...labels, part: 'database' }, 3);
    time.inc({ ...labels, part: 'application' }, 1);
  };
}

describe('the page of a route', () => {
  it('has the durations by bucket and time, each request in one cell', () => {
    const all = routesOfThePast();
    all.sample();
    all.run(30, (step) => {
      all.serve({ route: '/a', count: 3, seconds: 0.05 });
      if (step >= 25) all.serve({ route: '/a', status: 500, count: 2, seconds: 20 });
      all.serve({ route: '/b', count: 100, seconds: 0.5 });
    });
    const { heatmap } = page(all, '/a');
    const { buckets, times, since, max } = heatmap!;
    expect(buckets.map(({ from, to }) => [from, to])).toEqual([
      [0.01, 0.1],
      [0.1, 1],
      [1, 10],
      [10, null],
    ]);
    expect(times).toHaveLength(20);
    expect([since, times.at(-1)]).toEqual([all.history.lastSample! - 5 * MINUTE, all.history.lastSample]);
    expect(buckets[0]!.counts).toEqual(Array(20).fill(3));
    expect(buckets[1]!.counts).toEqual(Array(20).fill(0));
    expect(buckets[3]!.counts).toEqual([...Array<number>(15).fill(0), ...Array<number>(5).fill(2)]);
    expect(max).toBe(3);
  });

  it('counts on in the heatmap after a reset, and the first requests of a new route', () => {
    const all = routesOfThePast();
    all.sample();
    all.run(10, () => all.serve({ route: '/old', count: 1 }));
    all.run(5, (step) => {
      if (step === 2) all.registry.resetAll();
      all.serve({ route: '/a', count: 2 });
    });
    const total = (route: string): number | undefined =>
      page(all, route)
        .heatmap?.buckets.flatMap(({ counts }) => counts)
        .reduce((a, b) => a + b, 0);
    expect(total('/a')).toBe(10);
  });

  it('has at most 60 columns in the heatmap of an hour', () => {
    const all = routesOfThePast();
    all.sample();
    all.run(240, () => all.serve({ route: '/a', count: 1 }));
    const { heatmap } = page(all, '/a', { rangeMs: 60 * MINUTE });
    expect(heatmap!.times).toHaveLength(60);
    expect(heatmap!.buckets[0]!.counts).toEqual(Array(60).fill(4));
  });

  it('has what its recorded requests waited for, for each of them, and the share with an N+1', () => {
    const all = routesOfThePast();
    const wait = waitsIn(all);
    for (const metric of Object.values(HTTP_WAIT_METRICS)) all.history.retain({ metric });
    all.sample();
    all.run(20, () => {
      all.serve({ route: '/a', count: 4 });
      wait('/a');
      wait('/b');
    });
    const { waits, panels } = page(all, '/a');
    expect(waits).toEqual({
      windowMs: 5 * MINUTE,
      recorded: 80,
      parts: [
        { part: 'database', seconds: 0.75, percent: 75 },
        { part: 'application', seconds: 0.25, percent: 25 },
      ],
      statements: 12,
      repeated: 20,
      repeatedPercent: 25,
    });
    const stacked = panels.find(({ title }) => title === 'Where the time goes')!;
    expect(stacked).toMatchObject({ isStacked: true, unit: 'seconds' });
    expect(Object.fromEntries(stacked.series.map(({ name, values }) => [name, values.at(-1)]))).toEqual({
      database: 0.75,
      application: 0.25,
    });
    const statements = panels.find(({ title }) => title === 'Database statements per request')!;
    expect(statements.series[0]!.values.at(-1)).toBe(12);
  });

  it('has the waits since the start if they were not retained, and retains them from then on for a while', () => {
    const all = routesOfThePast();
    const wait = waitsIn(all);
    all.sample();
    all.run(20, () => {
      all.serve({ route: '/a', count: 4 });
      wait('/a');
    });
    expect(page(all, '/a').waits).toMatchObject({ windowMs: null, recorded: 80, statements: 12 });
    all.run(20, () => wait('/a'));
    expect(page(all, '/a').waits).toMatchObject({ windowMs: 4.75 * MINUTE, recorded: 76 });
    // Nobody has looked for longer than a quarter of an hour.
    all.run(63);
    expect(all.history.typeOf(HTTP_WAIT_METRICS.time)).toBeUndefined();
  });

  it('tells the times of success and failure apart', () => {
    const all = routesOfThePast();
    all.sample();
    all.run(20, () => {
      all.serve({ route: '/a', count: 5, seconds: 0.1 });
      all.serve({ route: '/a', status: 404, count: 1, seconds: 0.01 });
      all.serve({ route: '/a', status: 503, count: 5, seconds: 5 });
    });
    const { panels } = page(all, '/a');
    const apart = panels.find(({ title }) => title.includes('success and failure'))!;
    const last = Object.fromEntries(apart.series.map(({ name, values }) => [name, values.at(-1)]));
    expect(last['succeeded']).toBeCloseTo(0.1, 2);
    expect(last['client errors (4xx)']).toBeCloseTo(0.01, 3);
    expect(last['server errors (5xx)']).toBeGreaterThan(4.9);
  });

  it('is empty for a route that there is not', () => {
    const all = routesOfThePast();
    all.run(20, () => all.serve({ route: '/a', count: 1 }));
    expect(page(all, '/none')).toMatchObject({ row: null, heatmap: null, waits: null, panels: [] });
  });
});
