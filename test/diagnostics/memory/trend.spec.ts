import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { trendOf } from '../../../lib/diagnostics/memory/trend.js';

const series = (values: readonly number[]) => values.map((value, i) => ({ at: i * 1_000, value }));
const samples = fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { minLength: 2, maxLength: 20 });

describe('the trend of values', () => {
  it('is the slope of a straight line, however few of its values are outliers', () => {
    const line = Array.from({ length: 15 }, (_, i) => 100 + 5 * i);
    expect(trendOf(series(line)).slope).toBeCloseTo(5 / 1_000, 12);
    const broken = line.with(4, 1_000_000).with(9, -1_000_000);
    expect(trendOf(series(broken)).slope).toBeCloseTo(5 / 1_000, 3);
  });

  it('is as even as Mann and Kendall count it', () => {
    // Of ten values in order: 45 pairs, and a deviation of the square root of 125.
    expect(trendOf(series([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).z).toBeCloseTo(44 / Math.sqrt(125), 12);
    expect(trendOf(series([7, 7, 7, 7, 7, 7]))).toEqual({ slope: 0, z: 0 });
  });

  it.each([
    ['no values', []],
    ['one value', [5]],
  ])('is none for %s', (_, values) => {
    expect(trendOf(series(values))).toEqual({ slope: 0, z: 0 });
  });

  it('does not depend on the height of the values, and turns round with them', () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: -1_000, max: 1_000 }), (values, height) => {
        const { slope, z } = trendOf(series(values));
        const raised = trendOf(series(values.map((value) => value + height)));
        expect(raised).toEqual({ slope, z });
        const turned = trendOf(series(values.map((value) => -value)));
        expect(turned.slope + slope).toBeCloseTo(0, 9);
        expect(turned.z + z).toBeCloseTo(0, 9);
      }),
    );
  });
});
