import { describe, expect, it } from '@jest/globals';
import { Controller, Get, InternalServerErrorException, Param, Post, Query } from '@nestjs/common';
import { ApiStatistics, MetricsRegistry, MonitoringModule, Vitals } from 'nestjs-monitoring';
import { HistoryStore } from '../../lib/history/history-store.js';
import { HistorySampler } from '../../lib/history/history-sampler.js';
import { MetricsHistory } from '../../lib/query/metrics-history.js';
import { resolveHistory } from '../../lib/history/history.options.js';
import { ApiStatisticsCollector } from '../../lib/collectors/api/api-statistics.collector.js';
import {
  ADAPTERS,
  eventually,
  type RunningApp,
  seriesOf,
  startApp,
  total,
} from '../e2e/fixture/start-app.js';
import { FakeClock, testRegistry } from '../metrics/support.js';

const WINDOW_MS = 300_000;
const INTERVAL_MS = 15_000;

/** The request metrics of an application whose time the test owns, and what is made of them. */
function application(maxEndpoints = 100) {
  const tested = testRegistry();
  const { registry, clock } = tested;
  const labelNames = ['method', 'route', 'status_code'] as const;
  const requests = registry.counter('http_requests_total', 'Requests.', { labelNames });
  const durations = registry.histogram('http_request_duration_seconds', 'Durations.', { labelNames });
  const store = new HistoryStore(resolveHistory({ intervalMs: INTERVAL_MS }));
  const history = new MetricsHistory(store);
  const statistics = new ApiStatistics(history, WINDOW_MS);
  const vitals = new Vitals(history);
  statistics.retain();
  vitals.retain();
  registry.addCollector(new ApiStatisticsCollector(registry, statistics, maxEndpoints));
  const request = (route: string, status: number, seconds: number): void => {
    const labels = { method: 'GET', route, status_code: String(status) };
    requests.inc(labels);
    durations.observe(labels, seconds);
  };
  const sample = async (): Promise<void> => store.add(await registry.collect({ exponential: true }));
  /** Samples every interval, with something done before each. */
  const run = async (samples: number, work: (i: number) => void): Promise<void> => {
    for (let i = 0; i < samples; i++) {
      clock.advance(INTERVAL_MS);
      work(i);
      await sample();
    }
  };
  return { ...tested, requests, durations, statistics, vitals, request, sample, run };
}

function nearestRank(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? NaN;
}

