import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { MetricsRegistry } from 'nestjs-monitoring';
import { ApiStatistics } from '../../lib/query/api-statistics.js';
import { HistorySampler } from '../../lib/history/history-sampler.js';
import { MetricsHistory } from '../../lib/query/metrics-history.js';
import { CounterMirror } from '../../lib/collectors/counter-mirror.js';
import { OptionalCounter } from '../../lib/collectors/optional-counter.js';
import { endpointRows } from '../../lib/dashboard/endpoint-rows.js';
import { inTimeSlices } from '../../lib/primitives/time-slices.js';
import { ViewReader } from '../../lib/dashboard/views/view-data.js';
import { type FakeClock, testRegistry } from '../metrics/support.js';
import { MINUTE, past, type Past, SECOND } from './support.js';

/** The work between two samples, and the increase that it is. */
interface Birth {
  readonly title: string;
  readonly work: (world: Past) => void;
  readonly increase: number;
}

const labelNames = ['route'] as const;
const requestsOf = (registry: MetricsRegistry, seriesLimit?: number) =>
  registry.counter('requests_total', 'Requests.', { labelNames, ...(seriesLimit && { seriesLimit }) });

const BIRTHS: readonly Birth[] = [
  {
    title: 'created long before its sample',
    work: ({ registry, clock }) => {
      requestsOf(registry).inc({ route: '/new' }, 20);
      clock.advance(10 * SECOND);
    },
    increase: 20,
  },
  {
    title: 'created in the very millisecond of its sample',
    work: ({ registry, clock }) => {
      clock.advance(10 * SECOND);
      requestsOf(registry).inc({ route: '/new' }, 20);
    },
    increase: 20,
  },
  {
    title: 'removed and created again at a higher value',
    work: ({ registry, clock }) => {
      requestsOf(registry).remove({ route: '/old' });
      clock.advance(SECOND);
      requestsOf(registry).inc({ route: '/old' }, 150);
      clock.advance(9 * SECOND);
    },
    increase: 150,
  },
  {
    title: 'reset right after a sample and created again at a higher value',
    work: ({ registry, clock }) => {
      registry.resetAll();
      requestsOf(registry).inc({ route: '/old' }, 150);
      clock.advance(10 * SECOND);
    },
    increase: 150,
  },
  {
    title: 'beyond the limit of series, as the one that stands for all of them',
    work: ({ registry, clock }) => {
      const requests = requestsOf(registry);
      for (let i = 0; i < 7; i++) requests.inc({ route: `/${i}` }, 2);
      clock.advance(10 * SECOND);
    },
    increase: 14,
  },
  {
    title: 'created while the clock is set back a little',
    work: ({ registry, clock }) => {
      clock.advance(10 * SECOND);
      requestsOf(registry).inc({ route: '/new' }, 20);
      clock.jumpTo(clock.now() - 5 * SECOND);
    },
    increase: 20,
  },
  {
    title: 'that goes on as before',
    work: ({ registry, clock }) => {
      requestsOf(registry).inc({ route: '/old' }, 3);
      clock.advance(10 * SECOND);
    },
    increase: 3,
  },
];

