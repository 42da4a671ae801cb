import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  pairsOf,
  type WeightedValues,
  bucketMidpoints,
} from '../../../lib/exporters/push/bucket-midpoints.js';
import { distributionOf } from './intervals.js';

const positive = fc.array(fc.double({ noNaN: true, min: 1e-8, max: 1e12 }), { minLength: 1, maxLength: 300 });
const anySign = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 300 });
const bothSigns = fc
  .tuple(positive, positive)
  .map(([above, below]) => [...above, ...below.map((value) => -value)]);

function observed(values: readonly number[]) {
  return { delta: distributionOf(values), min: Math.min(...values), max: Math.max(...values) };
}

/** The sum of all values, each as often as it occurred. */
function totalOf(weighted: WeightedValues): number {
  return sum(pairsOf(weighted).map(([value, count]) => value * count));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

describe('bucketMidpoints', () => {
  it('returns a single value exactly', () => {
    expect(bucketMidpoints([observed([0.25])])).toEqual({ values: [0.25], counts: [1] });
  });

  it('returns equal values once, with their number of occurrences', () => {
    expect(bucketMidpoints([observed([3, 0, 3, 3])])).toEqual({ values: [0, 3], counts: [1, 3] });
  });

  it('returns nothing without values', () => {
    expect(bucketMidpoints([])).toEqual({ values: [], counts: [] });
    expect(bucketMidpoints([{ delta: distributionOf([]), min: NaN, max: NaN }])).toEqual({
      values: [],
      counts: [],
    });
  });

  it('combines the values of several series', () => {
    const weighted = bucketMidpoints([observed([1, 8]), observed([8, 64, 8])]);
    expect(weighted.counts).toEqual([1, 3, 1]);
    expect(totalOf(weighted)).toBeCloseTo(89, 9);
  });

  it('keeps the counts and the sum of values of one sign, in ascending order, within any limit', () => {
    fc.assert(
      fc.property(
        positive,
        fc.integer({ min: 3, max: 200 }),
        fc.constantFrom(1, -1),
        (magnitudes, limit, sign) => {
          const given = magnitudes.map((magnitude) => sign * magnitude);
          const weighted = bucketMidpoints([observed(given)], limit);
          const { values, counts } = weighted;
          expect(values.length).toBeLessThanOrEqual(limit);
          expect(values).toEqual(values.toSorted((a, b) => a - b));
          expect(new Set(values).size).toBe(values.length);
          expect(sum(counts)).toBe(given.length);
          expect(Math.abs(totalOf(weighted) / sum(given) - 1)).toBeLessThan(1e-9);
        },
      ),
    );
  });

  it('is at most 1.1 % off at every rank without a limit', () => {
    fc.assert(
      fc.property(positive, (given) => {
        const expanded = pairsOf(bucketMidpoints([observed(given)])).flatMap(([value, count]) =>
          Array.from({ length: count }, () => value),
        );
        given
          .toSorted((a, b) => a - b)
          .forEach((value, rank) =>
            expect(Math.abs((expanded[rank] ?? NaN) / value - 1)).toBeLessThan(0.011),
          );
      }),
    );
  });

  it.each<[string, readonly number[]]>([
    ['as much below as above', [-3, 3, -3, 3, -7.1, 7.3]],
    ['one far below', [...Array.from({ length: 50 }, (_, i) => i + 0.3), -1_000]],
    ['with zeros between', [-5.5, 0, 0, 0, 4.25, 0, 9.75]],
    ['very small beside very large', [-1e-6, 1e6, -2e-6, 3e6, 1e-9]],
    ['many of each', Array.from({ length: 3_000 }, (_, i) => ((i * 37) % 101) - 49.7)],
    ['below zero only', [-0.1, -0.2, -33.3]],
    ['temperatures', [-12.4, -3.1, 0.2, 5.9, 21.7, 30.3]],
  ])('keeps the sum of values of both signs: %s', (_, given) => {
    for (const limit of [Infinity, 150, 20]) {
      const total = totalOf(bucketMidpoints([observed(given)], limit));
      const magnitude = sum(given.map(Math.abs));
      expect(Math.abs(total - sum(given))).toBeLessThan(magnitude * 1e-10);
    }
  });

  it('keeps the sum of values of both signs, in ascending order', () => {
    fc.assert(
      fc.property(bothSigns, fc.constantFrom(150, Infinity), (given, limit) => {
        const weighted = bucketMidpoints([observed(given)], limit);
        const { values } = weighted;
        expect(Math.abs(totalOf(weighted) - sum(given))).toBeLessThanOrEqual(sum(given.map(Math.abs)) * 1e-9);
        expect(values).toEqual(values.toSorted((a, b) => a - b));
      }),
    );
  });

  it('keeps the counts of values of both signs, within any limit', () => {
    fc.assert(
      fc.property(anySign, fc.integer({ min: 5, max: 150 }), (given, limit) => {
        const { values, counts } = bucketMidpoints([observed(given)], limit);
        expect(values.length).toBeLessThanOrEqual(limit);
        expect(sum(counts)).toBe(given.length);
        expect(values.every(Number.isFinite)).toBe(true);
      }),
    );
  });
});
