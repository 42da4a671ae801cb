import { describe, expect, it } from '@jest/globals';
import { type ShownTable, tableOf } from '../../../lib/dashboard/panels/table-content.js';

function table(value: unknown): ShownTable {
  const steps = tableOf({ value, place: 'tables[2]' });
  for (;;) {
    const { done, value: shown } = steps.next();
    if (done) return shown;
  }
}

describe('a table of a panel', () => {
  it('has as many cells in each row as it has columns', () => {
    const columns = ['Article', { title: 'Age', unit: 'seconds' }];
    const rows = [['chair', 7, 'beyond'], ['lamp'], []];
    expect(table({ title: 'Stock', columns, rows, empty: 'None.' })).toEqual({
      title: 'Stock',
      columns: [{ title: 'Article' }, { title: 'Age', unit: 'seconds' }],
      rows: [
        ['chair', 7],
        ['lamp', null],
        [null, null],
      ],
      omitted: 0,
      empty: 'None.',
    });
  });

  it('shows values of any kind, without secrets', () => {
    const at = new Date(1_800_000_000_000);
    const values = [true, 12n, 2n ** 80n, NaN, at, new Date(NaN), undefined, 'http://ada:hunter2@db'];
    const [row] = table({ title: 't', columns: values.map((_, i) => `${i}`), rows: [values] }).rows;
    expect(row?.slice(0, 7)).toEqual([true, 12, String(2n ** 80n), 'NaN', { at: at.getTime() }, null, null]);
    expect(row?.[7]).not.toContain('hunter2');
  });

  it('says how many rows it leaves out: beyond the limit, or of a total that is given', () => {
    const rows = Array.from({ length: 201 }, () => [1]);
    expect(table({ title: 't', columns: ['a'], rows })).toMatchObject({ omitted: 1 });
    expect(table({ title: 't', columns: ['a'], rows, total: 5_000 })).toMatchObject({ omitted: 4_800 });
    expect(table({ title: 't', columns: ['a'], rows: [[1]], total: 0 })).toMatchObject({ omitted: 0 });
  });

  it.each<[unknown, string]>([
    [{ title: 't' }, '`tables[2].columns` must be a list of at least one column; got undefined.'],
    [
      { title: 't', columns: ['a'], rows: [7] },
      '`tables[2].rows[0]` must be a list of values; got the number 7.',
    ],
    [
      { title: 't', columns: ['a'], rows: [[{ html: '<b>' }]] },
      '`tables[2].rows[0][0]` must be a string, a number, a boolean, a date or null; got an object.',
    ],
    [{ title: 't', columns: ['a'], total: Infinity }, '`tables[2].total` must be a finite number'],
  ])('is refused with its place: %#', (value, message) => {
    expect(() => table(value)).toThrow(message);
  });
});
