import { describe, expect, it } from '@jest/globals';
import { MINUTE, past, SECOND } from './support.js';

describe('the history of a counter', () => {
  it('returns its rate and increase', () => {
    const { registry, history, run, sample } = past();
    const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['route'] });
    history.retain({ metric: 'requests_total', windowMs: 5 * MINUTE });
    requests.inc({ route: '/a' }, 5);
    requests.inc({ route: '/b' }, 1);
    sample();
    run(20, () => {
      requests.inc({ route: '/a' }, 30);
      requests.inc({ route: '/b' }, 15);
    });
    expect(history.rate('requests_total', 5 * MINUTE)).toEqual([
      { labels: { route: '/a' }, value: 2 },
      { labels: { route: '/b' }, value: 1 },
    ]);
    expect(history.increase('requests_total', MINUTE, { labels: { route: '/a' } })).toEqual([
      { labels: { route: '/a' }, value: 120 },
    ]);
    expect(history.rate('requests_total', 5 * MINUTE, { groupBy: [] })).toEqual([{ labels: {}, value: 3 }]);
    expect(history.last('requests_total', { groupBy: [] })).toEqual([{ labels: {}, value: 906 }]);
  });

  it('handles a reset', () => {
    const { registry, history, run, sample } = past();
    const jobs = registry.counter('jobs_total', 'Jobs.');
    history.retain({ metric: 'jobs_total' });
    jobs.inc(100);
    sample();
    run(4, (i) => {
      if (i === 2) registry.resetAll();
      jobs.inc(10);
    });
    // 100, 110, 120, 10, 20: each step is 10, the one over the reset as well.
    expect(history.increase('jobs_total', MINUTE)).toEqual([{ labels: {}, value: 40 }]);
  });

  it('extrapolates to the edges of the window, but not below zero', () => {
    const { registry, history, run, sample } = past();
    const jobs = registry.counter('jobs_total', 'Jobs.');
    history.retain({ metric: 'jobs_total' });
    sample();
    run(2, () => jobs.inc(10));
    // Two steps of 10 in 30 s; the counter was zero at the first of them, so nothing is added before it.
    expect(history.increase('jobs_total', 5 * MINUTE)[0]?.value).toBeCloseTo(20, 10);
    const { registry: other, history: old, clock, run: runOld, sample: sampleOld } = past();
    const events = other.counter('events_total', 'Events.');
    old.retain({ metric: 'events_total' });
    events.inc(1_000);
    clock.advance(60 * MINUTE);
    sampleOld();
    runOld(2, () => events.inc(10));
    // The window is far longer than what was seen: it is extended by half a step.
    expect(old.increase('events_total', 5 * MINUTE)[0]?.value).toBeCloseTo(25, 10);
  });

  it('returns nothing for fewer than two samples', () => {
    const { registry, history, clock, sample } = past();
    registry.counter('jobs_total', 'Jobs.').inc();
    history.retain({ metric: 'jobs_total' });
    clock.advance(MINUTE + 1);
    sample();
    expect(history.rate('jobs_total', MINUTE)).toEqual([]);
    expect(history.rate('nobody_knows_total', MINUTE)).toEqual([]);
  });
});

describe('the history of a gauge', () => {
  it('returns average, minimum, maximum, sum, delta and last value', () => {
    const { registry, history, run } = past();
    const temperature = registry.gauge('room_celsius', 'Temperature.', { labelNames: ['room', 'floor'] });
    history.retain({ metric: 'room_celsius' });
    run(5, (i) => {
      temperature.set({ room: 'a', floor: '1' }, 10 + i);
      temperature.set({ room: 'b', floor: '1' }, 20 - i);
    });
    const room = { labels: { room: 'a' } };
    expect(history.average('room_celsius', MINUTE, room)[0]?.value).toBe(12);
    expect(history.min('room_celsius', MINUTE, room)[0]?.value).toBe(10);
    expect(history.max('room_celsius', MINUTE, room)[0]?.value).toBe(14);
    expect(history.sum('room_celsius', MINUTE, room)[0]?.value).toBe(60);
    expect(history.delta('room_celsius', MINUTE, room)[0]?.value).toBe(4);
    expect(history.last('room_celsius', room)[0]?.value).toBe(14);
    expect(history.min('room_celsius', MINUTE, { groupBy: ['floor'] })).toEqual([
      { labels: { floor: '1' }, value: 10 },
    ]);
    expect(history.max('room_celsius', MINUTE, { groupBy: ['floor'] })[0]?.value).toBe(20);
    expect(history.average('room_celsius', MINUTE, { groupBy: ['floor'] })[0]?.value).toBe(15);
  });

  it('drops a removed series at once, and frees its memory with its last sample', () => {
    const { registry, history, run } = past({ intervalMs: MINUTE });
    const queue = registry.gauge('queue_length', 'Waiting.', { labelNames: ['queue'] });
    history.retain({ metric: 'queue_length', windowMs: 5 * MINUTE });
    run(2, () => queue.set({ queue: 'mail' }, 3));
    const bytes = history.bytes;
    queue.remove({ queue: 'mail' });
    run(1);
    expect(history.last('queue_length')).toEqual([]);
    expect(history.average('queue_length', 5 * MINUTE)[0]?.value).toBe(3);
    run(10);
    expect(history.series('queue_length')).toEqual([]);
    expect(bytes).toBeGreaterThan(0);
    expect(history.bytes).toBe(0);
  });
});

