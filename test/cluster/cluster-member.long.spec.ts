import { mkdtempSync, rmSync, statSync, readdirSync, chmodSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { serialize } from 'node:v8';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ClusterOptions, type MetricsSource, PrometheusExporter } from 'nestjs-monitoring';
import { MetricsRegistry } from '../../lib/metrics/registry.js';
import { ClusterMember } from '../../lib/cluster/cluster-member.js';
import { resolveCluster } from '../../lib/cluster/cluster.options.js';
import { PROTOCOL } from '../../lib/cluster/messages.js';
import { decodeFamilies, type DecodedMetric } from '../exporters/prometheus/protobuf-decoder.js';
import { eventually } from '../support/eventually.js';
import { histograms, scalars } from '../metrics/support.js';
import { unreachable } from '../support/expectations.js';

let directory = '';
const members: ClusterMember[] = [];
const warnings: string[] = [];
let threads = 0;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'monitoring-cluster-'));
  warnings.length = 0;
});

afterEach(async () => {
  await Promise.all(members.splice(0).map((member) => member.stop()));
  rmSync(directory, { recursive: true, force: true });
});

interface TestWorker {
  readonly registry: MetricsRegistry;
  readonly member: ClusterMember;
}

/** A worker: as if it were a process of its own, which is alive as long as this one is. */
async function worker(options: ClusterOptions = {}): Promise<TestWorker> {
  const registry = new MetricsRegistry();
  const resolved = resolveCluster({ id: 'test', directory, timeoutMs: 20_000, ...options });
  if (!resolved) throw new Error('the option is on');
  const identity = { pid: process.pid, threadId: threads++, startedAt: Date.now() };
  const logger = { warn: (message: string) => void warnings.push(message) };
  const member = new ClusterMember(registry, resolved, { defaultLabels: {}, logger, identity });
  members.push(member);
  await member.start();
  return { registry, member };
}

async function total({ member }: TestWorker, name = 'orders_total'): Promise<number | undefined> {
  return scalars(await member.collect(), name)[0]?.value;
}

async function workersOf({ member }: TestWorker): Promise<[workers: number, missing: number]> {
  const snapshot = await member.collect();
  return [
    scalars(snapshot, 'monitoring_workers')[0]?.value ?? NaN,
    scalars(snapshot, 'monitoring_workers_missing')[0]?.value ?? NaN,
  ];
}

const orders = ({ registry }: TestWorker) => registry.counter('orders_total', 'Orders.');

/** The numbers of the workers that have a level. */
async function levelsOf({ member }: TestWorker): Promise<(string | undefined)[]> {
  const series = scalars(await member.collect(), 'level');
  return series.map(({ labels }) => labels['worker']).toSorted((a = '', b = '') => a.localeCompare(b));
}

function byKind({ labels: a }: DecodedMetric, { labels: b }: DecodedMetric): number {
  return (a['kind'] ?? '') < (b['kind'] ?? '') ? -1 : 1;
}

