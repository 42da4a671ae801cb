import { beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { AlertRule } from 'nestjs-monitoring';
import type { HealthReport } from '../../../lib/health/health-report.js';
import { DashboardAlerts } from '../../../lib/dashboard/dashboard-alerts.js';
import { VerdictReader } from '../../../lib/dashboard/now/verdict-reader.js';
import type { VerdictCause } from '../../../lib/dashboard/now/verdict-facts.js';
import { MINUTE, SECOND, testAlerting } from '../../alerting/support.js';
import { past } from '../../history/support.js';

/** A rule about the requests of all routes. */
const REQUESTS_FAIL: AlertRule = {
  name: 'requests_fail',
  severity: 'critical',
  message: 'Requests fail.',
  condition: {
    metric: 'http_requests_total',
    labels: { status_code: /5../ },
    aggregate: 'increase',
    windowMs: MINUTE,
    groupBy: [],
    operator: '>',
    threshold: 1,
  },
};
const DISK_IS_FULL: AlertRule = {
  name: 'disk_is_full',
  severity: 'critical',
  message: 'The disk is full.',
  condition: { metric: 'disk_used_ratio', operator: '>', threshold: 0.9 },
};

/** Rules about each route: one about its failures, the others about something else. */
const ofRoutes = (
  name: string,
  labels: Readonly<Record<string, RegExp>>,
  threshold: number,
  metric = 'http_requests_total',
): AlertRule => ({
  name,
  severity: 'critical',
  message: `${name}.`,
  condition: {
    metric,
    labels,
    aggregate: 'increase',
    windowMs: MINUTE,
    groupBy: ['route'],
    operator: '>',
    threshold,
  },
});
const ROUTE_FAILS = ofRoutes('route_fails', { status_code: /5../ }, 1);
const ROUTE_IS_MISUSED = ofRoutes('route_is_misused', { status_code: /4../ }, 10);
const ROUTE_IS_BUSY = ofRoutes('route_is_busy', {}, 100);

/** An application with its alerts, which is sampled every 15 s. */
function application({ evaluationIntervalMs = 15 * SECOND, rules = [] as readonly AlertRule[] } = {}) {
  const { registry, history, clock, alerting, step } = testAlerting({ intervalMs: evaluationIntervalMs });
  const requests = registry.counter('http_requests_total', 'Requests.', {
    labelNames: ['method', 'route', 'status_code'],
  });
  const outgoing = registry.counter('http_client_requests_total', 'Outgoing requests.', {
    labelNames: ['host', 'status_code'],
  });
  const disk = registry.gauge('disk_used_ratio', 'Used part of the disk.');
  disk.set(0.1);
  for (const metric of ['http_requests_total', 'http_client_requests_total']) history.retain({ metric });
  for (const rule of rules) alerting.addAlertRule(rule);
  alerting.start();
  const causes: VerdictCause[] = [];
  const checks: Record<string, HealthReport['checks'][string]> = {};
  const reader = new VerdictReader({
    history,
    records: { causes: (windowMs) => causes.filter(({ lastAt }) => lastAt >= clock.now() - windowMs) },
    blocks: { find: () => [] },
    timeline: { events: () => [] },
    alerting,
  });
  const rows = new DashboardAlerts(alerting, {} as never, {} as never);
  const told: string[] = [];
  const verdict = () =>
    reader.read({
      timestamp: clock.now(),
      health: { status: 'healthy', timestamp: '', checks },
      alerts: rows.alerts().filter(({ state }) => state !== 'resolved'),
      vitals: [],
    });
  return {
    clock,
    disk,
    causes,
    checks,
    verdict,
    /** The sentences with their states, without times and figures of traffic, each once in a row. */
    told,
    serve: (route: string, status: string, count: number): void =>
      requests.inc({ method: 'GET', route, status_code: status }, count),
    call: (host: string, status: string, count: number): void =>
      outgoing.inc({ host, status_code: status }, count),
    fails: (name: string, text: string): void =>
      void causes.unshift({
        name,
        hasFailed: true,
        cause: { kind: 'exception', text },
        maxDurationMs: 3,
        lastAt: clock.now(),
      }),
    run: async (steps: number, work: (index: number) => void = () => undefined): Promise<void> => {
      for (let i = 0; i < steps; i++) {
        await step(() => work(i));
        const { state, text } = await verdict();
        const line = `${state}: ${text.replaceAll(/\d\d:\d\d UTC/g, 'T').replace(/(?: \(.*\))?: [\d.]+ requests\/s .*/, '')}`;
        if (told.at(-1) !== line) told.push(line);
      }
    },
  };
}

describe('the verdict over an incident', () => {
  let app: ReturnType<typeof application>;
  const half = () => {
    app.serve('/a', '500', 5);
    app.serve('/a', '200', 5);
  };
  const well = () => app.serve('/a', '200', 10);

  it('stays with a short failure while the alert fires that it caused, however late that is evaluated', async () => {
    app = application({ evaluationIntervalMs: MINUTE, rules: [REQUESTS_FAIL] });
    await app.run(5, well);
    await app.run(1, half);
    await app.run(10, well);
    expect(app.told).toEqual([
      'ok: No request fails',
      'critical: GET /a has failed 50 % since T.',
      'warning: GET /a failed 50 % at T.',
      'critical: GET /a failed 50 % at T; alert requests_fail fires.',
      'warning: GET /a failed 50 % at T.',
      'ok: No request fails any more',
    ]);
  });

  it('names the critical alert that colours it, though it is a consequence of less severe failures', async () => {
    app = application({ rules: [ROUTE_FAILS] });
    const some = (percent: number) => () => {
      app.serve('/a', '200', 100 - percent);
      app.serve('/a', '500', percent);
    };
    await app.run(5, some(0));
    await app.run(2, some(5));
    expect(app.told.at(-1)).toBe('critical: GET /a has failed 5 % since T; alert route_fails fires.');
    expect(await app.verdict()).toMatchObject({ about: 'route_fails' });
    // Failures that are critical themselves need no other name.
    await app.run(12, some(50));
    expect(app.told.at(-1)).toMatch(/^critical: GET \/a has failed \d\d % since T\.$/);
    // A check that is down is a name, too.
    app.checks['database'] = { status: 'unhealthy', message: 'Refused.', durationMs: 1 };
    await app.run(1, some(50));
    expect(app.told.at(-1)).toMatch(/ since T; health check database is unhealthy\.$/);
  });

  it.each([
    ['requests of other statuses', ROUTE_IS_MISUSED, '404'],
    ['all requests', ROUTE_IS_BUSY, '200'],
  ])('is not about an alert of the same route about %s', async (_, rule, status) => {
    app = application({ rules: [{ ...rule, severity: 'warning' }] });
    const work = (failures: number) => () => {
      app.serve('/a', status, 100);
      app.serve('/a', '500', failures);
    };
    await app.run(4, work(20));
    const failing = await app.verdict();
    expect(failing.text).toMatch(/^GET \/a has failed 17 % since [^;]*$/);
    expect(failing).not.toHaveProperty('about');
    // Failures that are not worth a word do not hide it.
    await app.run(30, work(0));
    await app.run(3, (i) => work(Number(i === 0))());
    expect(await app.verdict()).toMatchObject({
      text: expect.stringContaining(rule.name),
      about: rule.name,
    });
  });

  it('is about the alert of the same route that counts its failures, however its rule selects them', async () => {
    for (const labels of [{ status_code: /5../ }, { status_code: /[45]../ }, { status_code: /503/ }]) {
      app = application({ rules: [ROUTE_IS_BUSY, ofRoutes('route_fails', labels, 1)] });
      await app.run(4, () => {
        app.serve('/a', '200', 100);
        app.serve('/a', '503', 50);
      });
      expect(await app.verdict()).toMatchObject({ about: 'route_fails' });
    }
  });

  it('says which host does not answer while no request fails, and when that is over', async () => {
    app = application();
    const clauses: string[] = [];
    const calls = async (steps: number, status: string, hosts: readonly string[]) => {
      for (let i = 0; i < steps; i++) {
        await app.run(1, () => {
          well();
          for (const host of hosts) app.call(host, status, 1);
        });
        const { text } = await app.verdict();
        const clause = text.slice(text.indexOf('; ') + 2).replace(/^\d+ %/, 'N %');
        if (clauses.at(-1) !== clause) clauses.push(clause);
      }
    };
    const both = ['rates.example', 'mail.example:587'];
    await calls(4, '200', both);
    await calls(8, 'error', ['rates.example']);
    await calls(8, '503', both);
    await calls(30, '200', both);
    expect(clauses).toEqual([
      'outgoing HTTP is normal.',
      'N % of the outgoing requests to rates.example fail.',
      'N % of the outgoing requests to rates.example fail; 1 more host fails.',
      'N % of the outgoing requests to rates.example failed.',
      'outgoing HTTP is normal.',
    ]);
  });

  it('says nothing of outgoing requests that fail now and then, or that are refused', async () => {
    app = application();
    await app.run(40, (i) => {
      well();
      app.call('rates.example', i % 3 === 0 ? 'error' : '200', 5);
      app.call('mail.example', '404', 5);
      // Once an hour, with a retry.
      if (i === 20) app.call('billing.example', '503', 2);
    });
    expect((await app.verdict()).text).toMatch(/; outgoing HTTP is normal\.$/);
    expect(app.told).toEqual(['ok: No request fails']);
  });

  it('has a sentence of its own for a critical alert of something else that began during a failure', async () => {
    app = application({ rules: [REQUESTS_FAIL, DISK_IS_FULL] });
    await app.run(5, well);
    await app.run(2, half);
    app.disk.set(0.95);
    await app.run(2, half);
    expect(await app.verdict()).toMatchObject({ state: 'critical', about: 'disk_is_full' });
    await app.run(4, well);
    expect(app.told.slice(1)).toEqual([
      'critical: GET /a has failed 50 % since T.',
      'critical: GET /a has failed 50 % since T; The disk is full, since T.',
      'critical: The disk is full, since T.',
    ]);
  });

  it('is as severe as the worst of what goes on, though less severe failures are named first', async () => {
    app = application({ rules: [DISK_IS_FULL] });
    app.checks['cache'] = { status: 'degraded', message: 'Slow.', durationMs: 1 };
    await app.run(1, well);
    expect(app.told).toEqual(['warning: Health check cache is degraded: Slow.']);
    app.disk.set(0.95);
    await app.run(4, () => app.serve('/a', '200', 100));
    await app.run(2, () => {
      app.serve('/a', '200', 95);
      app.serve('/a', '500', 5);
    });
    expect(app.told.slice(1)).toEqual([
      'critical: The disk is full, since T.',
      'critical: GET /a has failed 5 % since T; health check cache is degraded; The disk is full, since T.',
    ]);
    app.disk.set(0.1);
    app.checks['database'] = { status: 'unhealthy', message: 'Refused.', durationMs: 1 };
    await app.run(1, () => app.serve('/a', '500', 5));
    expect(app.told.at(-1)).toMatch(/^critical: GET \/a .*; health check database is unhealthy\.$/);
    // It goes on, and the failures do not.
    await app.run(5, () => app.serve('/a', '200', 100));
    expect(app.told.at(-1)).toBe(
      'critical: Health check database is unhealthy: Refused; 1 more check fails.',
    );
  });

  it('says when a route failed last that nobody asks any more, until its failures are old', async () => {
    app = application();
    const others = () => app.serve('/b', '200', 10);
    await app.run(5, others);
    await app.run(2, () => {
      others();
      app.serve('/a', '500', 5);
    });
    await app.run(25, others);
    expect(app.told).toEqual([
      'ok: No request fails',
      'critical: 5 of 5 requests of GET /a have failed since T.',
      'critical: GET /a has failed 100 % since T.',
      'warning: GET /a failed 100 % from T to T, no request since.',
      'ok: No request fails',
    ]);
  });

  it('says of one request an hour that it failed, and nothing of it later', async () => {
    app = application();
    await app.run(3);
    await app.run(240, (i) => {
      if (i !== 10) return;
      app.serve('/a', '500', 1);
      app.fails('GET /a', 'TypeError.');
    });
    expect(app.told.filter((line) => !line.startsWith('ok: No requests in'))).toEqual([
      'ok: Waiting for the first requests.',
      'critical: 1 of 1 requests of GET /a have failed since T: TypeError.',
      'warning: 1 of 1 requests of GET /a failed at T, no request since: TypeError.',
    ]);
    expect(app.told.at(-1)).toBe('ok: No requests in the last 5 min.');
  });

  it('does not come back to failures after which a request has succeeded', async () => {
    app = application();
    await app.run(3, () => app.serve('/b', '200', 10));
    await app.run(60, (i) => {
      app.serve('/b', '200', 10);
      if (i % 10 === 0) app.serve('/a', i === 0 ? '500' : '200', 1);
    });
    expect(app.told.filter((line) => line.includes('no request since'))).toHaveLength(1);
    expect(app.told.at(-1)).toMatch(/^ok: /);
  });

  it('keeps to a route that always fails, though it is asked but once a minute', async () => {
    app = application();
    await app.run(8, (i) => i % 4 === 0 && app.serve('/cron', '500', 1));
    app.told.length = 0;
    await app.run(20, (i) => i % 4 === 0 && app.serve('/cron', '500', 1));
    for (const line of app.told)
      expect(line).toMatch(/^critical: \d of \d requests of GET \/cron have failed since/);
  });

  it('names of two routes that fail one after the other the one that does', async () => {
    app = application();
    await app.run(8, () => {
      app.serve('/a', '500', 5);
      app.serve('/b', '200', 10);
    });
    await app.run(8, () => {
      app.serve('/a', '200', 10);
      app.serve('/b', '500', 3);
      app.serve('/b', '200', 7);
    });
    await app.run(25, () => {
      app.serve('/a', '200', 10);
      app.serve('/b', '200', 10);
    });
    expect(app.told.slice(-5)).toEqual([
      'critical: GET /a has failed 100 % since T.',
      'critical: GET /b has failed 30 % since T.',
      'warning: GET /b failed 30 % from T to T.',
      'ok: No request fails any more',
      'ok: No request fails',
    ]);
  });

  it('names failures from the start on, and ends each of them once', async () => {
    app = application();
    app.fails('GET /a', 'TypeError.');
    expect((await app.verdict()).text).toBe('GET /a fails: TypeError.');
    await app.run(5, () => app.serve('/a', '500', 3));
    await app.run(30, () => app.serve('/a', '200', 30));
    expect(app.told.slice(3)).toEqual([
      'critical: GET /a has failed 100 % since T: TypeError.',
      'warning: GET /a failed 100 % from T to T: TypeError.',
      'ok: No request fails any more',
      'ok: No request fails',
    ]);
  });

  it('does not say that a route is well which fails less than before, but not little', async () => {
    app = application();
    await app.run(4, () => app.serve('/a', '500', 10));
    await app.run(16, () => {
      app.serve('/a', '500', 1);
      app.serve('/a', '200', 10);
    });
    for (const line of app.told) expect(line).toMatch(/^critical: (?:GET \/a has|\d.* have) failed /);
  });

  it('has the cause of these failures, not of those before', async () => {
    app = application();
    for (let i = 0; i < 3; i++) app.fails('GET /a', 'RangeError.');
    await app.run(2, half);
    await app.run(14, well);
    app.fails('GET /a', 'TypeError.');
    app.causes.reverse();
    await app.run(1, half);
    expect(app.told.at(-1)).toBe('critical: GET /a has failed 50 % since T: TypeError.');
  });

  it('is about a critical alert before any traffic rather than about a job that failed, which is soon over', async () => {
    app = application({ rules: [DISK_IS_FULL] });
    app.fails('sync-orders', 'TypeError.');
    await app.run(1);
    app.disk.set(0.95);
    await app.run(1);
    app.disk.set(0.1);
    await app.run(10);
    expect(app.told.filter((line) => !line.startsWith('ok: No requests in'))).toEqual([
      'warning: sync-orders fails: TypeError.',
      'critical: The disk is full, since T.',
      'warning: sync-orders fails: TypeError.',
    ]);
    expect(app.told.at(-1)).toBe('ok: No requests in the last 3 min.');
  });

  it('is about the alert that fires, not about its like that was resolved in the same minute', async () => {
    app = application({ rules: [DISK_IS_FULL] });
    app.disk.set(0.95);
    await app.run(1, well);
    app.disk.set(0.1);
    await app.run(1, well);
    app.disk.set(0.95);
    await app.run(1, well);
    expect(app.told).toEqual([
      'critical: The disk is full, since T.',
      'ok: No request fails',
      'critical: The disk is full, since T.',
    ]);
  });

  it('says nothing of the future after the clock was set back', async () => {
    app = application();
    app.fails('GET /a', 'TypeError.');
    await app.run(3, half);
    app.clock.jumpTo(app.clock.now() - 60 * MINUTE);
    app.told.length = 0;
    await app.run(5, () => app.serve('/a', '200', 1));
    expect(app.told.at(-1)).toBe('ok: No request fails');
    expect(app.told.join('\n')).not.toContain('fails: TypeError');
  });

  it('does not name as the slowest of these minutes what was slow before them', async () => {
    app = application();
    app.causes.push({
      name: 'GET /a',
      hasFailed: false,
      cause: { kind: 'slow_call', text: 'postgresql: SELECT took 90 % of 9 s.' },
      maxDurationMs: 9_000,
      lastAt: app.clock.now(),
    });
    await app.run(5, well);
    expect((await app.verdict()).text).toContain(
      '; the slowest was GET /a with 9 s: postgresql: SELECT took',
    );
    await app.run(20, well);
    expect((await app.verdict()).text).not.toContain('slowest');
  });
});

describe('the verdict over any traffic', () => {
  const ROUTES = ['/a', '/b', '/c'];
  const step = fc.record({
    ok: fc.constantFrom(0, 0, 1, 10, 1_000),
    failed: fc.constantFrom(0, 0, 0, 1, 10),
  });
  const phase = fc.record({
    length: fc.integer({ min: 1, max: 10 }),
    steps: fc.tuple(step, step, step),
  });

  interface Count {
    readonly at: number;
    readonly route: string;
    readonly ok: number;
    readonly failed: number;
  }
  let counts: Count[] = [];
  beforeEach(() => {
    counts = [];
  });

  it('says of no route that it fails, is over or is not asked if it is not so', async () => {
    const intervals = fc.constantFrom(1, 15, 60);
    const phases = fc.array(phase, { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(intervals, phases, async (seconds, all) => {
        counts = [];
        const intervalMs = seconds * SECOND;
        const { registry, history, run, clock } = past({ intervalMs });
        const requests = registry.counter('http_requests_total', 'Requests.', {
          labelNames: ['method', 'route', 'status_code'],
        });
        history.retain({ metric: 'http_requests_total' });
        const reader = new VerdictReader({
          history,
          records: { causes: () => [] },
          blocks: { find: () => [] },
          timeline: { events: () => [] },
          alerting: { intervalMs, rules: () => [] },
        });
        for (const { length, steps } of all) {
          for (let i = 0; i < length; i++) {
            run(1, () => {
              for (const [index, { ok, failed }] of steps.entries()) {
                const route = ROUTES[index]!;
                const labels = { method: 'GET', route };
                if (ok > 0) requests.inc({ ...labels, status_code: '200' }, ok);
                if (failed > 0) requests.inc({ ...labels, status_code: '500' }, failed);
                counts.push({ at: clock.now(), route, ok, failed });
              }
            });
            const health = { status: 'healthy', timestamp: '', checks: {} } as const;
            const now = clock.now();
            const verdict = await reader.read({ timestamp: now, health, alerts: [], vitals: [] });
            expectTruth(verdict, { now, intervalMs });
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  function expectTruth(
    { state, text, route: named }: Awaited<ReturnType<VerdictReader['read']>>,
    { now, intervalMs }: { readonly now: number; readonly intervalMs: number },
  ): void {
    const quietMs = Math.max(2 * MINUTE, 4 * intervalMs);
    const sum = (route: string | undefined, withinMs: number) =>
      counts
        .filter((each) => each.route === route && each.at > now - withinMs)
        .reduce((all, { ok, failed }) => ({ all: all.all + ok + failed, failed: all.failed + failed }), {
          all: 0,
          failed: 0,
        });
    const failsLately = (route: string) => sum(route, quietMs + intervalMs).failed > 0;
    const last = sum(named?.route, intervalMs);
    const wrong: string[] = [];
    const check = (isTrue: boolean, what: string) =>
      void (isTrue || wrong.push(`${what}: ${state}, ${text}`));
    if (/ (?:has|have) failed /.test(text)) {
      check(failsLately(named!.route) && sum(named?.route, quietMs).all > 0, 'it does not fail');
    } else if (text.includes('no request since')) {
      check(sum(named?.route, Math.max(30 * SECOND, intervalMs)).all === 0, 'it is asked');
    } else if (/ failed (?:\d|at|from)/.test(text)) {
      check(last.all === 0 || last.failed / last.all <= 0.1, 'it is not over');
    }
    if (text.startsWith('No request fails')) {
      check(
        ROUTES.every((route) => sum(route, intervalMs).failed === 0),
        'a request fails',
      );
    }
    if (text.includes('of the requests fail,')) check(ROUTES.some(failsLately), 'none fails');
    if (state === 'ok') {
      const isBad = (route: string) => {
        const { all, failed } = sum(route, 5 * MINUTE);
        return sum(route, intervalMs).failed > 0 && failed / all > 0.1;
      };
      check(!ROUTES.some(isBad), 'it is not well');
    }
    const more = Number(/(\d+) more routes? fail/.exec(text)?.[1] ?? 0);
    check(
      more <= ROUTES.filter((route) => route !== named?.route && failsLately(route)).length,
      'no more fail',
    );
    expect(wrong).toEqual([]);
  }
});
