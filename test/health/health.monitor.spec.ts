import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type HealthMonitorOptions } from '../../lib/health/health.monitor.js';
import type { HealthCheck, HealthCheckAnswer, HealthTransition } from 'nestjs-monitoring';
import { HealthMonitor } from '../../lib/health/health.monitor.js';
import { MetricsRegistry } from '../../lib/metrics/registry.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { FakeClock, scalars, testRegistry } from '../metrics/support.js';
import { BEHAVIOURS, FOUND, ScriptedCheck } from './support.js';
import { FAILING_CALLBACKS } from '../support/failing-callbacks.js';
import { useFakeTimers } from '../support/fake-timers.js';

interface Watched {
  readonly monitor: HealthMonitor;
  readonly clock: FakeClock;
  readonly said: string[];
}

function watched(options: HealthMonitorOptions = {}): Watched {
  const clock = new FakeClock();
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  return { monitor: new HealthMonitor({ clock, logger: { log: say, warn: say }, ...options }), clock, said };
}

/** A check that finds what the test says. */
function scripted(name: string, answers: HealthCheckAnswer[]): HealthCheck & { calls: number } {
  return {
    name,
    calls: 0,
    check() {
      return answers[Math.min(this.calls++, answers.length - 1)] ?? { status: 'healthy' };
    },
  };
}

const UP = { status: 'healthy', message: 'up' } as const;
const DOWN = { status: 'unhealthy', message: 'down' } as const;

describe.each(BEHAVIOURS)('a check that is %s', (behaviour) => {
  describe.each([true, false])('and critical: %s', (critical) => {
    it.each([1_000, 0])('does not affect other checks, with a cache of %s ms', async (cacheMs) => {
      const { monitor, clock } = watched({ cacheMs });
      const check = new ScriptedCheck(behaviour, 'scripted', critical);
      monitor.addCheck(check);
      monitor.addCheck({ name: 'other', check: () => ({ status: 'healthy' }) });

      const report = await monitor.runHealthChecks();

      const { isUp, message } = FOUND[behaviour];
      const status = isUp ? 'healthy' : critical ? 'unhealthy' : 'degraded';
      expect(report).toEqual({
        status,
        timestamp: '2023-11-14T22:13:20.000Z',
        checks: {
          lifecycle: { status: 'healthy', message: 'The application is ready', durationMs: 0 },
          scripted: { status, message, durationMs: 0 },
          other: { status: 'healthy', message: 'OK', durationMs: 0 },
        },
      });

      await monitor.runHealthChecks();
      expect(check.calls).toBe(cacheMs === 0 ? 2 : 1);
      clock.advance(1_001);
      await monitor.runHealthChecks();
      expect(check.calls).toBe(cacheMs === 0 ? 3 : 2);
    });
  });
});

describe('the duration of a check', () => {
  it.each([
    [0, 0],
    [1.0722630000000208, 1.07],
    [0.004, 0],
    [0.005_1, 0.01],
    [12_345.678_9, 12_345.68],
    [3_000.000_000_001, 3_000],
  ])('is rounded: %d ms are shown as %d', async (took, shown) => {
    let now = 0;
    const monitor = new HealthMonitor({ clock: { now: () => now, monotonic: () => now } });
    monitor.addCheck({
      name: 'slow',
      check: () => {
        now += took;
        return { status: 'healthy' };
      },
    });
    expect((await monitor.runHealthChecks()).checks['slow']?.durationMs).toBe(shown);
    monitor.stop();
  });
});

