import { describe, expect, it } from '@jest/globals';
import { groupByLabels, keyOf } from '../../lib/query/label-sets.js';

describe('the key of a label set', () => {
  it('does not depend on the order of the labels', () => {
    expect(keyOf({ a: '1', b: '2' })).toBe(keyOf({ b: '2', a: '1' }));
  });

  it('differs for label sets that look alike as text', () => {
    const keys = [{ a: '1,b=2' }, { a: '1', b: '2' }, { a: '1"' }, { 'a"': '1' }].map(keyOf);
    expect(new Set(keys).size).toBe(4);
  });
});

describe('groups by labels', () => {
  const items = [
    { labels: { route: '/a', method: 'GET' }, value: 1 },
    { labels: { route: '/b', method: 'GET' }, value: 2 },
    { labels: { route: '/a', method: 'POST' }, value: 3 },
  ];
  const valuesOf = (groupBy: string[] | undefined): unknown[] =>
    groupByLabels(items, groupBy).map(({ labels, items: own }) => [labels, own.map(({ value }) => value)]);

  it('have the items with the same values of these labels, in their order', () => {
    expect(valuesOf(['route'])).toEqual([
      [{ route: '/a' }, [1, 3]],
      [{ route: '/b' }, [2]],
    ]);
  });

  it('are one without labels, and one for each item by all of its labels', () => {
    expect(valuesOf([])).toEqual([[{}, [1, 2, 3]]]);
    expect(valuesOf(undefined)).toHaveLength(3);
  });

  it('leave out a label that is empty, absent, or only on the prototype', () => {
    expect(valuesOf(['tenant', 'constructor'])).toEqual([[{}, [1, 2, 3]]]);
  });
});