describe('the statistics of an API', () => {
  it('are empty before the first request', async () => {
    const { statistics, sample } = application();
    expect([statistics.endpoints(), statistics.overall()]).toEqual([[], undefined]);
    await sample();
    expect([
      statistics.endpoints(),
      statistics.overall(),
      statistics.slowest(),
      statistics.failing(),
    ]).toEqual([[], undefined, [], []]);
  });

  it('have the rates, errors and percentiles of each endpoint', async () => {
    const { statistics, request, run } = application();
    const seconds: Record<string, number[]> = { '/deals': [], '/reports': [] };
    const ask = (route: string, status: number, duration: number): void => {
      seconds[route]?.push(duration);
      request(route, status, duration);
    };
    // The series have to be there before the window begins.
    for (const [route, status] of [
      ['/deals', 200],
      ['/deals', 500],
      ['/deals', 404],
      ['/reports', 200],
    ] as const) {
      request(route, status, 0.001);
    }
    await run(1, () => undefined);
    await run(20, (i) => {
      for (let n = 0; n < 30; n++)
        ask('/deals', n < 3 ? 500 : n < 6 ? 404 : 200, 0.01 + ((i * 30 + n) % 97) / 1_000);
      for (let n = 0; n < 3; n++) ask('/reports', 200, 1 + (i + n) / 10);
    });
    const [deals, reports, ...others] = statistics.endpoints();
    expect(others).toEqual([]);
    expect([deals?.route, reports?.route, deals?.method]).toEqual(['/deals', '/reports', 'GET']);
    expect(deals?.requestsPerSecond).toBeCloseTo(30 / 15, 6);
    expect(reports?.requestsPerSecond).toBeCloseTo(3 / 15, 6);
    // What the client did wrong is no error of the application.
    expect(deals?.errorRatio).toBeCloseTo(0.1, 6);
    expect(deals?.errorsPerSecond).toBeCloseTo(3 / 15, 6);
    expect(reports?.errorRatio).toBe(0);
    for (const endpoint of [deals, reports]) {
      const observed = seconds[endpoint?.route ?? ''] ?? [];
      for (const [name, q] of [
        ['p50', 0.5],
        ['p90', 0.9],
        ['p95', 0.95],
        ['p99', 0.99],
      ] as const) {
        const expected = nearestRank(observed, q);
        expect(Math.abs((endpoint?.percentileSeconds[name] ?? NaN) - expected) / expected).toBeLessThan(0.01);
      }
      const mean = observed.reduce((sum, value) => sum + value, 0) / observed.length;
      expect(endpoint?.meanSeconds).toBeCloseTo(mean, 6);
    }
    expect(statistics.overall()?.requestsPerSecond).toBeCloseTo(33 / 15, 6);
    expect(statistics.slowest(1).map(({ route }) => route)).toEqual(['/reports']);
    expect(statistics.failing().map(({ route }) => route)).toEqual(['/deals']);
  });

  it('cover the latest window only', async () => {
    const { statistics, request, run, registry } = application();
    request('/old', 500, 9);
    request('/new', 200, 0.1);
    await run(1, () => undefined);
    await run(20, () => request('/old', 500, 9));
    expect(statistics.endpoints().map(({ route }) => route)).toEqual(['/old']);
    expect(statistics.overall()?.errorRatio).toBe(1);
    await run(21, () => request('/new', 200, 0.1));
    expect(statistics.endpoints().map(({ route }) => route)).toEqual(['/new']);
    expect(statistics.overall()?.errorRatio).toBe(0);
    await registry.collect();
    expect(seriesOf(registry, 'api_requests_per_second').map(({ labels }) => labels['route'])).toEqual([
      '/new',
    ]);
  });

  it('are exported for the busiest endpoints only', async () => {
    const { request, run, registry, statistics } = application(5);
    const busy = (): void => {
      for (let route = 0; route < 30; route++)
        for (let n = 0; n <= route; n++) request(`/r${route}`, 200, 0.1);
    };
    busy();
    await run(1, () => undefined);
    await run(3, busy);
    await registry.collect();
    const routes = (name: string) => seriesOf(registry, name).map(({ labels }) => labels['route']);
    expect(routes('api_requests_per_second')).toEqual(['/r29', '/r28', '/r27', '/r26', '/r25']);
    expect(new Set(routes('api_response_time_seconds')).size).toBe(5);
    expect(routes('api_response_time_seconds')).toHaveLength(5 * 4);
    expect(statistics.endpoints()).toHaveLength(30);
  });
});

describe('the vitals', () => {
  it('have no value without samples', async () => {
    const { vitals, sample } = application();
    const nothing = {
      cpu_percent: undefined,
      memory_percent: undefined,
      disk_percent: undefined,
      response_time_ms: undefined,
      error_rate_percent: undefined,
      cache_hit_rate_percent: undefined,
    };
    expect(vitals.current()).toEqual(nothing);
    await sample();
    expect(vitals.current()).toEqual(nothing);
  });

  it('are computed from the metrics in the window', async () => {
    const { vitals, registry, request, run } = application();
    const cpu = registry.gauge('system_cpu_percent', 'CPU.');
    const memory = registry.gauge('system_memory_percent', 'Memory.');
    const disk = registry.gauge('system_disk_percent', 'Disk.', { labelNames: ['mount'] });
    const hits = registry.counter('cache_hits_total', 'Hits.', { labelNames: ['cache'] });
    const misses = registry.counter('cache_misses_total', 'Misses.', { labelNames: ['cache'] });
    for (const cache of ['a', 'b']) for (const counter of [hits, misses]) counter.inc({ cache });
    request('/', 200, 0);
    request('/', 503, 0);
    await run(1, () => {
      cpu.set(35);
      memory.set(62.5);
    });
    await run(20, (i) => {
      cpu.set(i % 2 === 0 ? 20 : 50);
      memory.set(62.5);
      disk.set({ mount: '/' }, 40);
      disk.set({ mount: '/data' }, 91);
      for (let n = 0; n < 8; n++) request('/', n === 0 ? 503 : 200, 0.25);
      hits.inc({ cache: 'a' }, 6);
      hits.inc({ cache: 'b' }, 3);
      misses.inc({ cache: 'b' });
    });
    const { cpu_percent: cpuPercent, ...others } = vitals.current();
    // The last minute has five samples, three of them at 50.
    expect(cpuPercent).toBeCloseTo(38, 6);
    expect(others).toEqual({
      memory_percent: 62.5,
      disk_percent: 91,
      response_time_ms: expect.closeTo(250, 6),
      error_rate_percent: expect.closeTo(12.5, 6),
      cache_hit_rate_percent: expect.closeTo(90, 6),
    });
  });

  it('have an error rate of zero without errors, and none without requests', async () => {
    const { vitals, request, run } = application();
    request('/', 200, 0.1);
    await run(1, () => undefined);
    await run(20, () => request('/', 200, 0.1));
    expect(vitals.current().error_rate_percent).toBe(0);
    await run(22, () => undefined);
    expect(vitals.current().error_rate_percent).toBeUndefined();
    expect(vitals.current().response_time_ms).toBeUndefined();
  });
});

