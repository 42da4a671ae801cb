import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MetricsRegistry } from '../../lib/metrics/registry.js';
import { type Aggregation } from 'nestjs-monitoring/metrics';
import { withDeparted } from '../../lib/cluster/departed-totals.js';
import { MetricsMerger } from '../../lib/cluster/metrics-merger.js';
import { renderExposition } from '../../lib/exporters/prometheus/exposition.js';
import { histograms, scalars, testRegistry } from '../metrics/support.js';
import { type Action, contributionsOf, countingAction, nth, registries, seen } from './support.js';

/** The merged families as a snapshot, for the helpers that read snapshots. */
function merged(merger: MetricsMerger, ...args: Parameters<MetricsMerger['merge']>) {
  return { timestamp: 0, defaultLabels: {}, families: merger.merge(...args).families };
}

function values(source: Parameters<typeof scalars>[0], name: string) {
  return scalars(source, name).map(({ labels, value }) => [labels, value]);
}

/** What a gauge is that three workers have as 3, 1 and 8; the second one was the first to have it. */
function of(aggregate?: Aggregation): unknown[] {
  const workers = [3, 1, 8].map((value, i) => {
    const { registry, clock } = testRegistry();
    // The second worker began first.
    clock.advance(i === 1 ? 0 : 1_000 * (i + 1));
    registry
      .gauge('level', 'Help.', { labelNames: ['x'], ...(aggregate && { aggregate }) })
      .set({ x: 'a' }, value);
    return registry;
  });
  return values(merged(new MetricsMerger(), contributionsOf(workers)), 'level');
}