describe('a series counts from zero at its creation', () => {
  afterEach(() => void jest.useRealTimers());

  it.each(BIRTHS)('one $title', ({ work, increase }) => {
    const world = past({ intervalMs: 10 * SECOND });
    const { registry, history, clock, sample } = world;
    requestsOf(registry, 3).inc({ route: '/old' }, 100);
    history.retain({ metric: 'requests_total' });
    clock.advance(10 * MINUTE);
    sample();
    clock.advance(10 * SECOND);
    sample();
    work(world);
    sample();
    const read = history.increase('requests_total', MINUTE, { groupBy: [] })[0]?.value ?? NaN;
    // What was there before shows less than a minute: it is extended by half an interval.
    expect(read).toBeGreaterThanOrEqual(increase);
    expect(read).toBeLessThan(increase * 1.5);
    expect(history.rate('requests_total', MINUTE, { groupBy: [] })[0]?.value).toBeCloseTo(read / 60, 10);
  });

  it('at the first sample that there is, and in a metric that did not exist before', () => {
    const { registry, history, clock, sample } = past();
    history.retain({ metric: 'requests_total' });
    history.retain({ metric: 'late_total' });
    requestsOf(registry).inc({ route: '/' }, 20);
    clock.advance(SECOND);
    sample();
    expect(history.increase('requests_total', MINUTE)[0]?.value).toBe(20);
    registry.counter('late_total', 'Late.').inc(7);
    clock.advance(15 * SECOND);
    sample();
    expect(history.increase('late_total', MINUTE)[0]?.value).toBe(7);
  });

  it('in a collection of several workers that takes longer than the time since the last sample', async () => {
    jest.useFakeTimers();
    const { registry, history, store, clock, sample } = past();
    history.retain({ metric: 'requests_total' });
    requestsOf(registry).inc({ route: '/old' });
    clock.advance(MINUTE);
    sample();
    clock.advance(SECOND);
    const collect = () => {
      // Their snapshot has the time at which the first of them was asked.
      const timestamp = clock.now();
      clock.advance(14 * SECOND);
      jest.advanceTimersByTime(14 * SECOND);
      requestsOf(registry).inc({ route: '/new' }, 20);
      return Promise.resolve({ ...registry.snapshot(), timestamp });
    };
    const source = { collect, snapshot: () => registry.snapshot() };
    const sampler = new HistorySampler(store, source, { report: (error) => expect(error).toBeUndefined() });
    sampler.start();
    await sampler.sampleNow();
    await sampler.stop();
    clock.advance(SECOND);
    sample();
    expect(history.increase('requests_total', MINUTE, { labels: { route: '/new' } })[0]?.value).toBe(20);
  });

  it('but only within the window: what was there before it counts from the first sample in it', () => {
    const { registry, history, run } = past();
    history.retain({ metric: 'requests_total' });
    requestsOf(registry).inc({ route: '/' }, 1_000);
    run(20, () => requestsOf(registry).inc({ route: '/' }));
    expect(history.increase('requests_total', MINUTE)[0]?.value).toBe(4);
  });

  it('every time anew, each of them a step up', () => {
    const { registry, history, clock, run, sample } = past();
    const requests = requestsOf(registry);
    history.retain({ metric: 'requests_total' });
    clock.advance(MINUTE);
    sample();
    run(4, (i) => {
      requests.reset();
      clock.advance(1);
      requests.inc({ route: '/' }, 10 * (i + 1));
    });
    expect(history.increase('requests_total', 5 * MINUTE)[0]?.value).toBe(100);
    run(300, () => {
      requests.reset();
      clock.advance(1);
      requests.inc({ route: '/' }, 10);
    });
    expect(history.increase('requests_total', 300 * SECOND)[0]?.value).toBeCloseTo(200, 0);
  });

  it('in all columns of a histogram: count, sum, average, quantiles and percentiles', () => {
    const { registry, history, run } = past();
    const duration = registry.timer('query_duration_seconds', 'Queries.', { labelNames: ['table'] });
    history.retain({ metric: 'query_duration_seconds', percentiles: true });
    run(2);
    run(1, () => {
      for (let i = 0; i < 20; i++) duration.observe({ table: 'users' }, 0.2);
    });
    const name = 'query_duration_seconds';
    expect(history.increase(name, MINUTE)[0]?.value).toBe(20);
    expect(history.increase(name, MINUTE, { part: 'sum' })[0]?.value).toBeCloseTo(4, 10);
    expect(history.average(name, MINUTE)[0]?.value).toBeCloseTo(0.2, 10);
    expect(history.bucketQuantile(name, 0.5, MINUTE)[0]?.value).toBeCloseTo(0.175, 3);
    expect(history.percentile(name, 0.5, MINUTE)[0]?.value).toBeCloseTo(0.2, 2);
  });

  it('in the statistics of the API, the table of endpoints and the charts', async () => {
    const { registry, history, run } = past();
    const requests = registry.counter('http_requests_total', 'Requests.', {
      labelNames: ['method', 'route', 'status_code'],
    });
    const statistics = new ApiStatistics(history, MINUTE);
    statistics.retain();
    run(2);
    run(1, () => {
      requests.inc({ method: 'GET', route: '/good', status_code: '200' }, 5);
      requests.inc({ method: 'GET', route: '/boom', status_code: '500' }, 20);
    });
    expect(statistics.overall()).toMatchObject({ errorRatio: 0.8 });
    expect(statistics.failing()).toMatchObject([{ route: '/boom', errorRatio: 1 }]);
    const rows = await inTimeSlices(endpointRows(history, MINUTE));
    expect(rows.map(({ route, statuses }) => ({ route, statuses }))).toEqual([
      { route: '/good', statuses: { '200': 5 } },
      { route: '/boom', statuses: { '500': 20 } },
    ]);
    const view = new ViewReader(history, () => []).read(
      {
        name: 'test',
        title: '',
        empty: '',
        panels: [
          {
            title: 'Errors',
            unit: 'number',
            queries: [{ metric: 'http_requests_total', compute: 'increase', legend: 'all' }],
          },
        ],
      },
      5 * MINUTE,
    );
    const chart = await inTimeSlices(view);
    expect(chart.panels[0]?.series[0]?.values.at(-1)).toBe(25);
  });
});

