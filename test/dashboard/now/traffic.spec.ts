import { describe, expect, it } from '@jest/globals';
import { leastShareOf } from '../../../lib/dashboard/now/failure-share.js';
import { readNow } from '../../../lib/dashboard/now/now-data.js';
import { failurePeriodOf, impactRows, readTraffic } from '../../../lib/dashboard/now/traffic.js';
import { inTimeSlices } from '../../../lib/primitives/time-slices.js';
import { MINUTE, past, SECOND } from '../../history/support.js';

function application() {
  const { registry, history, run, sample, clock } = past();
  const requests = registry.counter('http_requests_total', 'Requests.', {
    labelNames: ['method', 'route', 'status_code'],
  });
  const durations = registry.timer('http_request_duration_seconds', 'Durations.', {
    labelNames: ['method', 'route', 'status_code'],
  });
  const cpu = registry.counter('process_cpu_seconds_total', 'CPU.');
  for (const metric of [
    'http_requests_total',
    'http_request_duration_seconds',
    'process_cpu_seconds_total',
  ]) {
    history.retain({ metric });
  }
  const serve = (route: string, status: string, count: number, ms: number): void => {
    const labels = { method: 'GET', route, status_code: status };
    requests.inc(labels, count);
    for (let i = 0; i < count; i++) durations.observe(labels, ms);
  };
  return { history, run, sample, serve, clock, cpu };
}

describe('the routes by impact', () => {
  it('are those with most failures, then those that take most time', async () => {
    const { history, run, serve } = application();
    run(20, () => {
      serve('/heavy', '200', 1, 900);
      serve('/fast', '200', 10, 2);
      serve('/failing', '503', 3, 1);
      serve('/failing', '200', 1, 1);
    });
    const traffic = await inTimeSlices(readTraffic(history, 5 * MINUTE));
    expect(traffic.requests).toBeCloseTo(300, 0);
    expect(traffic.failures).toBeCloseTo(60, 0);
    const rows = impactRows(traffic, 2);
    expect(rows.map(({ route }) => route)).toEqual(['/failing', '/heavy']);
    expect(rows[0]).toMatchObject({ errorPercent: 75, failures: 60 });
    expect(rows[1]?.timeShare).toBeGreaterThan(0.9);
  });

  it('are none before the first sample', async () => {
    const { history } = application();
    expect(await inTimeSlices(readTraffic(history, MINUTE))).toMatchObject({ requests: 0, routes: [] });
    expect(failurePeriodOf(history, { method: 'GET', route: '/x' })).toBeUndefined();
  });
});

describe('the time since which a route fails', () => {
  it('is that of the first failure after two minutes without any', () => {
    const { history, run, serve, clock } = application();
    run(20, (i) => serve('/a', i < 2 ? '500' : '200', 4, 1));
    const began = clock.now();
    run(16, (i) => {
      serve('/a', '500', 3, 1);
      serve('/a', '200', i % 2, 1);
    });
    const period = failurePeriodOf(history, { method: 'GET', route: '/a' });
    expect(period?.since).toBe(began);
    expect(period?.share).toBeCloseTo(48 / 56, 2);
  });

  it('is not that of the few that fail all day', () => {
    const { history, run, serve, clock } = application();
    const background = (): void => {
      serve('/a', '200', 999, 1);
      serve('/a', '500', 1, 1);
    };
    run(30, background);
    const began = clock.now();
    run(8, () => {
      background();
      serve('/a', '500', 250, 1);
    });
    const route = { method: 'GET', route: '/a' };
    const period = failurePeriodOf(history, route, 0.01);
    expect(period?.since).toBe(began);
    expect(period?.share).toBeCloseTo(0.2, 2);
    expect(failurePeriodOf(history, route)?.share).toBeLessThan(0.06);
    run(10, background);
    expect(failurePeriodOf(history, route, 0.01)).toBeUndefined();
  });

  it('is not that of the few that fail all day where requests are few, too', async () => {
    const { history, run, serve, clock } = application();
    // Of fifteen requests a single one is many.
    run(240, (i) => {
      serve('/a', '200', 14, 1);
      serve('/a', i % 8 === 0 ? '500' : '200', 1, 1);
    });
    const began = clock.now();
    run(12, () => {
      serve('/a', '200', 12, 1);
      serve('/a', '500', 3, 1);
    });
    const { routes } = await inTimeSlices(readTraffic(history, 5 * MINUTE));
    const period = failurePeriodOf(history, routes[0]!, leastShareOf(routes[0]!));
    expect(period).toMatchObject({ since: began, failures: 36, requests: 180 });
  });

  it('is that of the sample before the first failure, whenever samples are taken', () => {
    const { history, sample, serve, clock } = application();
    for (const seconds of [15, 14, 16, 13]) {
      clock.advance(seconds * SECOND);
      serve('/a', '200', 499, 1);
      sample();
    }
    const began = clock.now();
    clock.advance(17 * SECOND);
    serve('/a', '200', 499, 1);
    serve('/a', '500', 1, 1);
    sample();
    const route = { method: 'GET', route: '/a' };
    expect(failurePeriodOf(history, route)?.since).toBe(began);
    expect(failurePeriodOf(history, route, 0.01)).toBeUndefined();
  });

  it('has an end once enough requests have succeeded, and a share of its own', () => {
    const { history, run, serve, clock } = application();
    run(20, () => serve('/a', '200', 4, 1));
    const began = clock.now();
    run(8, () => {
      serve('/a', '500', 2, 1);
      serve('/a', '200', 2, 1);
    });
    const ended = clock.now();
    const period = () => failurePeriodOf(history, { method: 'GET', route: '/a' });
    run(1, () => serve('/a', '200', 4, 1));
    expect(period()).toMatchObject({ since: began });
    expect(period()).not.toHaveProperty('until');
    run(3, () => serve('/a', '200', 4, 1));
    expect(period()).toMatchObject({ since: began, until: ended, failures: 16, requests: 32 });
    expect(period()?.share).toBeCloseTo(0.5, 2);
    run(1, () => serve('/a', '500', 2, 1));
    expect(period()).toMatchObject({ since: began, failures: 18 });
    expect(period()).not.toHaveProperty('until');
  });

  it('is none once it has been fine for some minutes', () => {
    const { history, run, serve } = application();
    run(4, () => serve('/a', '500', 3, 1));
    run(12, () => serve('/a', '200', 3, 1));
    expect(failurePeriodOf(history, { method: 'GET', route: '/a' })).toBeUndefined();
  });
});