describe('a health report', () => {
  it('has the status of the worst check', async () => {
    const { monitor } = watched();
    expect((await monitor.runHealthChecks()).status).toBe('healthy');
    for (const status of ['degraded', 'unhealthy', 'critical'] as const) {
      monitor.addCheck({ name: status, check: () => ({ status }) });
      expect((await monitor.runHealthChecks()).status).toBe(status);
    }
  });

  it('has the status, message and details of each check', async () => {
    const { monitor } = watched();
    monitor.addCheck({
      name: 'disk',
      check: () => ({ status: 'degraded', message: 'High disk usage: 82%', details: { free_gb: 18.5 } }),
    });

    expect(await monitor.runHealthChecks(['disk'])).toEqual({
      status: 'degraded',
      timestamp: '2023-11-14T22:13:20.000Z',
      checks: {
        disk: {
          status: 'degraded',
          message: 'High disk usage: 82%',
          details: { free_gb: 18.5 },
          durationMs: 0,
        },
      },
    });
  });

  it('runs the checks concurrently', async () => {
    const { monitor } = watched();
    const open: (() => void)[] = [];
    for (const name of ['a', 'b', 'c']) {
      monitor.addCheck({
        name,
        check: () => new Promise((resolve) => open.push(() => resolve({ status: 'healthy' }))),
      });
    }
    const report = monitor.runHealthChecks();
    await eventually(() => expect(open).toHaveLength(3));
    for (const end of open) end();

    expect((await report).status).toBe('healthy');
  });

  it('can cover some checks only, and reports an unknown name', async () => {
    const { monitor } = watched();
    monitor.addCheck(scripted('a', [UP]));
    monitor.addCheck(scripted('b', [DOWN]));

    const { status, checks } = await monitor.runHealthChecks(['a', 'gone']);
    expect([status, Object.keys(checks)]).toEqual(['unhealthy', ['a', 'gone']]);
    expect(checks['gone']?.message).toBe('Unknown health check');
  });

  it('can be serialized as JSON, whatever a check returns', async () => {
    const { monitor } = watched();
    const circle: Record<string, unknown> = {};
    circle['circle'] = circle;
    const details: Record<string, Record<string, unknown>> = {
      circle,
      bigint: { count: 10n },
      huge: { text: 'x'.repeat(100_000) },
      getter: Object.defineProperty({}, 'bad', {
        enumerable: true,
        get: () => {
          throw new Error('no');
        },
      }),
    };
    for (const [name, value] of Object.entries(details)) {
      monitor.addCheck({ name, check: () => ({ status: 'healthy', details: value }) });
    }
    monitor.addCheck({
      name: 'longWinded',
      check: () => {
        throw new Error('x'.repeat(100_000));
      },
    });
    monitor.addCheck({
      name: 'unspeakable',
      check: () => {
        throw Object.create(null);
      },
    });

    const report = await monitor.runHealthChecks();
    expect(JSON.stringify(report).length).toBeLessThan(5_000);
    expect(report.checks['huge']?.details).toEqual({ omitted: '100011 characters' });
    expect(report.checks['circle']).toMatchObject({ status: 'healthy' });
    expect(report.checks['unspeakable']?.status).toBe('unhealthy');
  });
});