describe('nothing counts from zero', () => {
  const count = (registry: MetricsRegistry, clock: FakeClock): MetricsHistory => {
    const { history, store } = past();
    history.retain({ metric: 'mirrored_total' });
    history.retain({ metric: 'size' });
    clock.advance(15 * SECOND);
    store.add(registry.snapshot());
    return history;
  };

  it.each([
    [
      'that a server counted before the application looked',
      (registry: MetricsRegistry) =>
        new CounterMirror(registry.counter('mirrored_total', 'Other.', { labelNames: ['table'] })).update(
          { table: 'users' },
          1e9,
        ),
    ],
    [
      'that a server counted as one number',
      (registry: MetricsRegistry) =>
        new CounterMirror(registry.counter('mirrored_total', 'Other.')).update({}, 1e9),
    ],
    [
      'that the machine counted since it was started',
      (registry: MetricsRegistry) =>
        new OptionalCounter(registry, 'mirrored_total', 'Other.', { labelNames: ['mode'] }).update([
          [{ mode: 'user' }, 1e9],
        ]),
    ],
    ['that is a gauge', (registry: MetricsRegistry) => registry.gauge('size', 'Size.').set(1e9)],
  ] as const)('%s', (_, work) => {
    const { registry, clock } = testRegistry();
    work(registry);
    const history = count(registry, clock);
    expect(history.increase('mirrored_total', MINUTE)).toEqual([]);
    expect(history.delta('size', MINUTE)).toEqual([]);
  });

  it('that was created in a future which the clock took back', () => {
    const { registry, history, clock, sample } = past();
    history.retain({ metric: 'requests_total' });
    requestsOf(registry).inc({ route: '/' }, 1e6);
    sample();
    clock.jumpTo(clock.now() - 60 * MINUTE);
    sample();
    expect(history.increase('requests_total', MINUTE)).toEqual([]);
    clock.advance(15 * SECOND);
    requestsOf(registry).inc({ route: '/' }, 3);
    sample();
    expect(history.increase('requests_total', MINUTE)[0]?.value).toBeLessThan(7);
  });

  it('of a gauge that is set anew for each sample, of which no times are kept', () => {
    const { registry, history, store, run } = past();
    history.retain({ metric: 'size' });
    const size = registry.gauge('size', 'Size.', { labelNames: ['of'] });
    run(5, () => {
      size.reset();
      size.set({ of: 'a' }, 1);
    });
    const [series] = store.family('size')?.series.values() ?? [];
    expect(series?.earlierZeroTimes).toBeUndefined();
  });

  it('in the percentiles of a series for which there was no memory until now', () => {
    const { registry, history, run, clock } = past({ maxBytes: 60_000 });
    const sizes = registry.histogram('size', 'Sizes.', { labelNames: ['of'], buckets: [1_000] });
    const others = registry.gauge('other', 'Other.', { labelNames: ['of'] });
    const release = history.retain({ metric: 'other' });
    history.retain({ metric: 'size', percentiles: true, bestEffort: true });
    run(2, () => {
      for (let i = 0; i < 40; i++) others.set({ of: i }, i);
      sizes.observe({ of: 'known' }, 1);
    });
    run(2, () => {
      sizes.observe({ of: 'late' }, 250);
      clock.advance(SECOND);
    });
    expect(history.droppedSamples('size')).toBeGreaterThan(0);
    release();
    run(2);
    expect(history.series('size')).toContainEqual({ of: 'late' });
    expect(history.percentile('size', 1, MINUTE, { labels: { of: 'late' } })).toEqual([]);
    run(1, () => sizes.observe({ of: 'late' }, 2));
    expect(history.percentile('size', 1, MINUTE, { labels: { of: 'late' } })[0]?.value).toBeCloseTo(2, 1);
  });

  it('when the oldest of several workers leaves and takes its share away', () => {
    const { history, store } = past();
    history.retain({ metric: 'requests_total' });
    const { registry: older, clock } = testRegistry();
    requestsOf(older).inc({ route: '/' }, 100);
    clock.advance(10 * MINUTE);
    const { registry: younger } = testRegistry({ clock });
    requestsOf(younger).inc({ route: '/' }, 160);
    clock.advance(10 * MINUTE);
    store.add(older.snapshot());
    clock.advance(15 * SECOND);
    store.add(younger.snapshot());
    clock.advance(15 * SECOND);
    store.add(younger.snapshot());
    expect(history.increase('requests_total', MINUTE)[0]?.value).toBeLessThan(120);
  });
});
