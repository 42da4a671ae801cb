import { describe, expect, it } from '@jest/globals';
import type { RouteSelection } from '../../../lib/dashboard/routes/route-list.js';
import { MINUTE } from '../../history/support.js';
import { resultOf, type RoutesOfThePast, routesOfThePast, selectionOf } from './support.js';

const RANGE = { rangeMs: 5 * MINUTE };
const HOSTILE = '/"><img src=x>\n{route="/x"}';

function list({ queries }: RoutesOfThePast, selection: Partial<RouteSelection> = {}) {
  return resultOf(queries.list(selectionOf(selection), RANGE));
}

/** Five minutes in which all is well and five in which two routes have trouble, of samples every 15 s. */
function trouble(): RoutesOfThePast {
  const all = routesOfThePast();
  all.sample();
  for (const isNow of [false, true]) {
    all.run(20, () => {
      all.serve({ route: '/fine', count: 10, seconds: 0.05 });
      all.serve({ route: '/slower', count: 4, seconds: isNow ? 0.5 : 0.1 });
      all.serve({ route: '/reports', count: 3, seconds: 0.4 });
      if (isNow) all.serve({ route: '/reports', status: 500, count: 1, seconds: 0.01 });
      all.serve({ method: 'POST', route: '/orders', status: isNow ? 404 : 201, count: 2 });
    });
  }
  return all;
}

