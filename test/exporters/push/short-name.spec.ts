import { describe, expect, it } from '@jest/globals';
import { shortName } from '../../../lib/exporters/push/short-name.js';

describe('shortName()', () => {
  it('keeps a name within the limit', () => {
    expect(shortName('orders_total', 12)).toBe('orders_total');
  });

  it('shortens a longer one to the limit, and keeps shortened names distinct', () => {
    const names = [1, 2].map((number) => shortName(`${'x'.repeat(300)}${number}`, 200));
    expect(names.map(({ length }) => length)).toEqual([200, 200]);
    expect(new Set(names).size).toBe(2);
    expect(shortName(`${'x'.repeat(300)}1`, 200)).toBe(names[0]);
  });
});
