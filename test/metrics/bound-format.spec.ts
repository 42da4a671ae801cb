import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { formatBound, formatCanonicalBound } from '../../lib/metrics/bound-format.js';

describe('a bucket bound', () => {
  it.each([
    [0, '0', '0.0'],
    [-0, '0', '0.0'],
    [0.001, '0.001', '0.001'],
    [0.1, '0.1', '0.1'],
    [1, '1', '1.0'],
    [-1, '-1', '-1.0'],
    [2.5, '2.5', '2.5'],
    [10, '10', '10.0'],
    [100_000, '100000', '100000.0'],
    [999_999, '999999', '999999.0'],
    [123_456.5, '123456.5', '123456.5'],
    [1e6, '1e+06', '1e+06'],
    [1_234_567, '1.234567e+06', '1.234567e+06'],
    [1e10, '1e+10', '1e+10'],
    [-1e10, '-1e+10', '-1e+10'],
    [1e100, '1e+100', '1e+100'],
    [1e-4, '0.0001', '0.0001'],
    [1e-5, '1e-05', '1e-05'],
    [2.5e-5, '2.5e-05', '2.5e-05'],
    [1e-9, '1e-09', '1e-09'],
    [1e-10, '1e-10', '1e-10'],
    [Infinity, '+Inf', '+Inf'],
    [-Infinity, '-Inf', '-Inf'],
    [NaN, 'NaN', 'NaN'],
  ])('of %s is formatted as %s, and canonically as %s', (bound, plain, canonical) => {
    expect([formatBound(bound), formatCanonicalBound(bound)]).toEqual([plain, canonical]);
  });

  it('has the same value in both forms', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (bound) => {
        expect(Number(formatBound(bound))).toBe(bound + 0);
        expect(Number(formatCanonicalBound(bound))).toBe(bound + 0);
        expect(formatCanonicalBound(bound)).toMatch(/[.e]/);
      }),
    );
  });
});
