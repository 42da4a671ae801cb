import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { MetricsRegistry } from 'nestjs-monitoring';
import { ApiStatistics } from '../../lib/query/api-statistics.js';
import { endpointRows } from '../../lib/dashboard/endpoint-rows.js';
import { DATABASE_METRICS } from '../../lib/metrics/metric-names.js';
import { suggestedQueries } from '../../lib/query/suggested-promql.js';
import { rounded } from '../../lib/dashboard/rounding.js';
import { routeView } from '../../lib/dashboard/views/http-views.js';
import { ViewReader } from '../../lib/dashboard/views/view-data.js';
import { VIEWS } from '../../lib/dashboard/views/views.js';
import { inTimeSlices } from '../../lib/primitives/time-slices.js';
import { MINUTE, past, type Past } from '../history/support.js';

function viewOf({ history }: Past, name: string) {
  return inTimeSlices(
    new ViewReader(history, () => [{ value: 1_000, severity: 'warning' }]).read(
      VIEWS.find((view) => view.name === name)!,
      60 * MINUTE,
    ),
  );
}

describe('a chart', () => {
  it.each<{
    readonly title: string;
    readonly view: string;
    readonly metric: string;
    readonly unit: 'percent' | 'ratio';
    readonly work: (registry: MetricsRegistry) => void;
    readonly share: number;
  }>([
    {
      title: 'Garbage collection',
      view: 'runtime',
      metric: 'nodejs_gc_duration_seconds',
      unit: 'percent',
      // 10 collections of 30 ms in 15 s.
      work: (registry) => {
        const collections = registry.timer('nodejs_gc_duration_seconds', 'Collections.', {
          labelNames: ['kind'],
        });
        for (let i = 0; i < 10; i++) collections.observe({ kind: 'minor' }, 0.03);
      },
      share: 2,
    },
    {
      title: 'Process CPU',
      view: 'runtime',
      metric: 'process_cpu_user_seconds_total',
      unit: 'percent',
      work: (registry) => registry.counter('process_cpu_user_seconds_total', 'CPU.').inc(4.5),
      share: 30,
    },
    {
      title: 'Event loop utilization',
      view: 'runtime',
      metric: 'nodejs_eventloop_utilization_ratio',
      unit: 'ratio',
      work: (registry) => registry.gauge('nodejs_eventloop_utilization_ratio', 'Busy.').set(0.4),
      share: 0.4,
    },
    {
      title: 'Time blocked',
      view: 'event-loop',
      metric: 'nodejs_eventloop_blocks_seconds_total',
      unit: 'ratio',
      work: (registry) =>
        registry
          .counter('nodejs_eventloop_blocks_seconds_total', 'Blocked.', { labelNames: ['culprit'] })
          .inc({ culprit: 'Reports.total' }, 3),
      share: 0.2,
    },
    {
      title: 'CPU usage',
      view: 'system',
      metric: 'system_cpu_percent',
      unit: 'percent',
      work: (registry) => registry.gauge('system_cpu_percent', 'CPU.').set(37),
      share: 37,
    },
    {
      title: 'Memory usage',
      view: 'system',
      metric: 'system_memory_percent',
      unit: 'percent',
      work: (registry) => registry.gauge('system_memory_percent', 'Memory.').set(41),
      share: 41,
    },
    {
      title: 'Disk usage',
      view: 'system',
      metric: 'system_disk_percent',
      unit: 'percent',
      work: (registry) =>
        registry.gauge('system_disk_percent', 'Disk.', { labelNames: ['mount'] }).set({ mount: '/' }, 55),
      share: 55,
    },
    {
      title: 'Query time by table',
      view: 'database',
      metric: DATABASE_METRICS.duration,
      unit: 'ratio',
      // 30 queries of 250 ms in 15 s: half a connection is busy.
      work: (registry) => {
        const queries = registry.timer(DATABASE_METRICS.duration, 'Queries.', { labelNames: ['table'] });
        for (let i = 0; i < 30; i++) queries.observe({ table: 'users' }, 0.25);
      },
      share: 0.5,
    },
  ])('shows a share in the unit of its chart: $title', async ({ title, view, metric, unit, work, share }) => {
    const world = past();
    world.history.retain({ metric });
    world.run(8, () => work(world.registry));
    const panel = (await viewOf(world, view)).panels.find((each) => each.title === title);
    expect(panel?.unit).toBe(unit);
    expect(panel?.series[0]?.values.at(-1)).toBeCloseTo(share, 6);
  });

  it('of a share is one of those', () => {
    const shares = VIEWS.flatMap(({ panels }) => panels.filter(({ unit }) => /percent|ratio/.test(unit)));
    expect([...new Set(shares.map(({ title }) => title))].toSorted()).toEqual([
      'CPU usage',
      'Disk usage',
      'Event loop utilization',
      'Garbage collection',
      'Memory usage',
      'Process CPU',
      'Query time by table',
      'Time blocked',
    ]);
  });

  it.each([[[0.38]], [[0.001, 0.38]], [[7, 7, 7]], [[-3, -2]], [[0]], [[1e-7, 1e6]]])(
    'never shows a percentile outside the observed range: %j',
    async (values) => {
      const { registry, history, run } = past();
      const size = registry.histogram('size', 'Sizes.', { buckets: [0.5, 1, 5] });
      const exact = registry.histogram('exact', 'Sizes.');
      history.retain({ metric: 'size' });
      history.retain({ metric: 'exact', percentiles: true });
      run(5, () => values.forEach((value) => [size, exact].forEach((each) => each.observe(value))));
      const queriesOf = (metric: string) =>
        (['p50', 'p90', 'p95', 'p99'] as const).map((compute) => ({ metric, compute, legend: compute }));
      const { panels } = await inTimeSlices(
        new ViewReader(history, () => []).read(
          {
            name: 'test',
            title: '',
            empty: '',
            panels: ['size', 'exact'].map((metric) => ({
              title: metric,
              unit: 'number',
              queries: queriesOf(metric),
            })),
          },
          60 * MINUTE,
        ),
      );
      expect(panels.map(({ series }) => series.map(({ name }) => name))).toEqual([
        ['p50', 'p90', 'p95', 'p99'],
        ['p50', 'p90', 'p95', 'p99'],
      ]);
      for (const value of panels.flatMap(({ series }) => series.flatMap((line) => line.values))) {
        expect(value).toBeGreaterThanOrEqual(Math.min(...values));
        expect(value).toBeLessThanOrEqual(Math.max(...values));
      }
      for (const { value } of history.percentile('exact', 0.99, MINUTE)) {
        expect(value).toBeLessThanOrEqual(Math.max(...values));
      }
    },
  );

  it('of a route has the thresholds of the vital, converted to its unit', async () => {
    const { registry, history, run } = past();
    const duration = registry.timer('http_request_duration_seconds', 'Durations.', {
      labelNames: ['method', 'route', 'status_code'],
    });
    history.retain({ metric: 'http_request_duration_seconds', percentiles: true });
    run(3, () => duration.observe({ method: 'GET', route: '/a', status_code: '200' }, 100));
    const asked: string[] = [];
    const { panels } = await inTimeSlices(
      new ViewReader(history, (vital) => {
        asked.push(vital);
        return [{ value: 1_000, severity: 'warning' }];
      }).read(routeView('GET', '/a'), 60 * MINUTE),
    );
    expect(asked).toEqual(['response_time_ms']);
    expect(panels.find(({ unit }) => unit === 'seconds')?.thresholds).toEqual([
      { value: 1, severity: 'warning' },
    ]);
  });

  it('queries only metrics that are defined', () => {
    const defined = readdirSync('lib', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.startsWith('dashboard'))
      .map((file) => readFileSync(`lib/${file}`, 'utf8'))
      .join('\n');
    const metrics = [...VIEWS, routeView('GET', '/')].flatMap(({ panels }) =>
      panels.flatMap(({ queries }) => queries.map(({ metric }) => metric)),
    );
    const missing = [...new Set(metrics)].filter((metric) => {
      // Some names are put together: by unit, or by statistic.
      const stem = metric.replace(/(_(p\d+|max))?_(bytes|seconds|total)$/, '');
      return !defined.includes(metric) && !defined.includes(stem);
    });
    expect(missing).toEqual([]);
  });
});

