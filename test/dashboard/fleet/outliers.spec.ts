import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type InstanceFigures, outliersOf, timesOf } from '../../../lib/dashboard/fleet/outliers.js';

const MEBIBYTE = 1024 * 1024;

function outliers(...all: readonly InstanceFigures[]): string[] {
  const named = all.map((figures, i): [string, InstanceFigures] => [`pod-${i}`, figures]);
  return outliersOf(new Map(named)).map(({ instance, text }) => `${instance}: ${text}`);
}

describe('an instance', () => {
  it('is named with its figures that are far above the median, the farthest first', () => {
    expect(
      outliers(
        { p99Seconds: 0.2, errorPercent: 0.5, memoryBytes: 200 * MEBIBYTE },
        { p99Seconds: 0.8, errorPercent: 22, memoryBytes: 250 * MEBIBYTE },
        { p99Seconds: 0.19, errorPercent: 0.4, memoryBytes: 700 * MEBIBYTE },
      ),
    ).toEqual(['pod-1: errors 44×', 'pod-1: p99 4×', 'pod-2: memory 2.8×']);
  });

  it('alone with a figure is named as such', () => {
    expect(outliers({ errorPercent: 0 }, { errorPercent: 0 }, { errorPercent: 3 })).toEqual([
      'pod-2: errors on this instance alone',
    ]);
  });

  it.each<[string, readonly InstanceFigures[]]>([
    ['one of two', [{ p99Seconds: 0.1 }, { p99Seconds: 9 }]],
    ['one whose figure is low', [{ p99Seconds: 0.001 }, { p99Seconds: 0.001 }, { p99Seconds: 0.009 }]],
    ['one that is faster', [{ p99Seconds: 1 }, { p99Seconds: 1 }, { p99Seconds: 0.1 }]],
    ['one of unlike ones', [{ cpuPercent: 20 }, { cpuPercent: 40 }, { cpuPercent: 60 }, { cpuPercent: 80 }]],
    ['one without figures', [{}, {}, {}]],
  ])('is not named if it is %s', (_, all) => expect(outliers(...all)).toEqual([]));

  it('is never named if at least half are like it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 20 }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (others, value) => {
          const all = [...others, ...others.map(() => value), value].map((p99Seconds) => ({ p99Seconds }));
          const found = outliersOf(new Map(all.map((figures, i) => [`pod-${i}`, figures])));
          expect(found.filter((each) => each.value === value && each.value <= each.median)).toEqual([]);
          for (const each of found) expect(each.value).toBeGreaterThanOrEqual(each.median * 2);
          expect(found.length).toBeLessThanOrEqual(Math.min(20, all.length / 2));
        },
      ),
    );
  });
});

describe('how many times a median a figure is', () => {
  it.each([
    [4, 1, '4×'],
    [4.26, 1, '4.3×'],
    [10.6, 1, '11×'],
    [1234, 1, '1234×'],
    [1, 0, 'on this instance alone'],
  ])('for %d and %d is %s', (value, median, text) => expect(timesOf(value, median)).toBe(text));
});
