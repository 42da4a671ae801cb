import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OptionalGauge } from '../../lib/collectors/optional-gauge.js';
import { RunningCollectors } from '../../lib/collectors/running-collectors.js';
import type { ManagedCollector } from '../../lib/collectors/managed-collector.js';
import type { RegisterTimer } from '../../lib/primitives/register-timer.js';
import { family, scalars, testRegistry } from '../metrics/support.js';
import { unreachable } from '../support/expectations.js';
import { useFakeTimers } from '../support/fake-timers.js';

beforeEach(() => {
  useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});
afterEach(() => void jest.useRealTimers());

const broken = (): void => {
  throw new Error('no permission');
};

const never = (): Promise<void> => new Promise(() => undefined);

/** Collectors of one application, and what is said of them. */
function application() {
  const tested = testRegistry();
  const { registry, clock } = tested;
  const running = new RunningCollectors(registry, clock);
  const success = (name: string) =>
    scalars(registry, 'monitoring_collector_success').find(({ labels }) => labels['collector'] === name)
      ?.value;
  const seconds = (name: string) =>
    scalars(registry, 'monitoring_collector_duration_seconds').find(
      ({ labels }) => labels['collector'] === name,
    )?.value;
  const names = () => registry.snapshot().families.map(({ name }) => name);
  return { ...tested, running, success, seconds, names };
}

/** A collector on a beat of 10 s that does what it is told to. */
function onBeat(
  collect: ManagedCollector['collect'],
  more: Partial<ManagedCollector> = {},
): ManagedCollector {
  return { name: 'disk', metricNames: ['disk_free_bytes'], intervalMs: 10_000, ...more, collect };
}

