/**
 * Creates an element. Strings become text nodes, never HTML, since they contain label values of the application.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] names that begin with `on` are listeners; false and undefined are left out
 * @param {...(Node | string | number | null | undefined | false)} children
 */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Creates an SVG element. */
export function graphic(tag, attributes = {}, ...children) {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false || value === null) continue;
    if (name.startsWith('on')) listen(node, name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** The listeners of elements by type, which a patch replaces. */
const listeners = new WeakMap();

function listen(node, type, listener) {
  const own = listeners.get(node) ?? {};
  listeners.set(node, { ...own, [type]: listener });
  if (own[type] === undefined) node.addEventListener(type, (event) => listeners.get(node)[type]?.(event));
}

/**
 * Makes the children of a node equal to others, and keeps what is there as far as it can, so that focus, selection, scroll
 * and hover survive. Children are matched by `data-key`, or else by their place. A child that is given again stays the very
 * same; of one that is new, a copy may be shown, so nothing may hold on to it.
 */
export function patch(node, ...children) {
  const wanted = children.filter((child) => child !== null && child !== undefined && child !== false);
  patchChildren(
    node,
    wanted.map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))),
  );
}

function patchChildren(node, wanted) {
  const given = new Set(wanted);
  const byKey = new Map();
  for (const child of node.childNodes) {
    const key = child.dataset?.key;
    if (key !== undefined && !given.has(child)) byKey.set(key, child);
  }
  let next = node.firstChild;
  for (const child of wanted) {
    if (child === next) {
      next = next.nextSibling;
      continue;
    }
    const key = child.dataset?.key;
    const found = key === undefined ? next : byKey.get(key);
    const canStay =
      found &&
      !given.has(found) &&
      isAlike(found, child) &&
      (key !== undefined || found.dataset?.key === undefined);
    if (!canStay || child.isConnected) {
      node.insertBefore(child, next);
      continue;
    }
    // Another one with this key is a child of its own.
    byKey.delete(key);
    patchNode(found, child);
    if (found === next) next = next.nextSibling;
    else node.insertBefore(found, next);
  }
  while (next !== null) {
    const gone = next;
    next = next.nextSibling;
    gone.remove();
  }
}

function isAlike(old, child) {
  return old.nodeType === child.nodeType && old.nodeName === child.nodeName;
}

/** Makes an element equal to another one of its kind. What somebody has opened or typed stays. */
function patchNode(old, wanted) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== wanted.data) old.data = wanted.data;
    return;
  }
  for (const name of old.getAttributeNames()) {
    if (!wanted.hasAttribute(name) && !(name === 'open' && old.nodeName === 'DETAILS'))
      old.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (old.getAttribute(name) === value) continue;
    // The policy of the page forbids to set it as an attribute.
    if (name === 'style') old.style.cssText = value;
    else old.setAttribute(name, value);
  }
  for (const type of Object.keys(listeners.get(wanted) ?? {})) listen(old, type, listeners.get(wanted)[type]);
  if (old.nodeName === 'INPUT' || old.nodeName === 'SELECT') return;
  patchChildren(old, [...wanted.childNodes]);
}

/** Returns the parts of a name with underscores, such as that of a metric, which may be broken after each of them. */
export function breakable(name) {
  return name.split(/(?<=_)/).flatMap((part, i) => (i === 0 ? [part] : [element('wbr'), part]));
}

/** Replaces the children of a node. Null, undefined and false are left out. */
export function fill(node, ...children) {
  node.replaceChildren(
    ...children.filter((child) => child !== null && child !== undefined && child !== false),
  );
}

/** Returns a notice shown in place of content. */
export function notice(title, text) {
  return element('div', { class: 'state' }, element('h2', {}, title), text && element('p', {}, text));
}

/**
 * Returns a button that is disabled while its action runs, and says why it failed.
 *
 * @param {string} text
 * @param {() => Promise<void>} act
 * @param {{ disabled?: boolean }} [options]
 */
export function actionButton(text, act, { disabled = false } = {}) {
  const onclick = async ({ currentTarget: button }) => {
    const problem = button.nextElementSibling;
    button.disabled = true;
    problem.textContent = '';
    try {
      await act();
    } catch (error) {
      problem.textContent = error.message;
    }
    button.disabled = disabled;
  };
  return element(
    'span',
    { class: 'action' },
    element('button', { type: 'button', disabled, onclick }, text),
    element('span', { class: 'error', role: 'alert' }),
  );
}

/** Returns a state with a symbol, which does not depend on color. */
export function badge(state, text = state) {
  return element('span', { class: 'badge', 'data-state': state }, `${SYMBOLS[state] ?? '•'} ${text}`);
}

