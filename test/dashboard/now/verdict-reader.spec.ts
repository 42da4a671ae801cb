import { describe, expect, it } from '@jest/globals';
import { VerdictReader } from '../../../lib/dashboard/now/verdict-reader.js';
import { MINUTE, past, SECOND } from '../../history/support.js';

interface Block {
  readonly startedAt: number;
  readonly durationMs: number;
  readonly culprit: string;
}

/** Returns the verdict over an application whose event loop lags by some seconds, and was blocked. */
async function verdictWith(lag: number, blocks: (now: number) => Block[]): Promise<string> {
  const { registry, history, run, clock } = past({ intervalMs: 5 * SECOND, retentionMs: 10 * MINUTE });
  registry.gauge('nodejs_eventloop_lag_p99_seconds', 'Lag.').set(lag);
  history.retain({ metric: 'nodejs_eventloop_lag_p99_seconds' });
  run(3);
  const now = clock.now();
  const reader = new VerdictReader({
    history,
    records: { causes: () => [] },
    blocks: { find: () => blocks(now) },
    timeline: { events: () => [] },
  });
  const health = { status: 'healthy', timestamp: '', checks: {} } as const;
  const { text } = await reader.read({ timestamp: now, health, alerts: [], vitals: [] });
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
    expect(text).toContain('Reports.forecast blocked the event loop for 3533 ms');
    expect(text).not.toContain('native code');
  });

  it('is the lag where no block is known', async () => {
    expect(await verdictWith(0.3, () => [])).toContain('the event loop lags by 300 ms');
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
    const reader = new VerdictReader({
      history,
      records: { causes: () => [] },
      blocks: { find: () => [] },
      timeline: { events: () => [] },
    });
    const health = { status: 'healthy', timestamp: '', checks: {} } as const;
    const verdict = () => reader.read({ timestamp: clock.now(), health, alerts: [], vitals: [] });
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
