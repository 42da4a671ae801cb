import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { MetricsRegistry } from 'nestjs-monitoring';
import { IntervalReader } from '../../../lib/exporters/push/interval-reader.js';
import type {
  HistogramInterval,
  IntervalFamily,
  MetricsInterval,
} from '../../../lib/exporters/push/metrics-interval.js';
import { testRegistry } from '../../metrics/support.js';

/** A registry that is looked at again and again. */
function watched() {
  const tested = testRegistry();
  const reader = new IntervalReader();
  const look = (): MetricsInterval => {
    const snapshot = tested.registry.snapshot({ exponential: true });
    const interval = reader.intervalUpTo(snapshot);
    reader.advance(snapshot);
    return interval;
  };
  return { ...tested, reader, look };
}

function familyOf(interval: MetricsInterval, name: string): IntervalFamily | undefined {
  return interval.families.find((family) => family.name === name);
}

/** What was added to each series of a counter: `{ 'label values': delta }`. */
function deltas(interval: MetricsInterval, name = 'deals_total'): Record<string, number> {
  const found = familyOf(interval, name);
  if (found === undefined) return {};
  if (found.type !== 'counter') throw new Error(`${name} is a ${found.type}`);
  return Object.fromEntries(
    found.series.map(({ labels, delta }) => [Object.values(labels).join(' '), delta]),
  );
}

function histogramOf(interval: MetricsInterval, name: string): HistogramInterval | undefined {
  const found = familyOf(interval, name);
  return found?.type === 'histogram' ? found.series[0] : undefined;
}

/** The exponential bucket of a value. */
const bucketOf = (value: number) => Math.ceil(Math.log2(value) * 64) - 1;

const deals = (registry: MetricsRegistry) =>
  registry.counter('deals_total', 'Deals.', { labelNames: ['stage'] });