describe('the history of a histogram', () => {
  it('estimates quantiles from its buckets, and percentiles within 1 % on request', () => {
    const { registry, history, run, sample } = past();
    const duration = registry.timer('query_duration_seconds', 'Queries.', {
      labelNames: ['table'],
      buckets: [0.1, 0.5, 1],
    });
    history.retain({ metric: 'query_duration_seconds', percentiles: true });
    duration.observe({ table: 'users' }, 100);
    sample();
    run(4, () => {
      for (let i = 1; i <= 100; i++) duration.observe({ table: 'users' }, i / 100);
      for (let i = 0; i < 100; i++) duration.observe({ table: 'deals' }, 0.02);
    });
    const users = { labels: { table: 'users' } };
    expect(history.bucketQuantile('query_duration_seconds', 0.5, MINUTE, users)[0]?.value).toBeCloseTo(
      0.5,
      10,
    );
    expect(history.bucketQuantile('query_duration_seconds', 0.75, MINUTE, users)[0]?.value).toBeCloseTo(
      0.75,
      10,
    );
    const p95 = history.percentile('query_duration_seconds', 0.95, MINUTE, users)[0]?.value ?? 0;
    expect(Math.abs(p95 - 0.95) / 0.95).toBeLessThan(0.01);
    // The 100 s before the window do not count.
    expect(history.percentile('query_duration_seconds', 1, MINUTE, users)[0]?.value).toBeLessThan(1.01);
    const together =
      history.percentile('query_duration_seconds', 0.5, MINUTE, { groupBy: [] })[0]?.value ?? 0;
    expect(Math.abs(together - 0.02) / 0.02).toBeLessThan(0.01);
    expect(history.rate('query_duration_seconds', MINUTE, users)[0]?.value).toBeCloseTo(400 / 60, 10);
    expect(history.average('query_duration_seconds', MINUTE, users)[0]?.value).toBeCloseTo(0.505, 10);
  });

  it('excludes observations from before the first sample', () => {
    const { registry, history, clock, run, sample } = past();
    const size = registry.histogram('order_size', 'Items.');
    history.retain({ metric: 'order_size', percentiles: true });
    size.observe(7);
    clock.advance(MINUTE);
    sample();
    run(1);
    expect(history.percentile('order_size', 0.5, MINUTE)).toEqual([]);
    run(1, () => size.observe(3));
    expect(history.percentile('order_size', 0.5, MINUTE)[0]?.value).toBeCloseTo(3, 1);
  });
});

describe('label matchers', () => {
  it('accept a value, alternatives, an anchored expression, and their negations', () => {
    const { registry, history, sample } = past();
    const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['status', 'route'] });
    history.retain({ metric: 'requests_total' });
    for (const status of ['200', '404', '500', '503']) requests.inc({ status, route: '/' });
    requests.inc({ status: '', route: '/a.b' });
    sample();
    const statuses = (labels: Parameters<typeof history.series>[1]) =>
      history.series('requests_total', labels).map(({ status = 'none' }) => status);
    expect(statuses({ status: '500' })).toEqual(['500']);
    expect(statuses({ status: ['404', '500'] })).toEqual(['404', '500']);
    expect(statuses({ status: /5../ })).toEqual(['500', '503']);
    expect(statuses({ status: /5/ })).toEqual([]);
    expect(statuses({ status: { not: /5../ } })).toEqual(['200', '404', 'none']);
    expect(statuses({ status: { not: '' }, route: { not: ['/x'] } })).toEqual(['200', '404', '500', '503']);
    expect(statuses({ route: ['/a.b'] })).toEqual(['none']);
    expect(statuses({ route: ['/axb', '/a.c'] })).toEqual([]);
    expect(statuses({ absent: '' })).toHaveLength(5);
  });
});