describe('the list of routes', () => {
  it('begins with what fails, and says why by the limits of the application', () => {
    const { routes, windowMs, beforeMs, omitted, count, severities } = list(trouble());
    expect(routes.map(({ method, route, severity }) => `${severity} ${method} ${route}`)).toEqual([
      'critical GET /reports',
      'warning GET /slower',
      'ok GET /fine',
      'ok POST /orders',
    ]);
    expect(routes[0]!.reason).toBe('25 % of 80 requests failed (limit 10 %).');
    expect(routes[1]!.reason).toMatch(
      /^The 95th percentile is (49|50)\d ms, [45](\.\d+)? times as long as before \(\d+ ms\)\.$/,
    );
    expect([windowMs, beforeMs, omitted, count]).toEqual([5 * MINUTE, 5 * MINUTE, 0, 4]);
    expect(severities).toEqual({ critical: 1, warning: 1, ok: 2 });
  });

  it('has the window before, the change, the impact and the trend of each', () => {
    const { routes, total, totalBefore } = list(trouble());
    const [reports, slower] = routes;
    expect(reports).toMatchObject({
      now: {
        requests: 80,
        errorPercent: 25,
        classes: { '2xx': 60, '5xx': 20 },
        statuses: { 200: 60, 500: 20 },
      },
      before: { requests: 60, errorPercent: 0 },
      change: { errorPercent: 25 },
      impact: { failurePercent: 100 },
    });
    expect(reports!.change!.perSecond).toBeCloseTo(80 / 60, 4);
    expect(reports!.now.mean).toBeCloseTo((60 * 0.4 + 20 * 0.01) / 80, 4);
    expect(slower!.change!.p95).toBeGreaterThan(4.8);
    const seconds = {
      '/reports': 60 * 0.4 + 20 * 0.01,
      '/slower': 80 * 0.5,
      '/fine': 200 * 0.05,
      '/orders': 40 * 0.05,
    };
    const all = Object.values(seconds).reduce((sum, each) => sum + each, 0);
    for (const { route, impact } of routes) {
      expect(impact.timePercent).toBeCloseTo((100 * seconds[route as keyof typeof seconds]) / all, 3);
    }
    expect(reports!.trend.requests).toHaveLength(6);
    for (const value of reports!.trend.requests) expect(value).toBeCloseTo(4 / 15, 2);
    for (const value of reports!.trend.failures) expect(value).toBeCloseTo(1 / 15, 1);
    expect(slower!.trend.failures).toEqual([]);
    expect(total).toMatchObject({ requests: 400, errorPercent: 5, clientErrorPercent: 10 });
    expect(totalBefore).toMatchObject({ requests: 380, errorPercent: 0 });
  });

  it('is about an earlier range if it is asked to', () => {
    const all = trouble();
    const until = all.history.lastSample! - 5 * MINUTE;
    const { routes, beforeMs } = resultOf(all.queries.list(selectionOf(), { ...RANGE, until }));
    expect(routes.every(({ severity }) => severity === 'ok')).toBe(true);
    expect(routes.find(({ route }) => route === '/reports')!.now.requests).toBe(60);
    expect(beforeMs).toBe(0);
  });

  it.each<[Partial<RouteSelection>, string[], number]>([
    [{ search: 'SLOW get' }, ['/slower'], 0],
    [{ search: 'nothing such' }, [], 0],
    [{ status: '4xx' }, ['/orders'], 0],
    [{ status: '5xx' }, ['/reports'], 0],
    [{ sort: 'name' }, ['/fine', '/reports', '/slower', '/orders'], 0],
    [{ sort: 'name', reverse: true, limit: 1 }, ['/orders'], 3],
    [{ sort: 'rate', limit: 2 }, ['/fine', '/reports'], 2],
    [{ sort: 'p95', limit: 1 }, ['/slower'], 3],
    [{ sort: 'clientErrors', limit: 1 }, ['/orders'], 3],
    [{ sort: 'failures', limit: 1 }, ['/reports'], 3],
    [{ sort: 'change', limit: 1 }, ['/slower'], 3],
    [{ sort: 'impact', limit: 2 }, ['/reports', '/slower'], 2],
  ])('selects %j', (selection, expected, left) => {
    const { routes, omitted } = list(trouble(), selection);
    expect(routes.map(({ route }) => route)).toEqual(expected);
    expect(omitted).toBe(left);
  });

  it('counts the routes of each class among what is searched for', () => {
    const { classes, severities } = list(trouble(), { search: 'o', status: '5xx' });
    expect(classes).toEqual({ '2xx': 2, '3xx': 0, '4xx': 1, '5xx': 1 });
    expect(severities).toEqual({ critical: 1, warning: 1, ok: 1 });
  });

  it('calls a single failure in a quiet minute no more than worth a look', () => {
    const all = routesOfThePast();
    all.sample();
    all.run(20, (step) => step === 7 && all.serve({ route: '/quiet', status: 503, count: 1 }));
    const [quiet] = list(all).routes;
    expect(quiet).toMatchObject({ severity: 'warning', reason: '1 request of 1 failed.' });
  });

  it('measures the mean of a route by the limits of the application', () => {
    const all = routesOfThePast();
    all.sample();
    all.run(20, () => all.serve({ route: '/slow', count: 2, seconds: 2.5 }));
    const [slow] = list(all).routes;
    expect(slow).toMatchObject({
      severity: 'critical',
      reason: 'Requests took 2.5 s on average (limit 2 s).',
    });
  });

  it('compares with nothing right after the start, and over the time that is covered', () => {
    const all = routesOfThePast();
    all.sample();
    all.run(8, () => all.serve({ route: '/new', count: 15 }));
    const { windowMs, beforeMs, routes, totalBefore } = list(all);
    expect([windowMs, beforeMs, totalBefore]).toEqual([2 * MINUTE, 0, undefined]);
    expect(routes[0]!.now.perSecond).toBeCloseTo(1, 5);
    expect(routes[0]).not.toHaveProperty('change');
  });

  it('has a route that has gone silent, but none that was silent in both windows', () => {
    const all = routesOfThePast();
    all.sample();
    all.run(4, () => all.serve({ route: '/ancient', count: 1 }));
    all.run(40, (step) => step < 20 && all.serve({ route: '/silent', count: 2 }));
    const { routes } = list(all);
    expect(routes.map(({ route, now, change }) => [route, now.requests, change?.perSecond])).toEqual([
      ['/silent', 0, 0],
    ]);
  });

  it('is empty without requests', () => {
    const all = routesOfThePast();
    expect(list(all)).toMatchObject({ windowMs: 0, routes: [], count: 0, omitted: 0 });
    all.sample();
    expect(list(all)).toMatchObject({ routes: [], count: 0 });
  });

  it('keeps routes with odd names apart', () => {
    const all = routesOfThePast();
    all.sample();
    all.run(20, () => {
      for (const route of [HOSTILE, '__proto__', 'constructor', '/a b', '/a']) all.serve({ route, count: 1 });
      all.serve({ method: 'GET /a', route: 'b', count: 1 });
    });
    const { routes } = list(all, { sort: 'name' });
    expect(routes.map(({ now }) => now.requests)).toEqual([20, 20, 20, 20, 20, 20]);
    expect(routes.map(({ route }) => route)).toContain(HOSTILE);
    expect(list(all, { search: '{route=' }).routes.map(({ route }) => route)).toEqual([HOSTILE]);
  });

  it('computes the statistics once for a sample and a range, whatever is searched for', () => {
    const all = trouble();
    const first = resultOf(all.queries.all(RANGE));
    list(all, { search: 'x' });
    expect(resultOf(all.queries.all(RANGE))).toBe(first);
    all.run(1);
    expect(resultOf(all.queries.all(RANGE))).not.toBe(first);
  });
});
