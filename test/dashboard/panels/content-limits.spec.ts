import { describe, expect, it } from '@jest/globals';
import { known, LENGTH, MAX, UNITS } from '../../../lib/dashboard/panels/content-limits.js';
import type { Unit } from '../../../lib/dashboard/views/panel.js';

const { formatted } = (await import(
  String(new URL('../../../lib/dashboard/page/format.js', import.meta.url))
)) as { readonly formatted: (value: number, unit?: string) => string };

/** A value in each unit, as the page shows it. */
const SHOWN: Readonly<Record<Unit, RegExp>> = {
  number: /^1\D?500$/,
  seconds: /^25 min$/,
  milliseconds: /^1\D5 s$/,
  bytes: /^1\D46 KiB$/,
  percent: /^1\D?500 %$/,
  ratio: /^150\D?000 %$/,
  'per second': /^1\D?500\/s$/,
  'bytes per second': /^1\D46 KiB\/s$/,
  timestamp: /1970/,
};

describe('the units of a panel', () => {
  it('are all that the page knows, each with a form of its own', () => {
    expect([...UNITS].toSorted()).toEqual(Object.keys(SHOWN).toSorted());
    for (const unit of UNITS) expect(formatted(1_500, unit)).toMatch(SHOWN[unit]);
  });
});

describe('the limits of a panel', () => {
  it('are whole numbers, and small enough that a content of all of them is a page', () => {
    const limits = [...Object.values(MAX), ...Object.values(LENGTH)];
    expect(limits.every((limit) => Number.isInteger(limit) && limit > 0)).toBe(true);
    expect(MAX.tables * MAX.rows * MAX.columns).toBeLessThanOrEqual(32_000);
    expect(MAX.paragraphs * LENGTH.paragraph).toBeLessThanOrEqual(20_000);
  });
});

describe('a member of an object', () => {
  it.each([null, false, 0, '', 'a'])('is there with the value %j', (value) => {
    expect(known('note', value)).toEqual({ note: value });
  });

  it('is left out if it has no value', () => {
    expect(Object.keys(known('note', undefined))).toEqual([]);
  });

  it('may have the name of one that all objects have', () => {
    expect(Object.keys(known('__proto__', 1))).toEqual(['__proto__']);
  });
});
