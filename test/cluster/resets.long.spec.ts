import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MetricsHistory, MetricsRegistry } from 'nestjs-monitoring';
import { ExporterMetrics, JsonExporter, PushExporter, type PushRequest } from 'nestjs-monitoring/exporters';
import { ClusterMember } from '../../lib/cluster/cluster-member.js';
import { resolveCluster } from '../../lib/cluster/cluster.options.js';
import { HistoryStore } from '../../lib/history/history-store.js';
import type { MetricsInterval } from '../../lib/exporters/push/metrics-interval.js';
import { type Clock, systemClock } from '../../lib/metrics/clock.js';
import { FakeClock, histograms, scalars } from '../metrics/support.js';
import { eventually } from '../support/eventually.js';

/** Between two samples of a history. */
const STEP_MS = 1_000;

let directory = '';
const members: ClusterMember[] = [];
let threads = 0;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'monitoring-resets-'));
});

afterEach(async () => {
  for (const member of members.splice(0).toReversed()) await member.stop();
  rmSync(directory, { recursive: true, force: true });
});

class TestWorker {
  readonly registry;
  readonly orders;
  readonly sizes;
  member!: ClusterMember;

  constructor(private readonly clock: Clock = systemClock) {
    this.registry = new MetricsRegistry({ clock });
    this.orders = this.registry.counter('orders_total', 'Orders.', { labelNames: ['kind'] });
    this.sizes = this.registry.histogram('size_items', 'Sizes.', { labelNames: ['kind'], buckets: [1, 10] });
  }

  async start(timeoutMs = 20_000): Promise<this> {
    const resolved = resolveCluster({ id: 'test', directory, timeoutMs });
    if (!resolved) throw new Error('the option is on');
    const identity = { pid: process.pid, threadId: threads++, startedAt: Date.now() };
    this.member = new ClusterMember(this.registry, resolved, {
      defaultLabels: {},
      logger: { warn: () => undefined },
      clock: this.clock,
      identity,
    });
    members.push(this.member);
    await this.member.start();
    return this;
  }

  work(kind: string, by: number): void {
    this.orders.inc({ kind }, by);
    for (let i = 0; i < by; i++) this.sizes.observe({ kind }, i);
  }
}

/** What a remote adds up of what it is told. */
class Sums {
  readonly name = 'sums';
  readonly counted: Record<string, number> = {};
  readonly observed: Record<string, number> = {};

  encode({ families }: MetricsInterval): PushRequest[] {
    for (const family of families) {
      if (family.name === 'orders_total' && family.type === 'counter') {
        for (const { labels, delta } of family.series) add(this.counted, labels['kind'] ?? '', delta);
      }
      if (family.name === 'size_items' && family.type === 'histogram') {
        for (const { labels, delta } of family.series) add(this.observed, labels['kind'] ?? '', delta.count);
      }
    }
    return [];
  }

  async send(): Promise<void> {
    await Promise.resolve();
  }
}

function add(sums: Record<string, number>, kind: string, by: number): void {
  sums[kind] = (sums[kind] ?? 0) + by;
}

async function totalOf({ member }: TestWorker, kind = 'a'): Promise<number | undefined> {
  return scalars(await member.collect(), 'orders_total').find(({ labels }) => labels['kind'] === kind)?.value;
}

