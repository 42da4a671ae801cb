import { describe, expect, it } from '@jest/globals';
import { VerdictReader } from '../../../lib/dashboard/now/verdict-reader.js';
import type { MetricsHistory } from '../../../lib/query/metrics-history.js';
import { MINUTE, past, SECOND } from '../../history/support.js';

const HEALTHY = { status: 'healthy', timestamp: '', checks: {} } as const;

interface Block {
  readonly startedAt: number;
  readonly durationMs: number;
  readonly culprit: string;
}

/** The verdict of an application without alert rules, by its history and the blocks of its event loop. */
function readerOf(history: MetricsHistory, blocks: Block[] = []): VerdictReader {
  return new VerdictReader({
    history,
    records: { causes: () => [] },
    blocks: { find: () => blocks },
    timeline: { events: () => [] },
    alerting: { intervalMs: 15 * SECOND, rules: () => [] },
  });
}

/** Returns the verdict over an application whose event loop lags by some seconds, and was blocked. */
async function verdictWith(lag: number, blocks: (now: number) => Block[]): Promise<string> {
  const { registry, history, run, clock } = past({ intervalMs: 5 * SECOND, retentionMs: 10 * MINUTE });
  registry.gauge('nodejs_eventloop_lag_p99_seconds', 'Lag.').set(lag);
  history.retain({ metric: 'nodejs_eventloop_lag_p99_seconds' });
  run(3);
  const now = clock.now();
  const reader = readerOf(history, blocks(now));
  const { text } = await reader.read({ timestamp: now, health: HEALTHY, alerts: [], vitals: [] });
  return text;
}

describe('the part of the event loop in a verdict', () => {
  it('is normal while nothing blocks it', async () => {
    expect(await verdictWith(0.01, () => [])).toContain('event loop is normal');
  });

  it('is the longest block of the last minutes, though a shorter one came later', async () => {
    const text = await verdictWith(0.01, (now) => [
      { startedAt: now - 500, durationMs: 182, culprit: '(native code)' },
      { startedAt: now - 20_000, durationMs: 3_533, culprit: 'Reports.forecast' },
      { startedAt: now - 6 * MINUTE, durationMs: 9_000, culprit: 'Earlier.one' },
    ]);
    expect(text).toMatch(/Reports\.forecast blocked the event loop for 3533 ms at \d\d:\d\d UTC\.$/);
    expect(text).not.toContain('native code');
  });

  it('says how often a function has blocked it, and when it did last', async () => {
    let last = 0;
    const text = await verdictWith(0.01, (now) => {
      last = now - MINUTE;
      return [
        { startedAt: now - 3 * MINUTE, durationMs: 612, culprit: 'Reports.forecast' },
        { startedAt: now - 2 * MINUTE, durationMs: 200, culprit: '(native code)' },
        { startedAt: last, durationMs: 580, culprit: 'Reports.forecast' },
      ];
    });
    const time = new Date(last).toISOString().slice(11, 16);
    expect(text).toContain(
      `Reports.forecast blocked the event loop for 612 ms, the longest of 2 times, last at ${time} UTC`,
    );
  });

  it('is no block of a time that has not come, since the clock was set back', async () => {
    const text = await verdictWith(0.01, (now) => [
      { startedAt: now + 60 * MINUTE, durationMs: 612, culprit: 'Reports.forecast' },
    ]);
    expect(text).toContain('event loop is normal');
  });

  it('is the lag where no block is known', async () => {
    expect(await verdictWith(0.3, () => [])).toContain('the event loop lags by 300 ms');
  });
});

describe('the database in a verdict', () => {
  it('is said to fail, to have failed, and to be normal', async () => {
    const { registry, history, run, clock } = past({ intervalMs: 15 * SECOND });
    const duration = registry.histogram('db_client_operation_duration_seconds', 'Durations.');
    const errors = registry.counter('db_client_operation_errors_total', 'Errors.');
    for (const { name } of registry.getAllMetrics()) history.retain({ metric: name });
    const operate = (count: number): void => {
      for (let i = 0; i < count; i++) duration.observe(0.001);
    };
    const reader = readerOf(history);
    const text = async () =>
      (await reader.read({ timestamp: clock.now(), health: HEALTHY, alerts: [], vitals: [] })).text;
    errors.inc(0);
    run(4, () => operate(10));
    run(4, () => {
      operate(10);
      errors.inc(5);
    });
    expect(await text()).toMatch(/; \d\d % of the database operations fail\.$/);
    run(10, () => operate(10));
    expect(await text()).toMatch(/; \d\d % of the database operations failed\.$/);
    run(12, () => operate(10));
    expect(await text()).toMatch(/; database is normal\.$/);
  });
});