describe('rates right after the start', () => {
  it.each([2.5, 5, 15, 30, 60])(
    'cover the time since the start, for a window of %i minutes',
    async (minutes) => {
      const { registry, history, run, sample } = past();
      const requests = registry.counter('http_requests_total', 'Requests.', {
        labelNames: ['method', 'route', 'status_code'],
      });
      const statistics = new ApiStatistics(history, minutes * MINUTE);
      statistics.retain();
      history.retain({ metric: 'http_requests_total' });
      sample();
      run(8, () => requests.inc({ method: 'GET', route: '/', status_code: '200' }, 1_017));
      const [row] = await inTimeSlices(endpointRows(history, minutes * MINUTE));
      expect(row).toMatchObject({ perSecond: 67.8, windowMs: 2 * MINUTE, statuses: { '200': 8_136 } });
      expect(statistics.overall()?.requestsPerSecond).toBeCloseTo(67.8, 9);
      expect(statistics.overall()?.windowMs).toBe(2 * MINUTE);
    },
  );
});

describe('a number on the dashboard', () => {
  it.each([
    [1.0722630000000208, 1.07226],
    [0.1 + 0.2, 0.3],
    [1_700_000_000_000, 1_700_000_000_000],
    [123_456_789.75, 123_456_790],
    [-0.000012345678, -0.0000123457],
    [Infinity, Infinity],
    [0, 0],
  ])('of %d is shown as %d', (value, shown) => {
    expect(rounded(value)).toBe(shown);
  });
});

describe('a label with the name of an object member', () => {
  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'])(
    'is not confused with it: %s',
    (label) => {
      const { registry, history, sample } = past();
      const messages = registry.counter('messages_total', 'Messages.', { labelNames: ['kind'] });
      history.retain({ metric: 'messages_total' });
      sample();
      messages.inc({ kind: 'a' });
      sample();
      const none = Object.fromEntries([[label, '']]);
      expect(history.last('messages_total', { labels: none })).toHaveLength(1);
      expect(history.last('messages_total', { groupBy: [label] })).toEqual([{ labels: {}, value: 1 }]);
      const query = suggestedQueries({ name: 'messages_total', type: 'counter', labelNames: [label] }, {});
      expect(query[0]).toContain(`by (${label})`);
    },
  );
});