describe.each<[string, (workers: readonly [TestWorker, TestWorker]) => TestWorker]>([
  ['the leader', ([first]) => first],
  ['a follower', ([, second]) => second],
])('a reset in %s of two', (_, resetting) => {
  const ways: [string, (worker: TestWorker) => void][] = [
    ['a reset of the metrics', ({ orders, sizes }) => [orders, sizes].forEach((metric) => metric.reset())],
    ['a reset of all metrics', ({ registry }) => registry.resetAll()],
    [
      'the removal of a series',
      ({ orders, sizes }) => [orders, sizes].forEach((metric) => metric.remove({ kind: 'a' })),
    ],
    [
      'the removal of the metrics',
      ({ registry }) => ['orders_total', 'size_items'].forEach((name) => registry.remove(name)),
    ],
    [
      'a reset with work before and after it',
      (worker) => {
        worker.orders.reset();
        worker.sizes.reset();
        worker.work('a', 5);
      },
    ],
  ];
  it.each(ways)('by %s keeps the sums of a remote exact and lets no total decrease', async (way, reset) => {
    const [first, second] = [await new TestWorker().start(), await new TestWorker().start()];
    const chosen = resetting([first, second]);
    const remote = new Sums();
    const exporter = new PushExporter(first.member, remote);
    first.work('a', 100);
    second.work('a', 50);
    second.work('b', 7);
    await exporter.exportAll();
    expect(remote).toMatchObject({ counted: { a: 150, b: 7 }, observed: { a: 150, b: 7 } });
    reset(chosen);
    let done = way.includes('before and after') ? 155 : 150;
    for (let i = 1; i <= 3; i++) {
      (chosen === first ? second : first).work('a', i);
      done += i;
      await exporter.exportAll();
      expect([remote.counted['a'], remote.observed['a']]).toEqual([done, done]);
      expect(await totalOf(second)).toBe(done);
    }
    expect(remote.counted['b']).toBe(7);
    await exporter.shutdown();
  });
});

describe('a series that no worker has', () => {
  it('is removed, and starts from zero when it comes back', async () => {
    const [first, second] = [await new TestWorker().start(), await new TestWorker().start()];
    const remote = new Sums();
    const exporter = new PushExporter(first.member, remote);
    first.work('a', 5);
    second.work('a', 4);
    await exporter.exportAll();
    first.orders.remove({ kind: 'a' });
    await exporter.exportAll();
    expect(await totalOf(first)).toBe(9);
    second.orders.remove({ kind: 'a' });
    await exporter.exportAll();
    expect(await totalOf(first)).toBeUndefined();
    // More than before, so that it does not look as if it had fallen.
    second.work('a', 20);
    await exporter.exportAll();
    expect([await totalOf(first), remote.counted['a']]).toEqual([20, 29]);
    await exporter.shutdown();
  });

  it.each([
    [0, 1],
    [1, 0],
    [1, 2],
    [2, 1],
  ])('goes on if another one begins it before anybody looks: from %d to %d', async (from, to) => {
    const workers = [await new TestWorker().start(), await new TestWorker().start()];
    workers.push(await new TestWorker().start());
    const [first, before, after] = [workers[0]!, workers[from]!, workers[to]!];
    const remote = new Sums();
    const exporter = new PushExporter(first.member, remote);
    before.work('a', 36);
    await exporter.exportAll();
    for (const metric of [before.orders, before.sizes]) metric.remove({ kind: 'a' });
    // More than before, so that it does not look as if it had fallen.
    after.work('a', 46);
    await exporter.exportAll();
    expect([remote.counted['a'], remote.observed['a']]).toEqual([82, 82]);
    expect(await totalOf(first)).toBe(82);
    await exporter.shutdown();
  });

  it('goes on if its worker has begun it anew and is gone before anybody looks', async () => {
    const [first, second] = [await new TestWorker().start(), await new TestWorker().start()];
    const remote = new Sums();
    const exporter = new PushExporter(first.member, remote);
    second.work('a', 36);
    await exporter.exportAll();
    second.registry.resetAll();
    second.work('a', 5);
    await second.member.stop();
    await exporter.exportAll();
    expect([remote.counted['a'], remote.observed['a']]).toEqual([41, 41]);
    await exporter.shutdown();
  });

  it('does not count towards the series limit', async () => {
    const [first, second] = [await new TestWorker().start(), await new TestWorker().start()];
    const queues = second.registry.counter('queue_jobs_total', 'Jobs.', {
      labelNames: ['queue'],
      seriesLimit: 5,
    });
    for (let i = 0; i < 30; i++) {
      queues.inc({ queue: `q${i}` });
      const series = scalars(await first.member.collect(), 'queue_jobs_total');
      expect(series.map(({ labels }) => labels['queue'])).toEqual([`q${i}`]);
      queues.remove({ queue: `q${i}` });
    }
  });
});