describe('the route in a verdict', () => {
  function application(...routes: readonly string[]) {
    const { registry, history, run, clock } = past({ intervalMs: 15 * SECOND, retentionMs: 10 * MINUTE });
    const requests = registry.counter('http_requests_total', 'Requests.', {
      labelNames: ['method', 'route', 'status_code'],
    });
    history.retain({ metric: 'http_requests_total' });
    const count = (route: string, status: string, times: number): void =>
      requests.inc({ method: 'GET', route, status_code: status }, times);
    for (const route of routes) for (const status of ['200', '503']) count(route, status, 0);
    run(3);
    const reader = readerOf(history);
    const verdict = () => reader.read({ timestamp: clock.now(), health: HEALTHY, alerts: [], vitals: [] });
    return { run, count, verdict };
  }

  it('is one that fails now, though another one has failed more often before', async () => {
    const { run, count, verdict } = application('/over', '/now', '/some');
    run(4, () => count('/over', '503', 50));
    run(12, () => {
      count('/over', '200', 20);
      count('/now', '503', 1);
      count('/now', '200', 1);
      count('/some', '503', 1);
      count('/some', '200', 500);
    });
    const { route, text } = await verdict();
    expect(route).toEqual({ method: 'GET', route: '/now' });
    expect(text).toMatch(/^GET \/now has failed 50 % since .*; 1 more route fails/);
  });

  it('is one that fails now, though more others than are asked have failed more often before', async () => {
    const others = Array.from({ length: 20 }, (_, i) => `/over-${i}`);
    const { run, count, verdict } = application('/checkout', ...others);
    run(4, () => others.forEach((route) => count(route, '503', 100)));
    run(9);
    run(1, () => count('/checkout', '503', 10));
    const { state, route, text } = await verdict();
    expect([state, route]).toEqual(['critical', { method: 'GET', route: '/checkout' }]);
    expect(text).toMatch(/^GET \/checkout has failed 100 % since \d\d:\d\d UTC\.$/);
  });

  it('is said to have failed, and until when, once it no longer does', async () => {
    const { run, count, verdict } = application('/a', '/b');
    run(8, () => {
      count('/a', '503', 5);
      count('/a', '200', 5);
    });
    expect((await verdict()).text).toMatch(/^GET \/a has failed 50 % since /);
    run(3, () => count('/a', '200', 10));
    expect(await verdict()).toMatchObject({
      state: 'warning',
      text: expect.stringMatching(/^GET \/a failed 50 % from \d\d:\d\d UTC to \d\d:\d\d UTC\.$/),
      route: { method: 'GET', route: '/a' },
    });
    // Another one that fails now matters more.
    run(1, () => count('/b', '503', 3));
    expect((await verdict()).text).toMatch(/^3 of 3 requests of GET \/b have failed since [^;]*$/);
  });

  it('is not said to fail once it no longer does, of however many routes', async () => {
    const routes = Array.from({ length: 12 }, (_, i) => `/few-${i}`);
    const { run, count, verdict } = application(...routes);
    run(8, () => {
      for (const route of routes) count(route, '503', 1);
      for (const route of routes) count(route, '200', 99);
    });
    expect((await verdict()).text).toMatch(/^1 % of the requests fail, /);
    run(6, () => routes.forEach((route) => count(route, '200', 200)));
    expect((await verdict()).text).toMatch(/^No request fails any more /);
  });

  it('is not said to be over while a route fails that had fewer failures than many that are over', async () => {
    const over = Array.from({ length: 12 }, (_, i) => `/over-${i}`);
    const { run, count, verdict } = application('/goes-on', ...over);
    const fail = (route: string, failures: number) => {
      count(route, '503', failures);
      count(route, '200', 1_000 - failures);
    };
    run(8, () => {
      for (const route of over) fail(route, 10);
      fail('/goes-on', 5);
    });
    run(6, () => {
      for (const route of over) fail(route, 0);
      fail('/goes-on', 5);
    });
    expect((await verdict()).text).not.toContain('No request fails any more');
  });

  it('does not count those that no longer fail as more that do', async () => {
    const { run, count, verdict } = application('/now', '/few');
    run(8, () => {
      count('/now', '503', 10);
      count('/now', '200', 10);
      count('/few', '503', 1);
      count('/few', '200', 99);
    });
    expect((await verdict()).text).toMatch(/^GET \/now has failed 50 % since .*; 1 more route fails/);
    run(6, () => {
      count('/now', '503', 10);
      count('/few', '200', 200);
    });
    expect((await verdict()).text).toMatch(/^GET \/now has failed \d+ % since [^;]*$/);
  });

  it('is told once more as long as its failures are among those of the last minutes, as over', async () => {
    const { run, count, verdict } = application('/a');
    run(8, () => {
      count('/a', '503', 5);
      count('/a', '200', 5);
    });
    run(10, () => count('/a', '200', 10));
    const { state, text } = await verdict();
    expect(state).toBe('ok');
    expect(text).toMatch(
      /^No request fails any more \(\d+ % did, most of them GET \/a\): .* requests\/s over /,
    );
  });

  it('is critical while many requests fail, though few have failed for long', async () => {
    const { run, count, verdict } = application('/a');
    run(30, () => {
      count('/a', '200', 97);
      count('/a', '503', 3);
    });
    run(10, () => {
      count('/a', '200', 80);
      count('/a', '503', 20);
    });
    const { state, text } = await verdict();
    expect(state).toBe('critical');
    expect(text).toMatch(/^GET \/a has failed 7 % since /);
  });
});
