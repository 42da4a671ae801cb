import { describe, expect, it } from '@jest/globals';
import { largest, smallest } from '../../lib/primitives/extremes.js';

describe('the extremes of values', () => {
  it('are those of Math.min() and Math.max()', () => {
    for (const values of [[], [3], [3, -1, 2], [1, NaN, 2], [0, -0], [-Infinity, Infinity]]) {
      expect([smallest(values), largest(values)]).toEqual([Math.min(...values), Math.max(...values)]);
    }
  });

  it('are those of more values than a call has arguments', () => {
    const values = Array.from({ length: 200_000 }, (_, i) => i);
    expect([smallest(values), largest(values)]).toEqual([0, 199_999]);
  });
});