describe('a series created during a collection', () => {
  it('is younger than the snapshot without it, so that its first values count', async () => {
    const [first, second] = [await new TestWorker().start(), await new TestWorker().start()];
    let release: (() => void) | undefined;
    // The leader is slow, the other one has looked already when the series begins.
    first.registry.addCollector({
      name: 'slow',
      collect: () => new Promise<void>((resolve) => (release = resolve)),
    });
    const looked = hold(second.registry, 'after');
    const gathering = first.member.collect({ exponential: true });
    await eventually(() => expect(release).toBeDefined(), { timeout: 20_000 });
    await looked.asked;
    second.work('late', 3);
    const createdAt = scalars(second.registry, 'orders_total')[0]?.createdAt ?? NaN;
    looked.release();
    release!();
    const without = await gathering;
    expect(histograms(without, 'size_items')).toEqual([]);
    expect(without.timestamp).toBeLessThanOrEqual(createdAt);
  });

  /** Lets a worker answer a collection only after `release()`; `asked` resolves when it has been asked. */
  function hold(
    registry: MetricsRegistry,
    when: 'before' | 'after',
  ): { asked: Promise<void>; release: () => void } {
    let release = (): void => undefined;
    let noteAsked = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const asked = new Promise<void>((resolve) => (noteAsked = resolve));
    const collect = registry.collect.bind(registry);
    registry.collect = async (options) => {
      if (when === 'after') {
        const snapshot = await collect(options);
        noteAsked();
        await released;
        return snapshot;
      }
      noteAsked();
      await released;
      return collect(options);
    };
    return { asked, release };
  }

  type Workers = readonly [leader: TestWorker, follower: TestWorker];

  const BEGINNINGS: readonly {
    readonly title: string;
    readonly slow: (workers: Workers) => TestWorker;
    readonly when: 'before' | 'after';
    readonly begins: (workers: Workers) => readonly TestWorker[];
    /** @default false */
    readonly answersTooLate?: boolean;
  }[] = [
    {
      title: 'in a follower, while the leader is slow',
      slow: ([a]) => a,
      when: 'before',
      begins: ([, b]) => [b],
    },
    { title: 'in the leader, which is slow', slow: ([a]) => a, when: 'before', begins: ([a]) => [a] },
    { title: 'in the leader, which has looked', slow: ([a]) => a, when: 'after', begins: ([a]) => [a] },
    {
      title: 'in the leader, while a follower is slow',
      slow: ([, b]) => b,
      when: 'before',
      begins: ([a]) => [a],
    },
    { title: 'in a follower, which is slow', slow: ([, b]) => b, when: 'before', begins: ([, b]) => [b] },
    { title: 'in a follower, which has looked', slow: ([, b]) => b, when: 'after', begins: ([, b]) => [b] },
    {
      title: 'in both, in the leader a millisecond earlier',
      slow: ([, b]) => b,
      when: 'before',
      begins: ([a, b]) => [a, b],
    },
    {
      title: 'in both, in a follower a millisecond earlier',
      slow: ([, b]) => b,
      when: 'before',
      begins: ([a, b]) => [b, a],
    },
    {
      title: 'in a follower that answers too late',
      slow: ([, b]) => b,
      when: 'before',
      begins: ([, b]) => [b],
      answersTooLate: true,
    },
    {
      title: 'in a follower that has looked and answers too late',
      slow: ([, b]) => b,
      when: 'after',
      begins: ([, b]) => [b],
      answersTooLate: true,
    },
  ];

  it.each(BEGINNINGS)(
    'loses no value in the history: $title',
    async ({ slow, when, begins, answersTooLate = false }) => {
      const limitMs = answersTooLate ? 1_000 : 20_000;
      const clock = new FakeClock();
      const workers = [
        await new TestWorker(clock).start(limitMs),
        await new TestWorker(clock).start(limitMs),
      ] as const;
      const [{ member }] = workers;
      const store = new HistoryStore({ intervalMs: 15_000, retentionMs: 600_000, maxBytes: 8 * 1024 * 1024 });
      const history = new MetricsHistory(store);
      history.retain({ metric: 'orders_total' });
      history.retain({ metric: 'size_items', percentiles: true });
      const sample = async (): Promise<void> => {
        clock.advance(STEP_MS);
        store.add(await member.collect({ exponential: true }));
      };
      /** Takes a sample of both: a busy machine may hold the process up for longer than one of them is waited for. */
      const sampleBoth = (): Promise<void> =>
        eventually(async () => {
          clock.advance(STEP_MS);
          const snapshot = await member.collect({ exponential: true });
          expect(scalars(snapshot, 'monitoring_workers_missing')).toMatchObject([{ value: 0 }]);
          store.add(snapshot);
        });
      for (const worker of workers) worker.work('old', 5);
      await sampleBoth();

      // Before the next sample, which a follower that answers too late misses.
      if (answersTooLate) for (const worker of begins(workers)) worker.work('late', 3);
      const { asked, release } = hold(slow(workers).registry, when);
      const sampled = sample();
      await asked;
      if (!answersTooLate) {
        for (const worker of begins(workers)) {
          clock.advance(1);
          worker.work('late', 3);
        }
        release();
      }
      await sampled;
      release();
      await sampleBoth();
      await sampleBoth();

      const done = 3 * begins(workers).length;
      const late = { labels: { kind: 'late' } };
      expect(history.increase('orders_total', 600_000, late)).toMatchObject([{ value: done }]);
      expect(history.increase('size_items', 600_000, late)).toMatchObject([{ value: done }]);
      for (const [quantile, value] of [
        [0, 0],
        [0.5, 1],
        [1, 2],
      ] as const) {
        const [found] = history.percentile('size_items', quantile, 600_000, late);
        expect(found?.value).toBeCloseTo(value, 1);
      }
      const old = { labels: { kind: 'old' } };
      expect(history.increase('orders_total', 600_000, old)).toMatchObject([{ value: 10 }]);
    },
    60_000,
  );
});

