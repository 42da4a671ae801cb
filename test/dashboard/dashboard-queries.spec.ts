import { describe, expect, it } from '@jest/globals';
import type { DashboardSources } from '../../lib/dashboard/dashboard-sources.js';
import { dashboardQueries } from '../../lib/dashboard/dashboard-queries.js';
import { Profiles } from '../../lib/diagnostics/profiles/profiles.js';
import { EventLoopBlocks } from '../../lib/diagnostics/blocked-loop/event-loop-blocks.js';
import { LogLevels } from '../../lib/diagnostics/log-levels/log-levels.js';
import { ProcessInfo } from '../../lib/diagnostics/process-info/process-info.js';
import { StartupTimes } from '../../lib/diagnostics/startup/startup-times.js';
import { LastExit } from '../../lib/diagnostics/flight-recorder/last-exit.js';
import { MemoryGrowth } from '../../lib/diagnostics/memory/memory-growth.js';
import { ErrorRecords } from '../../lib/instrumentation/errors/error-records.js';
import { RequestRecords } from '../../lib/instrumentation/requests/request-records.js';
import { systemClock } from '../../lib/metrics/clock.js';
import { busyHour } from './support.js';

const HOUR_MS = 3_600_000;

/** The reads of a dashboard, and the number of questions that they have asked the history. */
function reads() {
  const { registry, history } = busyHour(3);
  const level = registry.gauge('level', 'Level.', { labelNames: ['tank'], seriesLimit: 300 });
  // In no order.
  for (let i = 0; i < 250; i++) level.set({ tank: `tank-${(i * 77) % 250}` }, (i * 77) % 250);
  level.set({ tank: 'last' }, 1_000);
  const asked = { questions: 0 };
  const counting = new Proxy(history, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        asked.questions++;
        return Reflect.apply(value, target, args);
      };
    },
  });
  const alerts = { vitals: () => [] } as unknown as DashboardSources['alerts'];
  const feed = {} as DashboardSources['feed'];
  const records = new RequestRecords();
  return {
    asked,
    ...dashboardQueries({
      feed,
      history: counting,
      registry,
      alerts,
      records,
      errors: new ErrorRecords(),
      blocks: new EventLoopBlocks(),
      logLevels: new LogLevels(),
      startup: new StartupTimes(),
      process: new ProcessInfo(),
      profiles: new Profiles(),
      lastExit: new LastExit(),
      memory: new MemoryGrowth(),
      clock: systemClock,
      instance: { id: 'web-1:17:1', host: 'web-1', pid: 17, startedAt: 1 },
      hasAuth: false,
    }),
  };
}

describe('ranges that differ by less than an interval', () => {
  it.each<[string, (all: ReturnType<typeof reads>, query: URLSearchParams) => unknown, string]>([
    ['a view', ({ view }, query) => view(query), 'name=requests'],
    ['the endpoints', ({ endpoints }, query) => endpoints(query), ''],
    ['a route', ({ route }, query) => route(query), 'method=GET&route=/route-1'],
    ['a metric', ({ metric }, query) => metric(query), 'name=http_requests_total'],
    [
      'a metric with labels',
      ({ metric }, query) => metric(query),
      'name=http_requests_total&tag=route:/route-1',
    ],
  ])('share one response: %s', async (_, ask, parameters) => {
    const all = reads();
    const at = (range: number): unknown => ask(all, new URLSearchParams(`${parameters}&range=${range}`));
    const response = await at(HOUR_MS);
    const { questions } = all.asked;
    expect(questions).toBeGreaterThan(0);
    for (const range of [HOUR_MS + 5, HOUR_MS - 1, HOUR_MS + 7_499, HOUR_MS - 7_500, HOUR_MS + 0.001]) {
      expect(await at(range)).toBe(response);
    }
    expect(all.asked.questions).toBe(questions);
    await at(HOUR_MS - 15_000);
    expect(all.asked.questions).toBeGreaterThan(questions);
  });
});

describe('a metric with more series than are shown', () => {
  it('shows the largest of all, and how many it leaves out', async () => {
    const response = await reads().metric(new URLSearchParams('name=level'));
    const { series, omitted, chart } = JSON.parse(String(response)) as {
      series: { labels: { tank: string } }[];
      omitted: number;
      chart: { omitted: number };
    };
    expect(series.slice(0, 3).map(({ labels }) => labels.tank)).toEqual(['last', 'tank-249', 'tank-248']);
    expect(series.at(-1)?.labels.tank).toBe('tank-51');
    expect([series.length, omitted]).toEqual([200, 51]);
    expect(chart.omitted).toBeGreaterThanOrEqual(0);
  });
});
