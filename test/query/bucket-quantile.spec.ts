import { describe, expect, it } from '@jest/globals';
import { bucketQuantile, bucketQuantileOf } from '../../lib/query/bucket-quantile.js';

describe('the quantile of a classic histogram', () => {
  it('lies within its bucket as if values were spread evenly', () => {
    expect(bucketQuantile(0.5, [1, 2, 4], [0, 10, 20, 20])).toBe(2);
    expect(bucketQuantile(0.75, [1, 2, 4], [0, 10, 20, 20])).toBe(3);
    expect(bucketQuantile(0.25, [1, 2], [10, 10, 10])).toBe(0.25);
  });

  it('is the last bound if it lies beyond, and the first one if that is not positive', () => {
    expect(bucketQuantile(0.99, [1, 2], [0, 0, 5])).toBe(2);
    expect(bucketQuantile(0.5, [-1, 1], [5, 5, 5])).toBe(-1);
  });

  it('is infinite outside of 0 and 1, and unknown without values, bounds or a number', () => {
    expect([bucketQuantile(-0.1, [1], [1, 1]), bucketQuantile(1.1, [1], [1, 1])]).toEqual([
      -Infinity,
      Infinity,
    ]);
    for (const unknown of [
      bucketQuantile(0.5, [1], [0, 0]),
      bucketQuantile(0.5, [], [5]),
      bucketQuantile(NaN, [1], [1, 1]),
      bucketQuantile(0.5, [1], [NaN, NaN]),
    ]) {
      expect(unknown).toBeNaN();
    }
  });

  it('takes a count that is below the one before it as that one', () => {
    expect(bucketQuantile(0.5, [1, 2], [10, 9.999, 10])).toBe(bucketQuantile(0.5, [1, 2], [10, 10, 10]));
  });

  it('leaves out buckets whose rate is unknown', () => {
    expect(bucketQuantileOf(0.5, [1, 2, 4], Float64Array.of(0, NaN, 10, 10))).toBe(2.5);
    expect(bucketQuantileOf(0.5, [1], Float64Array.of(1, NaN))).toBeNaN();
  });
});