describe('a manual exporter in a follower', () => {
  it('writes the metrics of all to a file', async () => {
    const [first, second] = [await new TestWorker().start(), await new TestWorker().start()];
    first.work('a', 90);
    second.work('a', 10);
    const outputFile = join(directory, 'metrics.json');
    const surroundings = {
      isLeader: () => second.member.isLeader,
      metrics: new ExporterMetrics(second.registry),
    };
    const exporter = new JsonExporter(second.member, { outputFile }, surroundings);
    exporter.start();
    const { metrics } = await exporter.exportAll();
    expect(metrics['orders_total']?.series).toMatchObject([{ value: 100 }]);
    await exporter.shutdown();
  });

  it('refuses to push what the leader pushes already', async () => {
    const [first, second] = [await new TestWorker().start(), await new TestWorker().start()];
    second.work('a', 10);
    const remote = new Sums();
    const exporter = new PushExporter(second.member, remote, {}, { isLeader: () => second.member.isLeader });
    exporter.start();
    await expect(exporter.exportAll()).rejects.toThrow(
      'Exporter `sums` sends nothing from this worker: the leader pushes the metrics of all workers',
    );
    expect(remote.counted).toEqual({});
    // One that pushes nothing by itself is the caller's own.
    const own = new PushExporter(first.member, remote, {}, { isLeader: () => false });
    await own.exportAll();
    expect(remote.counted).toEqual({ a: 10 });
    await Promise.all([exporter.shutdown(), own.shutdown()]);
  });
});

describe('a reader with a short time limit', () => {
  it.each([[0], [1], [20], [NaN]])('does not affect other readers with %d ms', async (timeoutMs) => {
    const [first, second] = [await new TestWorker().start(), await new TestWorker().start()];
    const level = second.registry.gauge('level', 'Level.', { aggregate: 'sum' });
    second.registry.addCollector({
      name: 'slow',
      metricNames: ['level'],
      collect: async () => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        level.set(7);
      },
    });
    for (let i = 0; i < 3; i++) {
      const hurried = [first, second].map(({ member }) => member.collect({ timeoutMs }));
      const patient = await first.member.collect();
      expect(scalars(patient, 'level')).toMatchObject([{ value: 7 }]);
      expect(scalars(patient, 'monitoring_workers_missing')).toMatchObject([{ value: 0 }]);
      await Promise.all(hurried);
    }
  });
});
