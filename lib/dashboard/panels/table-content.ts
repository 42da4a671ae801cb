import type { Unit } from '../views/panel.js';
import { known, LENGTH, MAX, UNITS } from './content-limits.js';
import {
  type ContentPart,
  invalid,
  itemsOf,
  membersOf,
  numberOf,
  oneOf,
  type ShownValue,
  textOf,
  titleOf,
  valueOf,
} from './content-reader.js';

/** A table, checked. */
export interface ShownTable {
  readonly title: string;
  readonly columns: readonly { readonly title: string; readonly unit?: Unit }[];
  readonly rows: readonly (readonly ShownValue[])[];
  /** Number of rows that are left out. */
  readonly omitted: number;
  readonly empty?: string;
}

/** Returns a table, checked. Yields after each row. @throws {PanelContentError} */
export function* tableOf(part: ContentPart): Generator<void, ShownTable, void> {
  const { title, columns, rows, total, empty } = membersOf(part, [
    'title',
    'columns',
    'rows',
    'total',
    'empty',
  ]);
  const shown = itemsOf(columns, MAX.columns).items.map((item) => {
    if (typeof item.value === 'string') return { title: titleOf(item, LENGTH.title) };
    const column = membersOf(item, ['title', 'unit']);
    return { title: titleOf(column.title, LENGTH.title), ...known('unit', oneOf(column.unit, UNITS)) };
  });
  if (shown.length === 0) invalid(columns, 'a list of at least one column');
  const { items, omitted } = itemsOf(rows, MAX.rows);
  const found: ShownValue[][] = [];
  for (const row of items) {
    if (!Array.isArray(row.value)) invalid(row, 'a list of values');
    const { items: cells } = itemsOf(row, shown.length);
    found.push(shown.map((_, i) => (cells[i] === undefined ? null : valueOf(cells[i], LENGTH.cell))));
    yield;
  }
  const all = numberOf(total) ?? 0;
  return {
    title: titleOf(title, LENGTH.title),
    columns: shown,
    rows: found,
    omitted: Math.max(omitted, Math.round(all) - found.length),
    ...known('empty', textOf(empty, LENGTH.note)),
  };
}
