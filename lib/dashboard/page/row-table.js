import { element, patch } from './elements.js';
import { formatted } from './format.js';

/**
 * A table whose rows are sorted on the server. Between updates, rows are kept by their keys and cells are patched, so that
 * focus, selection and hover stay. On a phone, each row is a card.
 *
 * @template T
 */
export class RowTable {
  /**
   * @param {{ caption: string, columns: { title: string, sort?: string, class?: string, show: (row: T) => (Node | string | null)[] }[], key: (row: T) => string, state?: (row: T) => string | undefined, onSort: (sort: string) => void }} options
   *   `sort` is the name of the order by a column; `state` sets the color of a row
   */
  constructor({ caption, columns, key, state, onSort }) {
    this.columns = columns;
    this.keyOf = key;
    this.stateOf = state ?? (() => undefined);
    this.rows = new Map();
    this.body = element('tbody', { role: 'rowgroup' });
    this.caption = element('caption', {}, caption);
    this.heads = columns.map(({ title, sort, class: name }) =>
      element(
        'th',
        { scope: 'col', role: 'columnheader', class: name },
        sort === undefined
          ? title
          : element('button', { type: 'button', onclick: () => onSort(sort) }, title),
      ),
    );
    this.node = element(
      'div',
      { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: '0' },
      element(
        'table',
        { class: 'cards', role: 'table' },
        this.caption,
        element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, ...this.heads)),
        this.body,
      ),
    );
  }

  /**
   * @param {T[]} rows
   * @param {{ sort: string, reverse: boolean }} order
   */
  update(rows, { sort, reverse }) {
    this.columns.forEach((column, i) => {
      const isSorted = column.sort !== undefined && column.sort === sort;
      // Every order begins with the largest, but that of the names.
      const isAscending = (sort === 'name') !== reverse;
      if (column.sort === undefined) return;
      this.heads[i].setAttribute('aria-sort', isSorted ? (isAscending ? 'ascending' : 'descending') : 'none');
    });
    const shown = new Map();
    for (const row of rows) {
      const key = this.keyOf(row);
      const line = this.rows.get(key) ?? this.newLine();
      this.fill(line, row);
      shown.set(key, line);
    }
    for (const [key, { node }] of this.rows) if (!shown.has(key)) node.remove();
    this.rows = shown;
    [...shown.values()].forEach(({ node }, i) => {
      if (this.body.children[i] !== node) this.body.insertBefore(node, this.body.children[i] ?? null);
    });
    this.node.hidden = rows.length === 0;
  }

  newLine() {
    const cells = this.columns.map(({ title, class: name }) =>
      element('td', { role: 'cell', class: name, 'data-title': title }),
    );
    return { node: element('tr', { role: 'row' }, ...cells), cells };
  }

  fill({ node, cells }, row) {
    const state = this.stateOf(row);
    if (state === undefined) delete node.dataset.state;
    else node.dataset.state = state;
    this.columns.forEach(({ show }, i) => {
      const cell = cells[i];
      patch(cell, ...show(row));
      cell.classList.toggle('nothing', cell.childNodes.length === 0);
    });
  }
}

/**
 * Returns the search of a list, whose text is in the address.
 *
 * @param {{ setParameters: (values: object, options: object) => void, parameter: (name: string) => string | undefined }} page
 */
export function searchField(page, label) {
  let timer;
  const input = element('input', {
    type: 'search',
    'aria-label': label,
    placeholder: label,
    value: page.parameter('search') ?? '',
    maxlength: 200,
    oninput: () => {
      clearTimeout(timer);
      const place = location.hash.split('?')[0];
      timer = setTimeout(() => {
        // Somebody may have gone on meanwhile.
        if (location.hash.split('?')[0] !== place) return;
        page.setParameters({ search: input.value.trim(), limit: undefined }, { replace: true });
      }, 200);
    },
  });
  return {
    node: input,
    update() {
      if (document.activeElement !== input) input.value = page.parameter('search') ?? '';
    },
  };
}

/** Buttons that choose one of several values of a parameter of the address. */
export class Choice {
  constructor(page, parameter, label) {
    this.page = page;
    this.parameter = parameter;
    this.buttons = new Map();
    this.node = element('div', { class: 'segments', role: 'group', 'aria-label': label });
  }

  /** @param {[value: string | undefined, text: string][]} options */
  update(options) {
    const chosen = this.page.parameter(this.parameter);
    const buttons = new Map();
    for (const [value, text] of options) {
      const button =
        this.buttons.get(value) ??
        element('button', {
          type: 'button',
          onclick: () => this.page.setParameters({ [this.parameter]: value, limit: undefined }),
        });
      if (button.textContent !== text) button.textContent = text;
      button.setAttribute('aria-pressed', String(value === chosen));
      buttons.set(value, button);
    }
    for (const [value, button] of this.buttons) if (!buttons.has(value)) button.remove();
    this.buttons = buttons;
    [...buttons.values()].forEach((button, i) => {
      if (this.node.children[i] !== button) this.node.insertBefore(button, this.node.children[i] ?? null);
    });
  }
}

/** The number of rows of a list at first, and of those that are added. */
const PAGE_ROWS = 50;
/** The most rows that the server answers. */
const MAX_ROWS = 200;

/** The end of a list: the number of rows that are left out, and a button for more of them. */
export class MoreRows {
  /** @param {number} [most] the most rows that can be shown */
  constructor(page, noun, most = MAX_ROWS) {
    this.page = page;
    this.noun = noun;
    this.most = most;
    this.text = element('p', { class: 'muted' });
    this.button = element('button', { type: 'button', onclick: () => this.showMore() }, 'Show more');
    this.node = element('div', { class: 'row' }, this.text, this.button);
  }

  get limit() {
    const limit = Number(this.page.parameter('limit'));
    return Number.isInteger(limit) && limit > 0 ? Math.min(limit, this.most) : PAGE_ROWS;
  }

  update(shown, omitted) {
    const isMost = this.limit >= this.most;
    this.text.textContent =
      `${formatted(shown)} of ${formatted(shown + omitted)} ${this.noun} are shown.` +
      (isMost ? ' Search for one of the others, or sort by something else.' : '');
    this.button.hidden = isMost;
    this.node.hidden = omitted === 0;
  }

  showMore() {
    this.page.setParameters({ limit: this.limit + PAGE_ROWS }, { replace: true });
  }
}

/** Returns the order of a list in the address, and a function that sorts by another one or reverses it. */
export function orderOf(page, fallback) {
  const sort = page.parameter('sort') ?? fallback;
  return { sort, reverse: page.parameter('order') === 'up' };
}

/** Sorts a list by an order, and the other way round if it is sorted by that already. */
export function sortBy(page, fallback, sort) {
  const { sort: current, reverse } = orderOf(page, fallback);
  page.setParameters({ sort, order: sort === current && !reverse ? 'up' : undefined }, { replace: true });
}