describe('the merger', () => {
  it('merges several registries into what one registry would show', () => {
    const steps = fc.array(fc.record({ worker: fc.nat(3), act: countingAction }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 3 }), (rounds) => {
        const { registry: all } = testRegistry();
        const workers = registries(4);
        const merger = new MetricsMerger();
        for (const round of rounds) {
          for (const { worker, act } of round) {
            act(nth(workers, worker));
            act(all);
          }
          const { families, conflicting } = merger.merge(contributionsOf(workers));
          expect(conflicting).toEqual([]);
          expect(seen(families)).toEqual(seen(all.snapshot({ exponential: true }).families));
        }
      }),
    );
  });

  it('never lets a total decrease, whichever workers are silent or departed', () => {
    const round = fc.record({
      actions: fc.array(fc.record({ worker: fc.nat(2), act: countingAction }), { maxLength: 20 }),
      silent: fc.nat(2),
      gone: fc.option(fc.nat(2)),
    });
    fc.assert(
      fc.property(fc.array(round, { minLength: 1, maxLength: 5 }), (rounds) => {
        const all = testRegistry().registry;
        const workers = registries(3);
        const merger = new MetricsMerger();
        let departed: ReturnType<typeof withDeparted> = [];
        for (const { actions, silent, gone } of rounds) {
          for (const { worker, act } of actions) {
            act(nth(workers, worker));
            act(all);
          }
          if (gone !== null) {
            departed = withDeparted(departed, nth(contributionsOf(workers), gone), new Set());
            workers[gone] = testRegistry().registry;
          }
          const contributions = contributionsOf(workers, (index) => index !== silent);
          const worker = { index: -1, pid: NaN };
          const { families } = merger.merge([
            { worker, families: departed, isCurrent: false },
            ...contributions,
          ]);
          const counted = (list: typeof families) => seen(list.filter(({ type }) => type !== 'gauge'));
          expect(counted(families)).toEqual(counted(all.snapshot({ exponential: true }).families));
        }
      }),
    );
  });

  it('aggregates gauges as their definition says', () => {
    expect(of()).toEqual([[{ x: 'a' }, 12]]);
    expect(of('sum')).toEqual([[{ x: 'a' }, 12]]);
    expect(of('max')).toEqual([[{ x: 'a' }, 8]]);
    expect(of('min')).toEqual([[{ x: 'a' }, 1]]);
    expect(of('average')).toEqual([[{ x: 'a' }, 4]]);
    expect(of('first')).toEqual([[{ x: 'a' }, 1]]);
    expect(of('latest')).toEqual([[{ x: 'a' }, 8]]);
    expect(of('worker')).toEqual([
      [{ x: 'a', worker: '0' }, 3],
      [{ x: 'a', worker: '1' }, 1],
      [{ x: 'a', worker: '2' }, 8],
    ]);
  });

  it('leaves out the gauges of a silent worker, and keeps its totals', () => {
    const workers = registries(2);
    for (const registry of workers) {
      registry.gauge('users', 'Help.').set(5);
      registry.counter('orders_total', 'Help.').inc(7);
    }
    const snapshot = merged(
      new MetricsMerger(),
      contributionsOf(workers, (index) => index === 0),
    );
    expect(values(snapshot, 'users')).toEqual([[{}, 5]]);
    expect(values(snapshot, 'orders_total')).toEqual([[{}, 14]]);
  });

  it('counts metrics of a process once for all its threads, and metrics of the machine once for all workers', () => {
    const threads = registries(3);
    for (const registry of threads) {
      registry.counter('process_cpu_seconds_total', 'Help.', { aggregate: 'process' }).inc(10);
      registry.gauge('process_resident_memory_bytes', 'Help.', { aggregate: 'process' }).set(100);
      registry.gauge('nodejs_heap_size_used_bytes', 'Help.').set(20);
      registry.gauge('system_memory_total_bytes', 'Help.', { aggregate: 'shared' }).set(8_000);
      registry.counter('system_cpu_seconds_total', 'Help.', { aggregate: 'shared' }).inc(99);
    }
    // Two threads of one process, and another process.
    const contributions = contributionsOf(threads).map((contribution, index) => ({
      ...contribution,
      worker: { index, pid: index < 2 ? 1 : 2 },
    }));
    const snapshot = merged(new MetricsMerger(), contributions);
    expect(values(snapshot, 'process_cpu_seconds_total')).toEqual([[{}, 20]]);
    expect(values(snapshot, 'process_resident_memory_bytes')).toEqual([[{}, 200]]);
    expect(values(snapshot, 'nodejs_heap_size_used_bytes')).toEqual([[{}, 60]]);
    expect(values(snapshot, 'system_memory_total_bytes')).toEqual([[{}, 8_000]]);
    expect(values(snapshot, 'system_cpu_seconds_total')).toEqual([[{}, 99]]);

    const names = (alive: number[]) =>
      withDeparted([], nth(contributions, 0), new Set(alive)).map(({ name }) => name);
    // The other thread still shows the processor time of the process, and the machine is still there.
    expect(names([1, 2])).not.toContain('process_cpu_seconds_total');
    expect(names([2])).toContain('process_cpu_seconds_total');
    expect(names([2])).not.toContain('system_cpu_seconds_total');
  });

  it('leaves out and lists metrics that another worker defines differently', () => {
    const [first, second, third] = registries(3);
    first.histogram('sizes', 'Help.', { buckets: [1, 2] }).observe(1);
    second.histogram('sizes', 'Help.', { buckets: [1, 5] }).observe(1);
    third.histogram('sizes', 'Help.', { buckets: [1, 2] }).observe(2);
    first.counter('orders_total', 'Help.', { labelNames: ['a', 'b'] }).inc({ a: '1', b: '2' });
    second.counter('orders_total', 'Help.', { labelNames: ['b', 'a'] }).inc({ a: '1', b: '2' });
    third.gauge('orders_total', 'Help.').set(9);
    const contributions = contributionsOf([first, second, third]);
    expect(new MetricsMerger().merge(contributions).conflicting.toSorted()).toEqual([
      'orders_total',
      'sizes',
    ]);
    const snapshot = merged(new MetricsMerger(), contributions);
    expect(histograms(snapshot, 'sizes').map(({ count, sum }) => [count, sum])).toEqual([[2, 3]]);
    expect(values(snapshot, 'orders_total')).toEqual([[{ a: '1', b: '2' }, 2]]);
  });

  it('keeps the series limit of a metric, with the rest in the overflow series and an exact total', () => {
    const workers = registries(3);
    workers.forEach((registry, worker) => {
      const orders = registry.counter('orders_total', 'Help.', { labelNames: ['user'], seriesLimit: 2 });
      for (let user = 0; user < 3; user++) orders.inc({ user: `${worker}-${user}` });
    });
    const merger = new MetricsMerger();
    for (let round = 0; round < 2; round++) {
      const series = scalars(merged(merger, contributionsOf(workers)), 'orders_total');
      expect(series).toHaveLength(3);
      expect(series.map(({ value }) => value).toSorted((a, b) => a - b)).toEqual([1, 1, 7]);
    }
  });

  it('forgets series that no worker has', () => {
    const [registry] = registries(1);
    const users = registry.gauge('users', 'Help.', { labelNames: ['room'], seriesLimit: Infinity });
    const merger = new MetricsMerger();
    for (let room = 0; room < 2_000; room++) {
      users.set({ room }, room);
      const snapshot = merged(merger, contributionsOf([registry]));
      expect(values(snapshot, 'users')).toEqual([[{ room: String(room) }, room]]);
      expect(snapshot.families.find(({ name }) => name === 'users')?.numbers.length).toBeLessThan(300);
      users.remove({ room });
    }
  });

  it('renders like one registry, default labels included', () => {
    const defaultLabels = { service: 'shop', room: 'none' };
    const all = new MetricsRegistry({ defaultLabels, clock: testRegistry().clock });
    const workers = registries(2);
    const acts: Action[] = [
      (registry) =>
        registry.counter('orders_total', 'Help "me".', { labelNames: ['room'] }).inc({ room: 'a\n' }),
      (registry) => registry.counter('plain_total', 'Help.').inc(2),
      (registry) =>
        registry.timer('work_seconds', 'Help.', { labelNames: ['room'] }).observe({ room: 'b' }, 0.2),
      (registry) => registry.timer('other_seconds', 'Help.').observe(0.2),
    ];
    acts.forEach((act, i) => [all, nth(workers, i % 2)].forEach(act));
    const { families } = new MetricsMerger(defaultLabels).merge(contributionsOf(workers));
    const lines = (list: typeof families) => {
      const snapshot = { timestamp: 0, defaultLabels, families: list };
      const pieces = [...renderExposition(snapshot, { format: 'openmetrics', created: true })];
      return Buffer.concat(pieces).toString().split('\n').toSorted();
    };
    expect(lines(families)).toEqual(lines(all.snapshot().families));
  });
});

describe('the option aggregate', () => {
  it('is rejected at definition if invalid', () => {
    const { registry } = testRegistry();
    const aggregate = 'median' as Aggregation;
    expect(() => registry.gauge('a', 'Help.', { aggregate })).toThrow(
      '`aggregate` of gauge a must be one of sum, process, shared, max, min, average, first, latest, worker; got "median".',
    );
    expect(() => registry.counter('a_total', 'Help.', { aggregate: 'max' as 'sum' })).toThrow(
      '`aggregate` of counter a_total must be one of sum, process, shared; got "max".',
    );
    expect(() => registry.gauge('b', 'Help.', { aggregate: 'worker', labelNames: ['worker'] })).toThrow(
      `gauge b already has the label "worker"`,
    );
    registry.gauge('c', 'Help.', { aggregate: 'max' });
    expect(registry.gauge('c', 'Help.')).toBe(registry.getMetric('c'));
    expect(() => registry.gauge('c', 'Help.', { aggregate: 'min' })).toThrow(
      /aggregated by min.*aggregated by max/,
    );
  });
});