/** Returns the reason why an alert sends no notifications; undefined if it does. */
export function suppressionOf({ silencedBy, inhibitedBy }) {
  if (silencedBy) return 'silenced';
  return inhibitedBy && `inhibited by ${inhibitedBy.join(', ')}`;
}

/** Returns the badge of an alert: its state, and the reason if it is suppressed. */
export function stateBadge(alert) {
  const reason = suppressionOf(alert);
  return reason === undefined ? badge(alert.state) : badge('suppressed', `${alert.state}, ${reason}`);
}

/** Returns a link to the profiles that an alert has captured. */
export function profileLink(count) {
  return element(
    'a',
    { href: '#/process/profiles' },
    count === 1 ? 'Open its profile' : `Open its ${count} profiles`,
  );
}

const SYMBOLS = {
  healthy: '✓',
  ok: '✓',
  inactive: '✓',
  resolved: '✓',
  degraded: '!',
  pending: '…',
  warning: '!',
  info: 'i',
  unhealthy: '✕',
  critical: '✕',
  firing: '✕',
  suppressed: '–',
  unknown: '?',
};

/**
 * Returns a table with sortable columns.
 *
 * @template Row
 * @param {{ title: string, text?: (row: Row) => string | Node, value: (row: Row) => unknown, number?: boolean }[]} columns
 * @param {{ rows: readonly Row[], caption: string, key?: string, sortBy?: string, descending?: boolean, empty?: string, remember: import('./areas.js').SortMemory, rowKey?: (row: Row) => string, limit?: number, isSubdued?: (row: Row) => boolean }} options
 *   `remember` keeps the sort order between updates, under `key`, such as `page.sorting`; `rowKey` distinguishes rows when the
 *   table is patched; `limit` is the most rows that are shown, the first by the order; `isSubdued` marks less important rows
 */
export function sortableTable(columns, options) {
  const { rows, caption, key = caption, sortBy, descending = true } = options;
  const { empty = 'No data', remember, limit = Infinity } = options;
  // Without an order, the rows stay as they are given.
  const order = remember.get(key) ?? { by: sortBy, descending };
  const body = element('tbody');
  const heads = columns.map((column) =>
    element(
      'th',
      { scope: 'col', class: column.number && 'number' },
      element(
        'button',
        { type: 'button', onclick: (event) => sort(column, event.currentTarget) },
        column.title,
      ),
    ),
  );
  const show = () => {
    const column = columns.find(({ title }) => title === order.by);
    // Rows that are equal stay as they are given, in either order.
    const sign = order.descending ? -1 : 1;
    const sorted = column
      ? rows.toSorted((a, b) => sign * compare(column.value(a), column.value(b)))
      : [...rows];
    columns.forEach(({ title }, i) => {
      const sortedBy = title === order.by;
      heads[i].setAttribute('aria-sort', sortedBy ? (order.descending ? 'descending' : 'ascending') : 'none');
    });
    body.replaceChildren(...sorted.slice(0, limit).map((row) => rowOf(row, columns, options)));
  };
  const sort = (column, button) => {
    order.descending = order.by === column.title ? !order.descending : Boolean(column.number);
    order.by = column.title;
    remember.set(key, order);
    show();
    // After a patch, what is shown is an older copy.
    const shown = button.closest('.scroll');
    if (shown !== null && shown !== root) patchNode(shown, root);
  };
  show();
  const root = element(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: '0' },
    element(
      'table',
      {},
      element('caption', {}, caption),
      element('thead', {}, element('tr', {}, ...heads)),
      body,
    ),
    rows.length === 0 && element('p', { class: 'empty' }, empty),
  );
  return root;
}

function rowOf(row, columns, { rowKey, isSubdued }) {
  return element(
    'tr',
    { class: isSubdued?.(row) && 'subdued', 'data-key': rowKey && `row ${rowKey(row)}` },
    ...columns.map(({ title, number, value, text }) =>
      element(
        'td',
        { class: number && 'number', 'data-title': title },
        text ? text(row) : String(value(row) ?? '–'),
      ),
    ),
  );
}

/** Compares two values of a column, for a sort. An unknown value is less than any number, and a number than any text. */
export function compare(a, b) {
  const rank = rankOf(a);
  if (rank !== rankOf(b) || rank === 0) return rank - rankOf(b);
  return rank === 1 ? a - b : String(a).localeCompare(String(b));
}

function rankOf(value) {
  if (value === undefined || value === null) return 0;
  return typeof value === 'number' ? 1 : 2;
}