describe('an interval', () => {
  it('has the increase of a counter since the last snapshot, from zero for a new series', () => {
    const { registry, look } = watched();
    deals(registry).inc({ stage: 'won' }, 5);
    expect(deltas(look())).toEqual({ won: 5 });
    deals(registry).inc({ stage: 'won' }, 2);
    deals(registry).inc({ stage: 'lost' }, 7);
    const interval = look();
    expect(deltas(interval)).toEqual({ won: 2, lost: 7 });
    expect(familyOf(interval, 'deals_total')).toMatchObject({
      type: 'counter',
      help: 'Deals.',
      labelNames: ['stage'],
      series: [{ total: 7 }, { total: 7 }],
    });
  });

  it('omits series that did not change, and has every gauge', () => {
    const { registry, look } = watched();
    deals(registry).inc({ stage: 'won' });
    registry.histogram('order_size', 'Items.').observe(1);
    registry.gauge('users', 'Users.').set(3);
    look();
    const { families } = look();
    expect(families).toEqual([
      { type: 'gauge', name: 'users', help: 'Users.', labelNames: [], series: [{ labels: {}, value: 3 }] },
    ]);
  });

  it('starts where the previous one ended, and the first at the creation of the oldest series', () => {
    const { registry, clock, look } = watched();
    const begin = clock.now();
    deals(registry).inc({ stage: 'won' });
    clock.advance(1_000);
    registry.gauge('users', 'Users.');
    clock.advance(9_000);
    expect(look()).toMatchObject({ startedAt: begin, endedAt: begin + 10_000 });
    clock.advance(10_000);
    expect(look()).toMatchObject({ startedAt: begin + 10_000, endedAt: begin + 20_000 });
    clock.jumpTo(clock.now() - 5_000);
    expect(look()).toMatchObject({ startedAt: begin + 15_000, endedAt: begin + 15_000 });
  });

  it('includes the previous changes until the reader advances', () => {
    const { registry, reader, look } = watched();
    deals(registry).inc({ stage: 'won' }, 2);
    reader.intervalUpTo(registry.snapshot({ exponential: true }));
    deals(registry).inc({ stage: 'won' }, 3);
    expect(deltas(look())).toEqual({ won: 5 });
  });

  it('has the counts, sums, buckets and exponential buckets of observed values', () => {
    const { registry, look } = watched();
    const size = registry.histogram('order_size', 'Items.', { buckets: [1, 10] });
    for (const value of [0, 1, 5, -4]) size.observe(value);
    look();
    for (const value of [5, 100, 0, 0]) size.observe(value);
    const interval = look();
    const series = histogramOf(interval, 'order_size');
    expect(series).toMatchObject({
      labels: {},
      min: -4,
      max: 100,
      delta: { count: 4, sum: 105, bucketCounts: [2, 1, 1] },
      total: { count: 8, sum: 107, bucketCounts: [5, 2, 1] },
    });
    const { positive, negative, zeroCount } = series!.delta.exponential;
    expect([positive.offset, positive.counts.length]).toEqual([bucketOf(5), bucketOf(100) - bucketOf(5) + 1]);
    expect([positive.counts.at(0), positive.counts.at(-1)]).toEqual([1, 1]);
    expect([negative.counts, zeroCount]).toEqual([[], 2]);
  });

  it.each<[string, (registry: MetricsRegistry) => void]>([
    ['the registry was reset', (registry) => registry.resetAll()],
    ['the series was removed', (registry) => deals(registry).remove({ stage: 'won' })],
    ['the metric was removed', (registry) => registry.remove('deals_total')],
  ])('counts from zero when %s, even within the same millisecond', (_, reset) => {
    const { registry, look } = watched();
    deals(registry).inc({ stage: 'won' }, 5);
    look();
    reset(registry);
    expect(deltas(look())).toEqual({});
    deals(registry).inc({ stage: 'won' }, 7);
    expect(deltas(look())).toEqual({ won: 7 });
    deals(registry).inc({ stage: 'won' }, 1);
    expect(deltas(look())).toEqual({ won: 1 });
  });

  it('stays correct when a metric compacts its rows', () => {
    const { registry, look, clock } = watched();
    const counter = deals(registry);
    for (let i = 0; i < 200; i++) counter.inc({ stage: `s${i}` }, 10);
    look();
    clock.advance(1);
    for (let i = 0; i < 190; i++) counter.remove({ stage: `s${i}` });
    counter.inc({ stage: 's195' }, 2);
    counter.inc({ stage: 's3' }, 4);
    expect(deltas(look())).toEqual({ s195: 2, s3: 4 });
  });

  it('adds up with all others to exactly what was recorded', () => {
    const stages = ['won', 'lost', 'open'] as const;
    const act = fc.oneof(
      { weight: 6, arbitrary: fc.record({ inc: fc.constantFrom(...stages), by: fc.nat(5) }) },
      { weight: 3, arbitrary: fc.record({ observe: fc.integer({ min: -8, max: 64 }) }) },
      { weight: 3, arbitrary: fc.constant('look' as const) },
      { weight: 1, arbitrary: fc.constant('reset' as const) },
      { weight: 1, arbitrary: fc.record({ remove: fc.constantFrom(...stages) }) },
      { weight: 1, arbitrary: fc.record({ advance: fc.nat(3) }) },
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const { registry, look, clock } = watched();
        const counter = deals(registry);
        const size = registry.histogram('order_size', 'Items.', { buckets: [0, 4, 16] });
        const did = { count: 0, sum: 0, exponential: 0, won: 0, lost: 0, open: 0 };
        const seen = { ...did };
        const lookAgain = (): void => {
          const interval = look();
          for (const [stage, delta] of Object.entries(deltas(interval))) {
            seen[stage as (typeof stages)[number]] += delta;
          }
          const observed = histogramOf(interval, 'order_size')?.delta;
          if (observed === undefined) return;
          const { positive, negative, zeroCount } = observed.exponential;
          seen.count += observed.bucketCounts.reduce((sum, count) => sum + count, 0);
          seen.sum += observed.sum;
          seen.exponential += [...positive.counts, ...negative.counts].reduce((a, b) => a + b, zeroCount);
        };
        for (const each of acts) {
          if (each === 'look') lookAgain();
          else if (each === 'reset') {
            // What has not been looked at is gone with the reset.
            lookAgain();
            registry.resetAll();
          } else if ('inc' in each) {
            counter.inc({ stage: each.inc }, each.by);
            did[each.inc] += each.by;
          } else if ('observe' in each) {
            size.observe(each.observe);
            did.count++;
            did.exponential++;
            did.sum += each.observe;
          } else if ('remove' in each) {
            lookAgain();
            counter.remove({ stage: each.remove });
          } else clock.advance(each.advance);
        }
        lookAgain();
        expect(seen).toEqual(did);
      }),
    );
  });
});