/** Waits for requests to be counted, and takes a sample an interval later. */
async function after(
  app: RunningApp,
  clock: FakeClock,
  requests: readonly Promise<unknown>[],
): Promise<void> {
  const before = total(app.registry, 'http_requests_total');
  await Promise.all(requests);
  await eventually(() => expect(total(app.registry, 'http_requests_total')).toBe(before + requests.length));
  clock.advance(INTERVAL_MS);
  await app.app.get(HistorySampler).sampleNow();
}

@Controller()
class ShopController {
  @Get('items/:id')
  item(@Param('id') id: string): string {
    return id;
  }

  @Post('orders')
  order(@Query('fail') fail?: string): string {
    if (fail !== undefined) throw new InternalServerErrorException();
    return 'ordered';
  }
}

describe.each(ADAPTERS)('in an application on %s', (adapter) => {
  it('provides statistics by route template', async () => {
    const clock = new FakeClock();
    const app = await startApp(adapter, {
      module: class AppModule {},
      imports: [MonitoringModule.forRoot({ clock, collectors: { runtime: false, system: false } })],
      controllers: [ShopController],
    });
    try {
      // The samples are those of the test: another one would be in the middle of a round on a busy machine.
      await app.firstSample();
      const sampler = app.app.get(HistorySampler);
      clearInterval(sampler.start());
      await sampler.sampleNow();
      const round = () => [
        ...[1, 2, 3, 4, 5, 6].map((id) => app.get(`/items/${id}?secret=x`)),
        ...[1, 2].map(() => app.ask({ method: 'POST', path: '/orders' })),
        app.ask({ method: 'POST', path: '/orders?fail=1' }),
        app.get('/nowhere'),
      ];
      await after(app, clock, round());
      for (let i = 0; i < 4; i++) await after(app, clock, round());
      const statistics = app.app.get(ApiStatistics);
      expect(statistics.endpoints().map(({ method, route }) => `${method} ${route}`)).toEqual([
        'GET /items/:id',
        'POST /orders',
        'GET <unmatched>',
      ]);
      expect(statistics.failing()[0]?.errorRatio).toBeCloseTo(1 / 3, 6);
      expect(app.app.get(Vitals).current().error_rate_percent).toBeCloseTo(10, 6);
      const shown = await app.samples('api_error_ratio');
      expect(shown.find(({ labels }) => labels['route'] === '/orders')?.value).toBeCloseTo(1 / 3, 6);
      expect((await app.samples('api_response_time_seconds')).length).toBe(3 * 4);
    } finally {
      await app.close();
    }
  });

  it('has no statistics if they are disabled', async () => {
    const app = await startApp(adapter, {
      module: class AppModule {},
      imports: [MonitoringModule.forRoot({ collectors: { runtime: false, system: false, api: false } })],
      controllers: [ShopController],
    });
    try {
      await app.get('/items/1');
      expect(app.app.get(MetricsRegistry).getMetric('api_error_ratio')).toBeUndefined();
      expect(app.app.get(ApiStatistics).endpoints()).toEqual([]);
    } finally {
      await app.close();
    }
  });
});
