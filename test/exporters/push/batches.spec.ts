import { describe, expect, it } from '@jest/globals';
import { batchesOf, halvesOf } from '../../../lib/exporters/push/batches.js';

describe('batches', () => {
  const batch = (sizes: number[], limits: { items: number; bytes: number }) =>
    batchesOf(sizes, (size) => size, limits).map(({ items, bytes }) => [items, bytes]);

  it('keep the order and both limits', () => {
    expect(batch([1, 2, 3, 4], { items: 3, bytes: 6 })).toEqual([
      [[1, 2, 3], 6],
      [[4], 4],
    ]);
    expect(batch([1, 1, 1, 1], { items: 3, bytes: 100 })).toEqual([
      [[1, 1, 1], 3],
      [[1], 1],
    ]);
  });

  it('have an item that is too large alone', () => {
    expect(batch([1, 50, 2], { items: 9, bytes: 10 })).toEqual([
      [[1], 1],
      [[50], 50],
      [[2], 2],
    ]);
  });

  it('are none without items', () => {
    expect(batch([], { items: 3, bytes: 6 })).toEqual([]);
  });
});

describe('halvesOf()', () => {
  it('splits in the middle, and does not split a single item', () => {
    expect([halvesOf([1, 2, 3]), halvesOf([1]), halvesOf([])]).toEqual([[[1, 2], [3]], [[1]], []]);
  });
});
