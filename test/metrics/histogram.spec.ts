import { describe, expect, it } from '@jest/globals';
import { MetricDefinitionError } from '../../lib/metrics/metric-definition.error.js';
import { DEFAULT_BUCKETS } from '../../lib/metrics/buckets.js';
import { dropped, histograms, testRegistry } from './support.js';

describe('Histogram', () => {
  it('counts a value in every bucket up to whose bound it lies', () => {
    const { registry } = testRegistry();
    const size = registry.histogram('order_size', 'Items.', { buckets: [1, 5, 10] });
    for (const value of [0, 1, 1.5, 5, 10, 10.5, 99]) size.observe(value);
    expect(histograms(registry, 'order_size')).toMatchObject([
      {
        count: 7,
        sum: 127,
        min: 0,
        max: 99,
        buckets: [
          { upperBound: 1, count: 2 },
          { upperBound: 5, count: 4 },
          { upperBound: 10, count: 5 },
          { upperBound: Infinity, count: 7 },
        ],
      },
    ]);
    expect(size.count()).toBe(7);
    expect(size.sum()).toBe(127);
  });

  it('has no minimum and maximum before the first value', () => {
    const { registry } = testRegistry();
    registry.histogram('order_size', 'Items.');
    expect(histograms(registry, 'order_size')).toMatchObject([{ count: 0, sum: 0, min: NaN, max: NaN }]);
  });

  it('has its own buckets for each label set, bound or not', () => {
    const { registry } = testRegistry();
    const size = registry.histogram('order_size', 'Items.', { labelNames: ['shop'], buckets: [1, 2] });
    const online = size.labels({ shop: 'online' });
    size.observe({ shop: 'online' }, 1);
    online.observe(3);
    const options = { labels: { shop: 'corner' }, buckets: [1, 2] };
    registry.histogram('order_size', 'Items.', options).observe(2);
    expect(online.count()).toBe(2);
    expect(online.sum()).toBe(4);
    expect(size.count({ shop: 'online' })).toBe(2);
    expect(size.sum({ shop: 'online' })).toBe(4);
    expect(
      histograms(registry, 'order_size').map(({ buckets }) => buckets.map(({ count }) => count)),
    ).toEqual([
      [1, 1, 2],
      [0, 1, 1],
    ]);
  });

  it('returns zero for unused labels without creating a series', () => {
    const size = testRegistry().registry.histogram('order_size', 'Items.', { labelNames: ['shop'] });
    expect(size.count({ shop: 'online' })).toBe(0);
    expect(size.sum({ shop: 'online' })).toBe(0);
    expect(size.seriesCount).toBe(0);
  });

  it('has default buckets, and accepts an explicit +Inf', () => {
    const { registry } = testRegistry();
    expect(registry.histogram('a', 'A.').upperBounds).toEqual(DEFAULT_BUCKETS);
    expect(registry.histogram('b', 'B.', { buckets: [1, 2, Infinity] }).upperBounds).toEqual([1, 2]);
  });

  it('copies its bounds', () => {
    const { registry } = testRegistry();
    const buckets = [1, 2, 3];
    const size = registry.histogram('order_size', 'Items.', { buckets });
    buckets[0] = 100;
    size.observe(1);
    expect(histograms(registry, 'order_size')[0]?.buckets[0]).toEqual({ upperBound: 1, count: 1 });
  });

  it.each([
    ['unsorted', [2, 1]],
    ['repeated', [1, 1]],
    ['missing', []],
    ['nothing but +Inf', [Infinity]],
    ['NaN', [1, NaN, 3]],
    ['an infinity in the middle', [1, Infinity, Infinity]],
    ['-Infinity', [-Infinity, 1]],
  ])('rejects bounds that are %s', (_, buckets) => {
    const { registry } = testRegistry();
    expect(() => registry.histogram('order_size', 'Items.', { buckets })).toThrow(MetricDefinitionError);
    expect(() => registry.histogram('order_size', 'Items.', { buckets })).toThrow(/order_size/);
    expect(registry.getMetric('order_size')).toBeUndefined();
  });

  it('drops a value that would make its sum infinite', () => {
    const { registry } = testRegistry();
    const size = registry.histogram('order_size', 'Items.', { buckets: [0] });
    size.observe(-Number.MAX_VALUE);
    size.observe(-Number.MAX_VALUE);
    expect(histograms(registry, 'order_size')).toMatchObject([{ count: 1, sum: -Number.MAX_VALUE }]);
    expect(dropped(registry)).toEqual({ 'order_size infinite': 1 });
  });

  it('example: shows the share of small orders', () => {
    const { registry } = testRegistry();
    const size = registry.histogram('order_size', 'Items in an order.', { buckets: [1, 5, 10, 50] });
    for (const items of [1, 2, 2, 3, 7, 8, 20, 60]) size.observe(items);
    const [{ buckets, count } = { buckets: [], count: 0 }] = histograms(registry, 'order_size');
    const upToFive = buckets.find(({ upperBound }) => upperBound === 5)?.count;
    expect(`${upToFive} of ${count}`).toBe('4 of 8');
    expect(size.percentile(0.5)).toBeCloseTo(3, 1);
  });
});