describe('the time since which nobody asks a route that failed', () => {
  const ROUTE = { method: 'GET', route: '/a' };

  it('is that of its last request, once it is longer than twice the longest between two of them', () => {
    const { history, run, serve, clock } = application();
    run(1, () => serve('/a', '200', 1, 1));
    run(9, (i) => i % 3 === 0 && serve('/a', '500', 1, 1));
    const lastAsked = clock.now() - 30 * SECOND;
    run(4);
    expect(failurePeriodOf(history, ROUTE)).not.toHaveProperty('until');
    run(1);
    const silent = { until: lastAsked, silentSince: lastAsked, failures: 3, requests: 3, share: 1 };
    expect(failurePeriodOf(history, ROUTE)).toMatchObject(silent);
    run(8);
    expect(failurePeriodOf(history, ROUTE)).toMatchObject(silent);
    run(1, () => serve('/a', '500', 1, 1));
    expect(failurePeriodOf(history, ROUTE)).toMatchObject({ failures: 1 });
    expect(failurePeriodOf(history, ROUTE)).not.toHaveProperty('silentSince');
  });

  it('is that of a later success, if that is too little to know', () => {
    const { history, run, serve, clock } = application();
    run(4, () => serve('/a', '200', 4, 1));
    run(4, () => {
      serve('/a', '500', 1, 1);
      serve('/a', '200', 4, 1);
    });
    const until = clock.now();
    run(1, () => serve('/a', '200', 1, 1));
    const silentSince = clock.now();
    run(3);
    expect(failurePeriodOf(history, ROUTE)).toMatchObject({ until, silentSince, failures: 4, requests: 20 });
  });

  it('is none where enough requests have succeeded before it', () => {
    const { history, run, serve, clock } = application();
    run(4, () => serve('/a', '500', 4, 1));
    const until = clock.now();
    run(1, () => serve('/a', '200', 4, 1));
    run(4);
    expect(failurePeriodOf(history, ROUTE)).toMatchObject({ until });
    expect(failurePeriodOf(history, ROUTE)).not.toHaveProperty('silentSince');
    run(8);
    expect(failurePeriodOf(history, ROUTE)).toBeUndefined();
  });
});

describe('what changed', () => {
  it('is ranked, has the labels that tell series apart, and is nothing right after the start', async () => {
    const { history, run, serve, cpu } = application();
    run(4, () => {
      cpu.inc();
      serve('/a', '200', 4, 1);
    });
    const early = await inTimeSlices(readNow(history, { rangeMs: 15 * MINUTE }));
    expect(early.changes).toEqual([]);
    run(36, () => {
      cpu.inc();
      serve('/a', '200', 4, 1);
    });
    run(20, () => {
      cpu.inc();
      serve('/a', '200', 4, 1);
      serve('/a', '503', 40, 1);
    });
    const now = await inTimeSlices(readNow(history, { rangeMs: 15 * MINUTE }));
    expect(now.changeWindowMs).toBe(5 * MINUTE);
    expect(now.changes[0]).toMatchObject({ labels: { status_code: '503' }, before: 0, unit: 'per second' });
    expect(now.changes[0]?.now).toBeCloseTo((40 / (15 * SECOND)) * SECOND, 0);
    expect(now.changes.map(({ metric }) => metric)).not.toContain('process_cpu_seconds_total');
  });
});
