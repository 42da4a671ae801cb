import { describe, expect, it } from '@jest/globals';
import { MetricDefinitionError } from '../../lib/metrics/metric-definition.error.js';
import { exponentialBuckets, linearBuckets } from '../../lib/metrics/buckets.js';

describe('linearBuckets', () => {
  it('returns bounds that are equally far apart', () => {
    expect(linearBuckets(-1, 0.5, 4)).toEqual([-1, -0.5, 0, 0.5]);
  });

  it.each([
    [0, 0, 3],
    [0, -1, 3],
    [0, NaN, 3],
    [0, Infinity, 3],
    [0, 1, 0],
    [0, 1, 2.5],
    [0, 1, NaN],
  ])('rejects start %s, width %s, count %s', (start, width, count) => {
    expect(() => linearBuckets(start, width, count)).toThrow(MetricDefinitionError);
  });
});

describe('exponentialBuckets', () => {
  it('returns bounds with a constant ratio', () => {
    expect(exponentialBuckets(1, 10, 4)).toEqual([1, 10, 100, 1000]);
  });

  it.each([
    [0, 2, 3],
    [-1, 2, 3],
    [1, 1, 3],
    [1, NaN, 3],
    [Infinity, 2, 3],
    [1, 2, -1],
  ])('rejects start %s, factor %s, count %s', (start, factor, count) => {
    expect(() => exponentialBuckets(start, factor, count)).toThrow(MetricDefinitionError);
  });
});
