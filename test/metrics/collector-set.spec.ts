import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PrometheusExporter } from '../../lib/exporters/prometheus/prometheus.exporter.js';
import { type Collector } from 'nestjs-monitoring/metrics';
import { useFakeTimers } from '../support/fake-timers.js';
import { family, scalars, testRegistry } from './support.js';

const HOURS_MS = 3_600_000;

beforeEach(() => useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void jest.useRealTimers());

/** A registry with a gauge per collector, and how each collector did when it last ran. */
function collecting() {
  const tested = testRegistry();
  const { registry } = tested;
  const success = () =>
    Object.fromEntries(
      scalars(registry, 'monitoring_collector_success').map(({ labels, value }) => [
        labels['collector'],
        value,
      ]),
    );
  const seconds = (name: string) =>
    scalars(registry, 'monitoring_collector_duration_seconds').find(
      ({ labels }) => labels['collector'] === name,
    )?.value;
  const names = () => registry.snapshot().families.map(({ name }) => name);
  return { ...tested, success, seconds, names };
}

const never = (): Promise<void> => new Promise(() => undefined);

describe('collectors', () => {
  it('run at each collection, but not for a snapshot', async () => {
    const { registry, clock, success, seconds } = collecting();
    const free = registry.gauge('disk_free_bytes', 'Free.');
    let reading = 100;
    registry.addCollector({
      name: 'disk',
      metricNames: ['disk_free_bytes'],
      collect: async () => {
        await Promise.resolve();
        clock.advance(30);
        free.set(reading);
      },
    });
    registry.snapshot();
    expect(free.value()).toBe(0);
    expect(scalars(await registry.collect(), 'disk_free_bytes')).toMatchObject([{ value: 100 }]);
    reading = 90;
    expect(scalars(await registry.collect(), 'disk_free_bytes')).toMatchObject([{ value: 90 }]);
    expect(success()).toEqual({ disk: 1 });
    expect(seconds('disk')).toBe(0.03);
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each<[string, Collector['collect']]>([
    [
      'throws',
      () => {
        throw new Error('no such device');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no such device'))],
    ['rejects without a reason', () => Promise.reject()],
    ['rejects with what cannot be shown', () => Promise.reject(Object.create(null) as Error)],
    ['hangs', never],
  ])('stay unaffected by one that %s, which is logged once and can recover', async (_, collect) => {
    const { registry, success, warnings, names } = collecting();
    const [bad, good] = [registry.gauge('bad', 'Bad.'), registry.gauge('good', 'Good.')];
    const badCount = registry.counter('bad_reads_total', 'Bad reads.');
    let works = true;
    const metricNames = ['bad', 'bad_reads_total'];
    registry.addCollector({
      name: 'bad',
      metricNames,
      timeoutMs: 100,
      collect: (signal) => (works ? bad.set(1) : collect(signal)),
    });
    registry.addCollector({ name: 'good', metricNames: ['good'], collect: () => good.inc() });
    const run = async () => {
      const snapshot = registry.collect();
      await jest.advanceTimersByTimeAsync(100);
      return snapshot;
    };
    await run();
    badCount.inc();
    works = false;
    const snapshots = [await run(), await run()];
    for (const [i, snapshot] of snapshots.entries()) {
      const shown = snapshot.families.map(({ name }) => name);
      expect(shown).not.toContain('bad');
      expect(shown).toContain('bad_reads_total');
      expect(scalars(snapshot, 'good')).toMatchObject([{ value: i + 2 }]);
    }
    expect(success()).toEqual({ bad: 0, good: 1 });
    expect(warnings.filter((warning) => warning.startsWith('Collector bad failed'))).toHaveLength(1);
    expect(names()).not.toContain('bad');
    if (collect === never) return;
    works = true;
    expect(scalars(await run(), 'bad')).toMatchObject([{ value: 1 }]);
    expect(success()).toEqual({ bad: 1, good: 1 });
  });

  it('are logged again when they fail again after a recovery', async () => {
    const { registry, warnings } = collecting();
    let works = false;
    registry.addCollector({
      name: 'flaky',
      collect: () => (works ? undefined : Promise.reject(new Error('down'))),
    });
    for (const state of [false, false, true, false]) {
      works = state;
      await registry.collect();
    }
    expect(warnings).toEqual(['Collector flaky failed: down', 'Collector flaky failed: down']);
  });

  it('time out after five seconds by default, or after the time limit of the caller', async () => {
    const { registry, warnings } = collecting();
    registry.addCollector({ name: 'usual', collect: never });
    let done = false;
    void registry.collect().then(() => (done = true));
    await jest.advanceTimersByTimeAsync(4_999);
    expect(done).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(done).toBe(true);
    const hurried = registry.collect({ timeoutMs: 20 });
    await jest.advanceTimersByTimeAsync(20);
    await hurried;
    expect(warnings).toEqual(['Collector usual failed: timed out after 5000 ms']);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([[0], [1e-6], [1], [20], [-1], [NaN]])(
    'go on for the others when the %d ms of whoever asked first are over',
    async (timeoutMs) => {
      const { registry, success, warnings } = collecting();
      const [quick, slow] = [registry.gauge('quick', 'Quick.'), registry.gauge('slow', 'Slow.')];
      const signals: AbortSignal[] = [];
      registry.addCollector({ name: 'quick', metricNames: ['quick'], collect: () => quick.inc() });
      registry.addCollector({
        name: 'slow',
        metricNames: ['slow'],
        collect: async (signal) => {
          signals.push(signal);
          await new Promise((resolve) => setTimeout(resolve, 1_000));
          slow.inc();
        },
      });
      const honest = async (): Promise<void> => {
        const hurried = registry.collect({ timeoutMs });
        const patient = registry.collect({ timeoutMs: 8_000 });
        await jest.advanceTimersByTimeAsync(100);
        const again = registry.collect({ timeoutMs });
        await jest.advanceTimersByTimeAsync(900);
        const [{ families }] = await Promise.all([patient, hurried, again]);
        expect(families.map(({ name }) => name)).toEqual(expect.arrayContaining(['quick', 'slow']));
      };
      for (let i = 0; i < 3; i++) await honest();
      // Not even the hurried one loses what is known from before.
      const hurried = registry.collect({ timeoutMs });
      await jest.advanceTimersByTimeAsync(50);
      expect(scalars(await hurried, 'slow')).toMatchObject([{ value: 3 }]);
      await jest.advanceTimersByTimeAsync(1_000);
      expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false, false]);
      expect([success(), warnings]).toEqual([{ quick: 1, slow: 1 }, []]);
      expect(jest.getTimerCount()).toBe(0);
    },
  );

  it('accept an infinite time limit', async () => {
    const { registry, success } = collecting();
    const collect = () => new Promise<void>((resolve) => setTimeout(resolve, HOURS_MS));
    registry.addCollector({ name: 'slow', timeoutMs: Infinity, collect });
    const run = registry.collect();
    await jest.advanceTimersByTimeAsync(HOURS_MS);
    await run;
    expect(success()).toEqual({ slow: 1 });
  });

  it('receive an aborted signal at their time limit', async () => {
    const { registry } = collecting();
    const signals: AbortSignal[] = [];
    registry.addCollector({
      name: 'hanging',
      timeoutMs: 10,
      collect: (signal) => {
        signals.push(signal);
        return never();
      },
    });
    const run = registry.collect();
    expect(signals[0]?.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(10);
    await run;
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it('never run twice at a time: a run fails while the previous one hangs', async () => {
    const { registry, success } = collecting();
    let [running, runs, most] = [0, 0, 0];
    const collect = async (): Promise<void> => {
      runs++;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      running--;
    };
    registry.addCollector({ name: 'slow', timeoutMs: 100, collect });
    const first = registry.collect();
    await jest.advanceTimersByTimeAsync(100);
    await first;
    await registry.collect();
    expect([runs, success()['slow']]).toEqual([1, 0]);
    await jest.advanceTimersByTimeAsync(900);
    const third = registry.collect();
    await jest.advanceTimersByTimeAsync(100);
    await third;
    expect([runs, most]).toEqual([2, 1]);
  });

  it('run once for concurrent collections, and again for a later one', async () => {
    const { registry } = collecting();
    const collect = jest.fn<() => Promise<void>>(() => Promise.resolve());
    registry.addCollector({ name: 'shared', collect });
    const exporter = new PrometheusExporter(registry);
    await Promise.all([
      registry.collect(),
      registry.collect({ exponential: true }),
      exporter.generateText(),
      exporter.generateText({ format: 'openmetrics' }),
    ]);
    expect(collect).toHaveBeenCalledTimes(1);
    await registry.collect();
    expect(collect).toHaveBeenCalledTimes(2);
  });

  it('respect the time limit of a caller that joins a run in progress', async () => {
    const { registry } = collecting();
    registry.addCollector({ name: 'slow', timeoutMs: 1_000, collect: () => new Promise(() => undefined) });
    const patient = registry.collect();
    let answered = false;
    const hurried = registry.collect({ timeoutMs: 10 }).then(() => (answered = true));
    await jest.advanceTimersByTimeAsync(10);
    expect(answered).toBe(true);
    await jest.advanceTimersByTimeAsync(990);
    await Promise.all([patient, hurried]);
  });

  it('can be removed, with their metrics', async () => {
    const { registry, success, names } = collecting();
    registry.gauge('g', 'G.').set(1);
    const collect = jest.fn<() => Promise<void>>(() => Promise.reject(new Error('down')));
    const remove = registry.addCollector({ name: 'bad', metricNames: ['g'], collect });
    await registry.collect();
    expect(names()).not.toContain('g');
    remove();
    remove();
    await registry.collect();
    expect(collect).toHaveBeenCalledTimes(1);
    expect(success()).toEqual({});
    expect(scalars(registry, 'monitoring_collector_duration_seconds')).toEqual([]);
    expect(names()).toContain('g');
  });

  it('can be removed during a run', async () => {
    const { registry, success, names } = collecting();
    registry.gauge('g', 'G.').set(1);
    const remove = registry.addCollector({ name: 'bad', metricNames: ['g'], timeoutMs: 10, collect: never });
    const run = registry.collect();
    remove();
    await jest.advanceTimersByTimeAsync(10);
    await run;
    expect(success()).toEqual({});
    expect(names()).toContain('g');
  });

  it('can define metrics and add series during a run', async () => {
    const { registry } = collecting();
    registry.addCollector({
      name: 'queues',
      collect: () => registry.gauge('queue_depth', 'Depth.', { labels: { queue: 'mail' } }).set(3),
    });
    const snapshot = await registry.collect();
    expect(family(snapshot, 'queue_depth').help).toBe('Depth.');
    expect(scalars(snapshot, 'queue_depth')).toMatchObject([{ labels: { queue: 'mail' }, value: 3 }]);
  });
});
