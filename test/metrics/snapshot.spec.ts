import { describe, expect, it } from '@jest/globals';
import { histograms, scalars, testRegistry } from './support.js';

describe('a snapshot', () => {
  it('does not change with later samples, removals, resets and definitions', () => {
    const { registry, clock } = testRegistry({ defaultLabels: { service: 'shop' } });
    const counter = registry.counter('c_total', 'C.', { labelNames: ['a'] });
    const histogram = registry.histogram('h', 'H.', { labelNames: ['a'], buckets: [1] });
    for (const a of ['1', '2']) {
      counter.inc({ a });
      histogram.observe({ a }, 0.5);
    }
    const snapshot = registry.snapshot({ exponential: true });
    const read = () => ({
      timestamp: snapshot.timestamp,
      names: snapshot.families.map(({ name }) => name),
      counter: scalars(snapshot, 'c_total'),
      histogram: histograms(snapshot, 'h'),
    });
    const before = structuredClone(read());
    clock.advance(1_000);
    for (const a of ['1', '3']) {
      counter.inc({ a }, 10);
      histogram.observe({ a }, 7);
    }
    counter.remove({ a: '2' });
    registry.resetAll();
    histogram.observe({ a: 'new' }, 1);
    registry.gauge('later', 'Later.');
    registry.remove('h');
    expect(read()).toEqual(before);
    expect(before.timestamp).toBe(clock.now() - 1_000);
    expect(before.histogram).toMatchObject([
      { labels: { a: '1' }, count: 1, exponential: { positive: { counts: [1] } } },
      { labels: { a: '2' }, count: 1 },
    ]);
  });

  it('has the numbers of every series, however many there are', () => {
    const { registry } = testRegistry({ seriesLimit: Infinity });
    const counter = registry.counter('c_total', 'C.', { labelNames: ['a'] });
    for (const count of [4_095, 4_096, 4_097, 9_000]) {
      for (let i = counter.seriesCount; i < count; i++) counter.inc({ a: i }, i);
      const snapshot = registry.snapshot();
      counter.inc({ a: 7 }, 1);
      const values = scalars(snapshot, 'c_total').map(({ value }) => value);
      expect(values.toSpliced(7, 1)).toEqual(Array.from({ length: count }, (_, i) => i).toSpliced(7, 1));
    }
  });

  it('can be iterated several times', () => {
    const { registry } = testRegistry();
    registry.gauge('g', 'G.').set(4);
    const snapshot = registry.snapshot();
    expect(scalars(snapshot, 'g')).toEqual(scalars(snapshot, 'g'));
    expect(scalars(snapshot, 'g')).toHaveLength(1);
  });

  it('is consistent: buckets, sum and count of a histogram belong together', () => {
    const { registry } = testRegistry();
    const histogram = registry.histogram('h', 'H.', { buckets: [1, 2, 3] });
    for (let i = 0; i < 50; i++) {
      histogram.observe(i % 5);
      const [series] = histograms(registry.snapshot({ exponential: true }), 'h');
      const exponential = series?.exponential;
      if (exponential === undefined) throw new Error('no exponential histogram');
      expect(series?.count).toBe(i + 1);
      expect(series?.buckets.at(-1)?.count).toBe(i + 1);
      expect(exponential.zeroCount + exponential.positive.counts.reduce((sum, count) => sum + count, 0)).toBe(
        i + 1,
      );
    }
  });

  it('has a copy of the default labels as strings', () => {
    const defaultLabels = { service: 'shop', shard: 3, canary: false };
    const { registry } = testRegistry({ defaultLabels });
    defaultLabels.service = 'changed';
    registry.gauge('g', 'G.').set(1);
    const snapshot = registry.snapshot();
    expect(snapshot.defaultLabels).toEqual({ service: 'shop', shard: '3', canary: 'false' });
    expect(scalars(snapshot, 'g')).toMatchObject([{ labels: {} }]);
  });

  it('has the creation time of each series', () => {
    const { registry, clock } = testRegistry();
    const counter = registry.counter('c_total', 'C.', { labelNames: ['a'] });
    const start = clock.now();
    counter.inc({ a: '1' });
    clock.advance(500);
    counter.inc({ a: '1' });
    counter.labels({ a: '2' });
    expect(scalars(registry, 'c_total').map(({ createdAt }) => createdAt - start)).toEqual([0, 500]);
  });
});
