import { describe, expect, it } from '@jest/globals';
import { sortedRows } from '../../lib/dashboard/sorted-rows.js';

interface Row {
  readonly name: string;
  readonly keys: readonly number[];
}

const order = (...rows: readonly Row[]): string =>
  sortedRows(
    rows,
    ({ keys }) => keys,
    ({ name }) => name,
  )
    .map(({ name }) => name)
    .join(' ');

describe('the rows of a list', () => {
  it('begin with the largest key; the next key decides among equal ones', () => {
    expect(order({ name: 'c', keys: [1, 1] }, { name: 'b', keys: [1, 2] }, { name: 'a', keys: [0, 9] })).toBe(
      'b c a',
    );
  });

  it('are in the order of their names where they are equal, whatever order they come in', () => {
    const rows = ['b', 'c', 'a'].map((name) => ({ name, keys: [1] }));
    expect(order(...rows)).toBe('a b c');
    expect(order(...rows.toReversed())).toBe('a b c');
  });

  it('leave the given list as it is', () => {
    const rows = [
      { name: 'b', keys: [0] },
      { name: 'a', keys: [1] },
    ];
    order(...rows);
    expect(rows.map(({ name }) => name)).toEqual(['b', 'a']);
  });
});