describe('a scheduled collector', () => {
  it('runs when the application serves and then at its interval, not at a scrape', async () => {
    const { registry, running } = application();
    const free = registry.gauge('disk_free_bytes', 'Free.');
    let runs = 0;
    running.add(onBeat(() => free.set(++runs * 100)));
    await registry.collect();
    expect(runs).toBe(0);
    running.startSchedules();
    void running.runSchedules();
    expect(runs).toBe(1);
    for (let i = 0; i < 3; i++) {
      expect(scalars(await registry.collect(), 'disk_free_bytes')).toMatchObject([{ value: 100 }]);
    }
    await jest.advanceTimersByTimeAsync(9_999);
    expect(runs).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(scalars(await registry.collect(), 'disk_free_bytes')).toMatchObject([{ value: 200 }]);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(runs).toBe(4);
  });

  it('makes the first scrape wait for the first run', async () => {
    const { registry, running } = application();
    const free = registry.gauge('disk_free_bytes', 'Free.');
    running.add(
      onBeat(async () => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        free.set(7);
      }),
    );
    running.startSchedules();
    const first = registry.collect();
    await jest.advanceTimersByTimeAsync(300);
    expect(scalars(await first, 'disk_free_bytes')).toMatchObject([{ value: 7 }]);
  });

  it('runs for the first time at a scrape that comes before', async () => {
    const { registry, running } = application();
    const free = registry.gauge('disk_free_bytes', 'Free.');
    let runs = 0;
    running.add(onBeat(() => free.set(++runs * 100)));
    running.startSchedules();
    expect(runs).toBe(0);
    expect(scalars(await registry.collect(), 'disk_free_bytes')).toMatchObject([{ value: 100 }]);
    await running.runSchedules();
    expect(runs).toBe(1);
  });

  it('that is stopped before its first run never runs', async () => {
    const { running } = application();
    const collect = jest.fn<() => void>();
    const remove = running.add(onBeat(collect));
    running.startSchedules();
    remove();
    await running.runSchedules();
    running.add(onBeat(collect));
    running.stop();
    await running.runSchedules();
    expect(collect).toHaveBeenCalledTimes(1);
  });

  it('runs at once if it is added while the application serves', async () => {
    const { running } = application();
    running.startSchedules();
    await running.runSchedules();
    const collect = jest.fn<() => void>();
    running.add(onBeat(collect));
    expect(collect).toHaveBeenCalledTimes(1);
  });

  it('reports the duration of its run, not of the scrape', async () => {
    const { registry, running, clock, success, seconds } = application();
    running.add(
      onBeat(async () => {
        await Promise.resolve();
        clock.advance(250);
      }),
    );
    running.startSchedules();
    await registry.collect();
    expect([success('disk'), seconds('disk')]).toEqual([1, 0.25]);
  });

  it.each<[string, ManagedCollector['collect']]>([
    [
      'throws',
      () => {
        throw new Error('no such device');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no such device'))],
    ['rejects without a reason', () => Promise.reject()],
  ])('that %s is left out until a run succeeds, and logged once', async (_, fail) => {
    const { registry, running, success, names, warnings } = application();
    const free = registry.gauge('disk_free_bytes', 'Free.');
    const fine = registry.gauge('load', 'Load.');
    let works = true;
    running.add(onBeat((signal) => (works ? free.set(1) : fail(signal))));
    running.add({ name: 'load', metricNames: ['load'], intervalMs: 10_000, collect: () => fine.inc() });
    running.startSchedules();
    await registry.collect();
    expect(names()).toContain('disk_free_bytes');
    works = false;
    for (let i = 0; i < 2; i++) {
      await jest.advanceTimersByTimeAsync(10_000);
      await registry.collect();
      await registry.collect();
    }
    expect([success('disk'), success('load'), fine.value()]).toEqual([0, 1, 3]);
    expect(names()).not.toContain('disk_free_bytes');
    expect(warnings.filter((warning) => warning.startsWith('Collector disk failed'))).toHaveLength(1);
    works = true;
    await jest.advanceTimersByTimeAsync(10_000);
    await registry.collect();
    expect(success('disk')).toBe(1);
    expect(names()).toContain('disk_free_bytes');
  });

  it('that hangs is timed out and aborted, and skips its intervals until the run has ended', async () => {
    const { registry, running, success, warnings } = application();
    const signals: AbortSignal[] = [];
    const ends: (() => void)[] = [];
    running.add(
      onBeat(
        (signal) => {
          signals.push(signal);
          return new Promise<void>((resolve) => ends.push(resolve));
        },
        { intervalMs: 100, timeoutMs: 250 },
      ),
    );
    running.startSchedules();
    void running.runSchedules();
    await jest.advanceTimersByTimeAsync(249);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await jest.advanceTimersByTimeAsync(1);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    await jest.advanceTimersByTimeAsync(1_000);
    await registry.collect();
    expect([signals.length, success('disk')]).toEqual([1, 0]);
    expect(warnings).toEqual(['Collector disk failed: timed out after 250 ms']);
    ends.pop()?.();
    await jest.advanceTimersByTimeAsync(100);
    expect(signals).toHaveLength(2);
    ends.pop()?.();
    await jest.advanceTimersByTimeAsync(0);
    await registry.collect();
    expect(success('disk')).toBe(1);
  });

  it('leaves no timer and no pending run when the application stops', async () => {
    const { registry, running, success } = application();
    const signals: AbortSignal[] = [];
    const stop = jest.fn<() => void>();
    running.add(
      onBeat(
        (signal) => {
          signals.push(signal);
          return never();
        },
        { stop },
      ),
    );
    running.startSchedules();
    void running.runSchedules();
    running.stop();
    await jest.advanceTimersByTimeAsync(0);
    expect(jest.getTimerCount()).toBe(0);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(stop).toHaveBeenCalledTimes(1);
    await registry.collect();
    expect(success('disk')).toBeUndefined();
    running.add(onBeat(() => unreachable()));
    running.startSchedules();
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('collectors of a running application', () => {
  it('run at once if added late, and report nothing once removed', async () => {
    const { registry, running, success } = application();
    running.startSchedules();
    const size = registry.gauge('pool_size', 'Size.', { labelNames: ['pool'] });
    const pools = ['users', 'deals'];
    const remove = running.add(
      onBeat(
        () => {
          size.reset();
          for (const pool of pools) size.set({ pool }, 1);
        },
        { name: 'pools', metricNames: ['pool_size'] },
      ),
    );
    expect(scalars(await registry.collect(), 'pool_size')).toHaveLength(2);
    pools.pop();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(scalars(await registry.collect(), 'pool_size')).toMatchObject([{ labels: { pool: 'users' } }]);
    remove();
    remove();
    await registry.collect();
    expect(success('pools')).toBeUndefined();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('register every timer by name, and unregister it', () => {
    const { running } = application();
    const there = new Map<string, NodeJS.Timeout>();
    const registerTimer: RegisterTimer = (name, timer) => {
      there.set(name, timer);
      return () => there.delete(name);
    };
    const remove = running.add(onBeat(() => undefined));
    running.add({ name: 'at_scrape', metricNames: [], collect: () => undefined });
    running.startSchedules(registerTimer);
    running.add(onBeat(() => undefined, { name: 'late' }));
    expect([...there.keys()]).toEqual(['monitoring.disk', 'monitoring.late']);
    expect([...there.values()].map((timer) => timer.hasRef())).toEqual([false, false]);
    remove();
    expect([...there.keys()]).toEqual(['monitoring.late']);
    running.stop();
    expect(there.size).toBe(0);
  });

  it('fail if `start()` throws, and are all stopped even if one `stop()` throws', async () => {
    const { registry, running, success, warnings } = application();
    const stopped: string[] = [];
    running.add(onBeat(() => undefined, { name: 'beat', start: broken }));
    running.add({ name: 'scrape', metricNames: [], start: broken, collect: () => undefined });
    running.add(onBeat(() => undefined, { name: 'first', stop: broken }));
    running.add(onBeat(() => undefined, { name: 'second', stop: () => void stopped.push('second') }));
    running.startSchedules();
    await registry.collect();
    expect([success('beat'), success('scrape'), success('first')]).toEqual([0, 0, 1]);
    expect(warnings.toSorted()).toEqual([
      'Collector beat failed: no permission',
      'Collector scrape failed: no permission',
    ]);
    running.stop();
    expect(stopped).toEqual(['second']);
  });

  it('are not started if monitoring is disabled', () => {
    const { registry, clock } = testRegistry({ enabled: false });
    const running = new RunningCollectors(registry, clock, false);
    const start = jest.fn<() => void>();
    running.add(onBeat(() => unreachable(), { start }));
    running.startSchedules();
    expect(start).not.toHaveBeenCalled();
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('an optional gauge', () => {
  it('exists only while its value is known', () => {
    const { registry, names } = application();
    const gauge = new OptionalGauge(registry, 'cpu_temperature_celsius', 'Temperature.');
    expect(names()).not.toContain('cpu_temperature_celsius');
    gauge.set(undefined);
    expect(names()).not.toContain('cpu_temperature_celsius');
    gauge.set(0);
    expect(family(registry, 'cpu_temperature_celsius').help).toBe('Temperature.');
    expect(scalars(registry, 'cpu_temperature_celsius')).toMatchObject([{ value: 0 }]);
    gauge.set(NaN);
    expect(names()).not.toContain('cpu_temperature_celsius');
    gauge.set(41);
    expect(scalars(registry, 'cpu_temperature_celsius')).toMatchObject([{ value: 41 }]);
  });
});
