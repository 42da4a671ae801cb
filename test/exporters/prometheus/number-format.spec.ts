import { describe, expect, it } from '@jest/globals';
import { formatSeconds, formatValue } from '../../../lib/exporters/prometheus/number-format.js';

describe('a value', () => {
  it.each([
    [NaN, 'NaN'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [-0, '0'],
    [1e21, '1e+21'],
    [0.1 + 0.2, '0.30000000000000004'],
  ])('of %s is formatted as %s', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });
});

describe('a timestamp', () => {
  it('is formatted in seconds, to the millisecond', () => {
    expect(formatSeconds(1_700_000_000_123)).toBe('1700000000.123');
    expect(formatSeconds(1_700_000_000_000)).toBe('1700000000');
  });
});
