import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

const PAGE = new URL('../../../lib/dashboard/page/', import.meta.url);
const { compare } = (await import(String(new URL('elements.js', PAGE)))) as {
  readonly compare: (a: unknown, b: unknown) => number;
};

describe('the order of a column', () => {
  it('has what is unknown before numbers, and numbers before texts, wherever they stand', () => {
    const sorted = [undefined, -2, 0, 10, '', '9', 'paid', 'unpaid'];
    fc.assert(
      fc.property(fc.shuffledSubarray(sorted, { minLength: sorted.length }), (values) => {
        // An array sorts what is undefined to its end by itself.
        const rows = values.map((value) => ({ value }));
        expect(rows.toSorted((a, b) => compare(a.value, b.value)).map(({ value }) => value)).toEqual(sorted);
      }),
    );
  });

  it('takes null for unknown, and leaves what is unknown as it was', () => {
    expect(compare(null, undefined)).toBe(0);
    expect(compare(null, -Infinity)).toBeLessThan(0);
    expect(compare('text', null)).toBeGreaterThan(0);
  });
});