describe('a check', () => {
  it('runs once for concurrent reports', async () => {
    const { monitor } = watched({ cacheMs: 0 });
    const check = new ScriptedCheck('slow');
    monitor.addCheck(check);

    const reports = await Promise.all(Array.from({ length: 100 }, () => monitor.runHealthChecks()));
    expect(check.calls).toBe(1);
    expect(new Set(reports.map(({ status }) => status))).toEqual(new Set(['healthy']));
  });

  it('does not share its result with a later check of the same name', async () => {
    const { monitor } = watched();
    const remove = monitor.addCheck(scripted('svc', [UP]));
    await monitor.runHealthChecks();
    remove();
    monitor.addCheck(scripted('svc', [DOWN]));

    expect((await monitor.runHealthChecks()).checks['svc']?.message).toBe('down');
    remove();
    expect(monitor.checkNames).toEqual(['svc']);
  });

  it('has its signal aborted at its time limit, and when it is removed', async () => {
    const { monitor } = watched({ cacheMs: 0 });
    const check = new ScriptedCheck('hanging');
    monitor.addCheck(check);
    await monitor.runHealthChecks();
    expect(check.signals[0]?.aborted).toBe(true);

    void monitor.runHealthChecks();
    await eventually(() => expect(check.calls).toBe(2));
    monitor.removeCheck('scripted');
    expect(check.signals[1]?.aborted).toBe(true);
  });

  it('does not abort the signal of a check that ended in time', async () => {
    const { monitor } = watched();
    const check = new ScriptedCheck('ok', 'scripted', true, 5);
    monitor.addCheck(check);
    await monitor.runHealthChecks();
    await sleep(20);
    expect(check.signals[0]?.aborted).toBe(false);
  });

  it('is not called while three earlier calls are pending, and is called again after a minute', async () => {
    const { monitor, clock } = watched({ cacheMs: 0 });
    const check = new ScriptedCheck('hanging', 'scripted', true, 1);
    monitor.addCheck(check);
    for (let i = 0; i < 10; i++) await monitor.runHealthChecks();
    expect(check.calls).toBe(3);
    expect((await monitor.runHealthChecks()).checks['scripted']?.message).toBe(
      '3 earlier calls are still pending',
    );

    clock.advance(60_001);
    await monitor.runHealthChecks();
    expect(check.calls).toBe(4);
  });

  it('changes its status only after the configured number of consecutive failures or successes', async () => {
    const { monitor } = watched({ cacheMs: 0 });
    const answers = [UP, DOWN, UP, DOWN, DOWN, DOWN, UP, DOWN, UP, UP];
    monitor.addCheck({ ...scripted('db', answers), failureThreshold: 3, successThreshold: 2 });

    const seen: string[] = [];
    for (let i = 0; i < answers.length; i++) {
      const { db } = (await monitor.runHealthChecks()).checks;
      seen.push(`${db?.status} ${db?.message}`);
    }
    expect(seen).toEqual([
      'healthy up',
      'healthy down (failure 1 of 3)',
      'healthy up',
      'healthy down (failure 1 of 3)',
      'healthy down (failure 2 of 3)',
      'unhealthy down',
      'unhealthy up (success 1 of 2)',
      'unhealthy down',
      'unhealthy up (success 1 of 2)',
      'healthy up',
    ]);
  });

  it('recovers at the first success by default', async () => {
    const { monitor } = watched({ cacheMs: 0 });
    monitor.addCheck(scripted('db', [UP, DOWN, UP]));
    const statuses: string[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await monitor.runHealthChecks()).status);
    expect(statuses).toEqual(['healthy', 'unhealthy', 'healthy']);
  });

  it.each<[string, unknown, string]>([
    [
      'a name',
      { name: '', check: () => UP },
      'The name of a health check must be a name such as "payments"; got the string "".',
    ],
    ['a function', { name: 'db', check: 7 }, '`check` of health check db must be a function; got 7.'],
    [
      'a time',
      { name: 'db', check: () => UP, timeoutMs: -1 },
      '`timeoutMs` of health check db must be a number of milliseconds from 1 to 2147483647; got -1.',
    ],
    [
      'a threshold',
      { name: 'db', check: () => UP, failureThreshold: 0 },
      '`failureThreshold` of health check db must be a whole number of at least 1; got 0.',
    ],
    [
      'another name',
      { name: 'lifecycle', check: () => UP },
      'A health check named `lifecycle` already exists. Choose another name.',
    ],
  ])('needs %s', (_, check, message) => {
    const { monitor } = watched();
    expect(() => monitor.addCheck(check as HealthCheck)).toThrow(message);
  });

  it('cannot have the name of another check', () => {
    const { monitor } = watched();
    monitor.addCheck(scripted('db', [UP]));
    expect(() => monitor.addCheck(scripted('db', [UP]))).toThrow(
      'A health check named `db` already exists. Choose another name.',
    );
  });
});

describe('a check with an interval', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('runs at the start and then once in each interval', async () => {
    useFakeTimers();
    const { monitor } = watched({ refreshIntervalMs: 2_000 });
    const check = new ScriptedCheck('ok');
    monitor.addCheck(check);
    monitor.start();
    expect(check.calls).toBe(1);
    await jest.advanceTimersByTimeAsync(1_999);
    expect(check.calls).toBe(1);
    await jest.advanceTimersByTimeAsync(4_001);
    expect(check.calls).toBe(4);
    monitor.stop();
  });

  it('runs in the background, and a report has its last result without waiting', async () => {
    const { monitor } = watched({ refreshIntervalMs: 10 });
    const check = new ScriptedCheck('slow');
    monitor.addCheck(check);
    const named: string[] = [];
    monitor.start((name) => {
      named.push(name);
      return () => void named.splice(named.indexOf(name), 1);
    });
    expect(named).toEqual(['monitoring.health.scripted']);
    await eventually(() => expect(check.calls).toBeGreaterThan(3));

    const { calls } = check;
    const before = performance.now();
    for (let i = 0; i < 1_000; i++) await monitor.runHealthChecks();
    const mayHaveRun = Math.ceil((performance.now() - before) / 10) + 1;
    expect(check.calls - calls).toBeLessThanOrEqual(mayHaveRun);

    monitor.stop();
    const atTheEnd = check.calls;
    await sleep(40);
    expect(check.calls).toBe(atTheEnd);
    expect(named).toEqual([]);
  });

  it('never overlaps itself', async () => {
    const { monitor } = watched({ refreshIntervalMs: 1 });
    let running = 0;
    let most = 0;
    let runs = 0;
    monitor.addCheck({
      name: 'db',
      check: async () => {
        most = Math.max(most, ++running);
        await sleep(10);
        running--;
        runs++;
        return UP;
      },
    });
    monitor.start();
    await eventually(() => expect(runs).toBeGreaterThan(3));
    monitor.stop();
    expect(most).toBe(1);
  });
});

