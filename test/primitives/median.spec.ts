import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { medianOf } from '../../lib/primitives/median.js';

describe('the median', () => {
  it.each<[readonly number[], number]>([
    [[3, 1, 2], 2],
    [[10, 9, 1, 2], 5.5],
    [[7], 7],
    [[], NaN],
  ])('of %p is %p', (values, expected) => {
    expect(medianOf(values)).toBe(expected);
  });

  it('has as many values above it as below, and leaves their order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const given = [...values];
        const median = medianOf(values);
        expect(values).toEqual(given);
        const half = values.length / 2;
        expect(values.filter((value) => value < median).length).toBeLessThanOrEqual(half);
        expect(values.filter((value) => value > median).length).toBeLessThanOrEqual(half);
      }),
    );
  });
});
