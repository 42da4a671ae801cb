import { compare, element } from './elements.js';

/**
 * A table that is patched between updates: rows are kept by their keys, and cells whose text is the same stay as they are,
 * with focus, selection and scroll. On a narrow screen each row is a card.
 *
 * @template T
 */
export class DataTable {
  /**
   * @param {{ caption: string, columns: { title: string, number?: boolean, cell: (row: T) => string | Node, order?: (row: T) => string | number | undefined }[], key?: (row: T, index: number) => string | number, empty?: string, isTitled?: boolean }} options
   *   `isTitled` hides the caption from the eye, for a table that has the title of its panel; a column with `order` has a button that sorts by it; without a choice the rows have their own order
   */
  constructor({ caption, columns, key = (_, index) => index, empty = 'No data', isTitled = false }) {
    this.columns = columns;
    this.key = key;
    this.rows = new Map();
    this.sortedBy = undefined;
    this.heads = columns.map((column) =>
      element(
        'th',
        { scope: 'col', class: column.number && 'number' },
        column.order === undefined
          ? column.title
          : element('button', { type: 'button', onclick: () => this.sortBy(column) }, column.title),
      ),
    );
    this.body = element('tbody');
    this.table = element(
      'table',
      { class: 'data' },
      element('caption', { class: isTitled && 'unseen' }, caption),
      element('thead', {}, element('tr', {}, ...this.heads)),
      this.body,
    );
    this.empty = element('p', { class: 'empty', hidden: true }, empty);
    this.note = element('p', { class: 'empty', hidden: true });
    this.node = element(
      'div',
      {
        class: 'scroll',
        role: 'region',
        // The panel of that title is a region, too.
        'aria-label': isTitled ? `${caption}, table` : caption,
        tabindex: '0',
      },
      this.table,
      this.empty,
      this.note,
    );
  }

  /** @param {T[]} items @param {number} [omitted] number of rows that are left out */
  update(items, omitted = 0) {
    this.items = items;
    const rows = new Map();
    const { sortedBy } = this;
    const keyed = items.map((item, i) => [this.key(item, i), item]);
    const ordered =
      sortedBy === undefined
        ? keyed
        : keyed.toSorted(
            ([, a], [, b]) => sortedBy.sign * compare(sortedBy.column.order(a), sortedBy.column.order(b)),
          );
    ordered.forEach(([key, item], i) => {
      const row = this.rows.get(key) ?? this.newRow();
      this.columns.forEach((column, j) => show(row.cells[j], column.cell(item)));
      // A row that stays in its place is not moved, which would take its focus.
      if (this.body.children[i] !== row) this.body.insertBefore(row, this.body.children[i] ?? null);
      rows.set(key, row);
    });
    for (const [key, row] of this.rows) if (rows.get(key) !== row) row.remove();
    this.rows = rows;
    this.table.hidden = items.length === 0;
    this.empty.hidden = items.length > 0;
    this.note.hidden = omitted <= 0;
    this.note.textContent = omitted > 0 ? `${omitted} more rows are not shown.` : '';
  }

  newRow() {
    return element(
      'tr',
      {},
      ...this.columns.map(({ title, number }) =>
        element('td', { class: number && 'number', 'data-title': title }),
      ),
    );
  }

  sortBy(column) {
    const isSame = this.sortedBy?.column === column;
    this.sortedBy = { column, sign: isSame ? -this.sortedBy.sign : column.number ? -1 : 1 };
    this.heads.forEach((head, i) => {
      const order = this.sortedBy.sign < 0 ? 'descending' : 'ascending';
      if (this.columns[i].order !== undefined) {
        head.setAttribute('aria-sort', this.columns[i] === column ? order : 'none');
      }
    });
    this.update(this.items);
  }
}

/** The content of each cell as it was given, since an open entry changes its own markup. */
const shown = new WeakMap();

/** Shows a text or a node in a cell, unless it is there already. */
function show(cell, content) {
  const key = typeof content === 'string' ? content : content.outerHTML;
  if (content === cell.firstChild || shown.get(cell) === key) return;
  shown.set(cell, key);
  if (typeof content === 'string') cell.textContent = content;
  else cell.replaceChildren(content);
}
