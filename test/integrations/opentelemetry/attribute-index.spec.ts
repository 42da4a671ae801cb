import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { AttributeIndex } from '../../../lib/integrations/opentelemetry/attribute-index.js';

type Attributes = Record<string, unknown>;

const NAMES = ['http.route', 'method', 'status', 'constructor', '__proto__x'];
const VALUES = ['a', 'b', '1', 1, true, 'true', null, undefined, NaN, 0, -0, ''];

const attributes: fc.Arbitrary<Attributes> = fc
  .uniqueArray(fc.constantFrom(...NAMES), { maxLength: 4 })
  .chain((names) =>
    fc
      .array(fc.constantFrom(...VALUES), { minLength: names.length, maxLength: names.length })
      .map((values) => Object.fromEntries(names.map((name, i) => [name, values[i]]))),
  );

/** What tells attribute sets apart: the names in their order, and the values with their types. */
function keyOf(given: Attributes): string {
  return JSON.stringify(Object.entries(given).map(([name, value]) => [name, typeof value, String(value)]));
}

describe('the index of attributes', () => {
  it('finds what was added, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(attributes, { maxLength: 60 }), (sets) => {
        const index = new AttributeIndex<string>(1_000);
        const added = new Map<string, string>();
        // One object for all, as an application may reuse its own.
        for (const set of sets) {
          const expected = added.get(keyOf(set));
          expect(index.find(set)).toBe(expected);
          if (expected !== undefined) continue;
          index.add(set, keyOf(set));
          // More lists of names than are indexed are not found, which is no mistake.
          if (index.find(set) !== undefined) added.set(keyOf(set), keyOf(set));
        }
        const found = sets.map((set) => index.find({ ...set }));
        expect(found).toEqual(sets.map((set) => added.get(keyOf(set))));
      }),
      { numRuns: 500 },
    );
  });

  it('tells sets apart that need more than the bits of its keys', () => {
    const index = new AttributeIndex<number>(10_000);
    const setOf = (i: number) => ({ a: i, b: i * 2, c: `${i}`, d: i % 97 });
    for (let i = 0; i < 3_000; i++) index.add(setOf(i), i);
    const numbers = Array.from({ length: 3_000 }, (_, i) => i);
    expect(numbers.map((i) => index.find(setOf(i)))).toEqual(numbers);
    expect(index.find({ ...setOf(1), d: 2 })).toBeUndefined();
  });

  it('keeps no more sets, lists of names and long texts than it may', () => {
    const index = new AttributeIndex<number>(10);
    for (let i = 0; i < 20; i++) index.add({ i }, i);
    expect(index.find({ i: 9 })).toBe(9);
    expect(index.find({ i: 10 })).toBeUndefined();
    const shapes = new AttributeIndex<number>(100);
    for (let i = 0; i < 20; i++) shapes.add({ [`name${i}`]: 1 }, i);
    expect(shapes.find({ name15: 1 })).toBe(15);
    expect(shapes.find({ name16: 1 })).toBeUndefined();
    const text = 'x'.repeat(1_025);
    shapes.add({ name0: text }, 1);
    expect(shapes.find({ name0: text })).toBeUndefined();
    shapes.add({ name0: ['a'] }, 1);
    expect(shapes.find({ name0: ['a'] })).toBeUndefined();
  });

  it('finds nothing by a getter that uses it', () => {
    const index = new AttributeIndex<string>(10);
    index.add({ a: 'x', b: 'x' }, 'xx');
    index.add({ a: 'y', b: 'y' }, 'yy');
    const nested = {
      a: 'x',
      get b(): string {
        index.find({ a: 'y', b: 'y' });
        return 'x';
      },
    };
    expect(index.find(nested)).toBeUndefined();
    expect(index.find({ a: 'x', b: 'x' })).toBe('xx');
  });

  it('allocates nothing for a set that was seen before', () => {
    const index = new AttributeIndex<number>(10);
    const sets = Array.from({ length: 8 }, (_, i) => ({ route: `/${i}`, method: 'GET', status: 200 + i }));
    sets.forEach((set, i) => index.add(set, i));
    const find = (times: number): void => {
      for (let i = 0; i < times; i++) index.find(sets[i & 7]!);
    };
    find(100_000);
    const grown = Array.from({ length: 51 }, () => {
      const before = process.memoryUsage().heapUsed;
      find(20_000);
      return process.memoryUsage().heapUsed - before;
    });
    // The median: garbage is collected in few of them, or in none. One object for each would be 300 kB at least.
    expect(grown.toSorted((a, b) => a - b)[25]).toBeLessThan(100_000);
  });
});