/** A message as it goes over the socket. */
function framed(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

describe('workers', () => {
  it('each show the metrics of all, and one leads', async () => {
    const all = [await worker(), await worker(), await worker()];
    all.forEach((one, i) => {
      orders(one).inc(10 ** i);
      one.registry.histogram('sizes', 'Sizes.', { buckets: [1, 2] }).observe(i);
    });
    for (const one of all) {
      expect(await total(one)).toBe(111);
      expect(await workersOf(one)).toEqual([3, 0]);
      const snapshot = await one.member.collect({ exponential: true });
      expect(histograms(snapshot, 'sizes')).toMatchObject([
        { count: 3, sum: 3, exponential: { zeroCount: 1 } },
      ]);
    }
    expect(all.map(({ member }) => member.isLeader)).toEqual([true, false, false]);
  });

  it('have the same native histograms as one worker that measures everything', async () => {
    const all = [await worker(), await worker(), await worker()];
    const alone = new MetricsRegistry();
    const histogramOf = (registry: MetricsRegistry) =>
      registry.histogram('sizes', 'Sizes.', { labelNames: ['kind'], buckets: [1, 10] });
    const bytesOf = async (source: MetricsSource) =>
      Buffer.concat(
        await new PrometheusExporter(source).generate({ format: 'protobuf', names: ['sizes_count'] }),
      );
    for (let i = 0; i < 3_000; i++) {
      // Both signs, zeros, and more doublings than 160 buckets have room for in the finest schema. All sums are exact.
      const value = (i % 7 === 0 ? -1 : 1) * Math.floor(2 ** ((i * 7_919) % 20) * (1 + (i % 13) / 16));
      const kind = i % 2 === 0 ? 'even' : 'odd';
      for (const registry of [alone, all[i % 3]?.registry])
        if (registry) histogramOf(registry).observe({ kind }, value);
    }
    const expected = decodeFamilies(await bytesOf(alone)).get('sizes');
    expect(expected?.metrics.map(({ native }) => (native?.schema ?? 6) < 6)).toEqual([true, true]);
    for (const { member } of all) {
      const merged = decodeFamilies(await bytesOf(member)).get('sizes');
      expect(merged?.metrics.toSorted(byKind)).toEqual(expected?.metrics.toSorted(byKind));
    }
    // A worker that leaves passes its buckets on.
    await all[2]?.member.stop();
    const [leader] = all;
    if (leader === undefined) throw new Error('there is a leader');
    const left = decodeFamilies(await bytesOf(leader.member)).get('sizes');
    expect(left?.metrics.toSorted(byKind)).toEqual(expected?.metrics.toSorted(byKind));
  });

  it('find each other when they start at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => worker()));
    for (const one of all) orders(one).inc();
    await eventually(async () => {
      for (const one of all) expect(await total(one)).toBe(6);
    });
    expect(all.filter(({ member }) => member.isLeader)).toHaveLength(1);
  });

  it('show new series and drop removed ones at every collection', async () => {
    const [leader, follower] = [await worker(), await worker()];
    const rooms = follower.registry.gauge('people', 'People.', { labelNames: ['room'] });
    const seen = async () =>
      scalars(await leader.member.collect(), 'people').map(({ labels, value }) => [labels['room'], value]);
    rooms.set({ room: 'a' }, 1);
    expect(await seen()).toEqual([['a', 1]]);
    rooms.set({ room: 'b' }, 2);
    expect(await seen()).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    rooms.remove({ room: 'a' });
    rooms.set({ room: 'b' }, 3);
    expect(await seen()).toEqual([['b', 3]]);
    rooms.reset();
    const { families } = await leader.member.collect();
    const { numbers } = families.find(({ name }) => name === 'people') ?? unreachable();
    expect(numbers.every((value, i) => i % 2 === 1 || Number.isNaN(value))).toBe(true);
  });

  it('pass their totals on when they end, the leader too', async () => {
    const [first, second, third] = [await worker(), await worker(), await worker()];
    for (const one of [first, second, third]) orders(one).inc(5);
    await second.member.stop();
    expect(await total(first)).toBe(15);
    expect(await workersOf(third)).toEqual([2, 0]);
    orders(first).inc(5);
    await first.member.stop();
    await eventually(async () => expect(third.member.isLeader).toBe(true));
    expect(await total(third)).toBe(20);
    const last = await worker();
    orders(last).inc(1);
    expect(await total(last)).toBe(21);
    expect(await workersOf(last)).toEqual([2, 0]);
  });

  it.each([
    ['at once', [0, 0, 0, 0]],
    ['the leader first', [0, 3, 1, 2]],
    ['the leader last', [9, 3, 1, 0]],
    ['the leader while it hands over', [0, 1, 1, 1]],
  ])(
    'agree on one that does what is done last, with the totals of all, if all leave: %s',
    async (_, turns) => {
      const all = [await worker(), await worker(), await worker(), await worker()];
      all.forEach((one, i) => orders(one).inc(10 ** i));
      const last: (number | undefined)[] = [];
      await Promise.all(
        all.map(async (one, i) => {
          for (let turn = 0; turn < (turns[i] ?? 0); turn++) await nextTurn();
          await one.member.settle();
          if (one.member.isLeader && !one.member.hasSuccessor) last.push(await total(one));
          await one.member.stop();
        }),
      );
      expect(last).toEqual([1_111]);
    },
  );

  it('leave what is done last to one that goes on', async () => {
    const [first, second, third] = [await worker(), await worker(), await worker()];
    await second.member.settle();
    await second.member.stop();
    await first.member.settle();
    expect([first.member.isLeader, first.member.hasSuccessor]).toEqual([true, true]);
    await first.member.stop();
    await eventually(async () => expect(third.member.isLeader).toBe(true));
    await third.member.settle();
    expect(third.member.hasSuccessor).toBe(false);
  });

  it('keep their index in the label `worker`', async () => {
    const [first, second, third] = [await worker(), await worker(), await worker()];
    const setLevel = ({ registry }: TestWorker) =>
      registry.gauge('level', 'Level.', { aggregate: 'worker' }).set(1);
    [first, second, third].forEach(setLevel);
    expect(await levelsOf(third)).toEqual(['0', '1', '2']);
    await first.member.stop();
    await eventually(async () => expect(await levelsOf(third)).toEqual(['1', '2']));
    setLevel(await worker());
    expect(await levelsOf(second)).toEqual(['0', '1', '2']);
  });

  it('respond in time when one hangs, and do not wait for it again until it has responded', async () => {
    const options = { timeoutMs: 200, leaderTimeoutMs: 1_000 };
    const [leader, follower] = [await worker(options), await worker(options)];
    let hangs: (() => void) | undefined;
    const collect = follower.registry.collect.bind(follower.registry);
    orders(follower).inc(7);
    follower.registry.gauge('level', 'Level.').set(1);
    // A busy machine may hold the process up for as long as that.
    await eventually(async () => expect(await total(leader)).toBe(7));
    // It ignores the time limit as a process does that was stopped.
    follower.registry.collect = () =>
      new Promise((resolve) => (hangs = () => resolve(follower.registry.snapshot())));
    expect(await total(leader)).toBe(7);
    expect(await workersOf(leader)).toEqual([2, 1]);
    // The least of several, since other work of the machine only adds to it.
    let leastMs = Infinity;
    for (let i = 0; i < 20; i++) {
      const started = performance.now();
      expect(await total(leader)).toBe(7);
      leastMs = Math.min(leastMs, performance.now() - started);
    }
    expect(leastMs).toBeLessThan(options.timeoutMs);
    // Not at once: it may only be busy.
    const names = async () => (await leader.member.collect()).families.map(({ name }) => name);
    expect(await names()).toContain('level');
    await eventually(async () => expect(await names()).not.toContain('level'), 20_000);
    orders(follower).inc(1);
    hangs?.();
    follower.registry.collect = collect;
    await eventually(async () => expect(await workersOf(leader)).toEqual([2, 0]));
    expect(await total(leader)).toBe(8);
  });

  it('survive malformed messages, which only disconnect their sender', async () => {
    // For so long, one that is absent is waited for.
    const [leader, follower] = [await worker({ timeoutMs: 1_000 }), await worker({ timeoutMs: 1_000 })];
    orders(leader).inc(1);
    orders(follower).inc(1);
    const socket = readdirSync(directory).find((name) => name.endsWith('.sock'));
    const hello = {
      kind: 'hello',
      protocol: PROTOCOL,
      // Not a thread, which counts as departed after a few seconds.
      identity: { pid: process.pid, threadId: 0, startedAt: 1 },
    };
    const nonsense: Buffer[] = [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      framed(Buffer.from('not serialized')),
      framed(serialize({ kind: 'collected', id: 1, families: [] })),
      framed(serialize({ kind: 'hello', protocol: 99 })),
      framed(serialize(null)),
      Buffer.concat([
        framed(serialize(hello)),
        framed(serialize({ kind: 'collected', id: 1, families: [{ name: 'x' }] })),
      ]),
      Buffer.concat([framed(serialize(hello)), framed(serialize({ kind: 'dance' }))]),
    ];
    for (const bytes of nonsense) {
      const client = connect(join(directory, socket ?? ''));
      const closed = new Promise((resolve) => client.on('close', resolve).on('error', () => undefined));
      client.resume().write(bytes);
      await closed;
    }
    // A busy machine may hold the process up for as long as one is waited for.
    await eventually(async () => {
      expect(await total(leader)).toBe(2);
      expect(await total(follower)).toBe(2);
      // The one that has said who it is, and then nothing that makes sense.
      expect(await workersOf(follower)).toEqual([3, 1]);
    });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^Connection to a worker failed: /);
  });

  it('count as missing, without losing totals, if their message is too long', async () => {
    const [leader, follower] = [await worker(), await worker({ maxMessageBytes: 20_000, timeoutMs: 300 })];
    orders(follower).inc(3);
    await eventually(async () => expect(await total(leader)).toBe(3));
    const many = follower.registry.counter('many_total', 'Many.', { labelNames: ['label'] });
    for (let i = 0; i < 900; i++) many.inc({ label: 'x'.repeat(20) + i });
    expect(await total(leader)).toBe(3);
    expect(await workersOf(leader)).toEqual([2, 1]);
  });

  it('use a directory that only their user may enter', async () => {
    await worker();
    const modes = readdirSync(directory).map((name) => statSync(join(directory, name)).mode & 0o077);
    expect(modes).toEqual([0]);
    await Promise.all(members.splice(0).map((member) => member.stop()));
    expect(readdirSync(directory)).toEqual([]);

    chmodSync(directory, 0o755);
    const alone = await worker();
    orders(alone).inc(4);
    expect(await total(alone)).toBe(4);
    expect(alone.member.isLeader).toBe(false);
    expect(warnings).toEqual([
      expect.stringContaining('must be a directory that only this user may enter (mode 0700)'),
    ]);
  });

  it('follow a new leader, the replaced one too', async () => {
    const [first, second] = [await worker(), await worker()];
    orders(first).inc(1);
    orders(second).inc(2);
    expect(await total(second)).toBe(3);
    const third = await eventually(async () => {
      // As a worker does that got no answer from it.
      rmSync(join(directory, readdirSync(directory).find((name) => name.endsWith('.sock')) ?? ''));
      const started = await worker();
      const { isLeader } = started.member;
      // The first one may have looked just then, and have taken the lead again.
      if (!isLeader) await members.pop()?.stop();
      expect(isLeader).toBe(true);
      return started;
    });
    await eventually(async () => {
      expect(first.member.isLeader).toBe(false);
      for (const one of [first, second, third]) expect(await total(one)).toBe(3);
      expect(await workersOf(first)).toEqual([3, 0]);
    });
  });
});