describe('retention', () => {
  it('covers requested metrics for the longest requested window, with the default labels', () => {
    const { registry, history, store, run } = past({}, { defaultLabels: { service: 'orders' } });
    const users = registry.gauge('active_users', 'Users.');
    registry.gauge('other_users', 'Users.');
    const release = history.retain({ metric: 'active_users', windowMs: 5 * MINUTE });
    expect(store.hasRequests).toBe(true);
    run(100, (i) => users.set(i));
    expect(history.metrics()).toEqual([{ name: 'active_users', type: 'gauge' }]);
    expect(history.series('active_users')).toEqual([{ service: 'orders' }]);
    expect(history.timestamps('active_users')).toHaveLength(22);
    history.retain({ metric: 'active_users', windowMs: 10 * MINUTE });
    run(30, (i) => users.set(100 + i));
    expect(history.timestamps('active_users')).toHaveLength(42);
    expect(history.min('active_users', 10 * MINUTE)[0]?.value).toBe(89);
    release();
    const points = history.points('active_users', { from: (history.lastSample ?? 0) - 30 * SECOND });
    expect(points[0]?.points.map(([, value]) => value)).toEqual([127, 128, 129]);
  });

  it('keeps existing samples if a longer window is requested', () => {
    const { registry, history, run } = past();
    const jobs = registry.counter('jobs_total', 'Jobs.');
    history.retain({ metric: 'jobs_total', windowMs: 5 * MINUTE });
    run(10, () => jobs.inc(15));
    history.retain({ metric: 'jobs_total', windowMs: 20 * MINUTE });
    run(1, () => jobs.inc(15));
    expect(history.timestamps('jobs_total')).toHaveLength(11);
    expect(history.rate('jobs_total', MINUTE)[0]?.value).toBe(1);
  });

  it('calls listeners for every sample until they are removed', () => {
    const { registry, history, run } = past();
    registry.gauge('active_users', 'Users.');
    history.retain({ metric: 'active_users' });
    const heard: number[] = [];
    const end = history.onSample((timestamp) => heard.push(timestamp));
    run(2);
    end();
    run(1);
    expect(heard).toHaveLength(2);
    expect(heard[1]).toBe((heard[0] ?? 0) + 15 * SECOND);
  });

  it('starts again after the clock was set back', () => {
    const { registry, history, clock, run } = past();
    const users = registry.gauge('active_users', 'Users.');
    history.retain({ metric: 'active_users' });
    run(3, () => users.set(5));
    clock.jumpTo(clock.now() - 60 * MINUTE);
    run(2, () => users.set(7));
    expect(history.min('active_users', 5 * MINUTE)[0]?.value).toBe(7);
  });
});

describe('the memory of the history', () => {
  it('stays within its limit and counts dropped samples', () => {
    const { registry, history, run } = past({ maxBytes: 100_000 });
    const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['id'] });
    history.retain({ metric: 'requests_total' });
    run(3, () => {
      for (let i = 0; i < 500; i++) requests.inc({ id: `${i}` });
    });
    // 242 samples of 8 bytes, and 600 bytes for the series.
    expect(history.seriesCount).toBe(
      Math.floor(100_000 / (242 * 8 + 600 + 2 * 'requests_total{id="1"} '.length)),
    );
    expect(history.bytes).toBeLessThanOrEqual(100_000);
    expect(history.droppedSamples('requests_total')).toBe(3 * (500 - history.seriesCount));
    expect(history.droppedSamples()).toBe(history.droppedSamples('requests_total'));
    expect(history.increase('requests_total', MINUTE, { labels: { id: '0' } })[0]?.value).toBeCloseTo(3, 5);
  });

  it('lacks series in the windows that reach back to a dropped sample, and in no others', () => {
    const { registry, history, run } = past({ maxBytes: 100_000 });
    const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['id'] });
    registry.gauge('queue_length', 'Jobs.').set(1);
    history.retain({ metric: 'queue_length' });
    history.retain({ metric: 'requests_total' });
    run(1, () => requests.inc({ id: 'first' }));
    expect(history.lacksSeries('requests_total', 60 * MINUTE)).toBe(false);
    run(1, () => {
      for (let i = 0; i < 500; i++) requests.inc({ id: `${i}` });
    });
    expect(history.lacksSeries('requests_total', 0)).toBe(true);
    expect(history.lacksSeries('queue_length', 60 * MINUTE)).toBe(false);
    requests.reset();
    run(4);
    expect([59 * SECOND, MINUTE].map((ms) => history.lacksSeries('requests_total', ms))).toEqual([
      false,
      true,
    ]);
    expect(history.droppedSamples('requests_total')).toBeGreaterThan(0);
    expect(history.lacksSeries('unknown', 60 * MINUTE)).toBe(false);
  });

  it('lacks no series after the clock was set back, which dropped all samples', () => {
    const { registry, history, clock, run } = past({ maxBytes: 100_000 });
    const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['id'] });
    history.retain({ metric: 'requests_total' });
    run(1, () => {
      for (let i = 0; i < 500; i++) requests.inc({ id: `${i}` });
    });
    requests.reset();
    clock.jumpTo(clock.now() - 60 * MINUTE);
    run(1);
    expect(history.lacksSeries('requests_total', 60 * MINUTE)).toBe(false);
  });
});