describe('an application that shuts down', () => {
  it('runs no check any more, and reports the last results', async () => {
    const { monitor, said } = watched({ cacheMs: 0 });
    const check = new ScriptedCheck('ok');
    monitor.addCheck(check);
    await monitor.runHealthChecks();
    monitor.enter('draining');

    const { status, checks } = await monitor.runHealthChecks();
    expect(check.calls).toBe(1);
    expect(status).toBe('unhealthy');
    expect(checks['scripted']?.status).toBe('healthy');
    expect(said).toEqual([]);
  });
});

describe('a transition', () => {
  it('is passed to every handler, with the result', async () => {
    const { monitor } = watched({ cacheMs: 0 });
    const told: HealthTransition[] = [];
    const end = monitor.onTransition((transition) => void told.push(transition));
    monitor.addCheck(scripted('db', [UP, DOWN, DOWN, UP, DOWN]));
    for (let i = 0; i < 4; i++) await monitor.runHealthChecks();

    const timestamp = '2023-11-14T22:13:20.000Z';
    expect(told).toEqual([
      { check: 'db', from: 'healthy', to: 'unhealthy', result: { ...DOWN, durationMs: 0 }, timestamp },
      { check: 'db', from: 'unhealthy', to: 'healthy', result: { ...UP, durationMs: 0 }, timestamp },
    ]);
    end();
    await monitor.runHealthChecks();
    expect(told).toHaveLength(2);
  });

  it.each(FAILING_CALLBACKS)(
    'is passed to every handler even if another one %s, which is counted and logged once',
    async (_, fails) => {
      const { registry, warnings } = testRegistry();
      const { monitor } = watched({ cacheMs: 0, registry });
      const told: string[] = [];
      monitor.onTransition(fails);
      monitor.onTransition(({ to }) => void told.push(to));
      monitor.addCheck(scripted('db', [DOWN, UP]));

      for (let i = 0; i < 2; i++) await monitor.runHealthChecks();
      expect(told).toEqual(['unhealthy', 'healthy']);
      await eventually(() =>
        expect(scalars(registry, 'monitoring_callback_errors_total')).toMatchObject([
          { labels: { callback: 'health.onTransition' }, value: 2 },
        ]),
      );
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(/^Callback "health.onTransition" failed: /);
    },
  );

  it('is passed to handlers that fail without a registry, where each error is logged', async () => {
    const { monitor, said } = watched({ cacheMs: 0 });
    monitor.onTransition(() => Promise.reject(new Error('no mail')));
    monitor.addCheck(scripted('db', [DOWN]));

    expect((await monitor.runHealthChecks()).status).toBe('unhealthy');
    await eventually(() =>
      expect(said.toSorted()).toEqual([
        'A handler of health transitions failed: no mail',
        'Health check `db` is unhealthy: down',
      ]),
    );
  });

  it('is logged once, not at every failure', async () => {
    const { monitor, said } = watched({ cacheMs: 0 });
    monitor.addCheck(scripted('db', [UP, DOWN, DOWN, DOWN, UP, UP]));
    for (let i = 0; i < 6; i++) await monitor.runHealthChecks();
    expect(said).toEqual(['Health check `db` is unhealthy: down', 'Health check `db` is healthy again: up']);
  });
});

describe('the metrics of health', () => {
  it('show the status of each check, its duration and its status changes', async () => {
    const registry = new MetricsRegistry();
    const { monitor } = watched({ cacheMs: 0, registry });
    monitor.addCheck(scripted('db', [UP, DOWN, UP]));
    monitor.addCheck({ ...scripted('mail', [DOWN]), critical: false });
    for (let i = 0; i < 3; i++) await monitor.runHealthChecks();

    expect(scalars(registry, 'monitoring_health_status')).toMatchObject([
      { labels: { check: 'db' }, value: 1 },
      { labels: { check: 'mail' }, value: 0.5 },
    ]);
    const transitions = scalars(registry, 'monitoring_health_transitions_total').map(
      ({ labels, value }) => `${labels['check']} ${labels['status']} ${value}`,
    );
    expect(transitions.toSorted()).toEqual(['db healthy 1', 'db unhealthy 1', 'mail degraded 1']);
    monitor.removeCheck('db');
    expect(scalars(registry, 'monitoring_health_status')).toHaveLength(1);
  });
});
