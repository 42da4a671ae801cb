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
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
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
  const problem = element('span', { class: 'error', role: 'alert' });
  const button = element('button', { type: 'button', disabled }, text);
  button.addEventListener('click', async () => {
    button.disabled = true;
    problem.textContent = '';
    try {
      await act();
    } catch (error) {
      problem.textContent = error.message;
    }
    button.disabled = disabled;
  });
  return element('span', { class: 'action' }, button, problem);
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
 * @param {{ title: string, text?: (row: any) => string | Node, value: (row: any) => unknown, number?: boolean }[]} columns
 * @param {{ rows: any[], caption: string, key?: string, sortBy?: string, descending?: boolean, empty?: string, remember: Map<string, unknown>, isSubdued?: (row: any) => boolean }} options
 *   `remember` keeps the sort order between updates, under `key`; `isSubdued` marks less important rows
 */
export function sortableTable(
  columns,
  { rows, caption, key = caption, sortBy, descending = true, empty, remember, isSubdued = () => false },
) {
  const order = remember.get(key) ?? { by: sortBy ?? columns[0].title, descending };
  const body = element('tbody');
  const heads = columns.map((column) =>
    element(
      'th',
      { scope: 'col', class: column.number && 'number' },
      element('button', { type: 'button', onclick: () => sort(column) }, column.title),
    ),
  );
  const show = () => {
    const column = columns.find(({ title }) => title === order.by) ?? columns[0];
    const sorted = rows.toSorted((a, b) => compare(column.value(a), column.value(b)));
    if (order.descending) sorted.reverse();
    columns.forEach(({ title }, i) => {
      const sortedBy = title === order.by;
      heads[i].setAttribute('aria-sort', sortedBy ? (order.descending ? 'descending' : 'ascending') : 'none');
    });
    body.replaceChildren(
      ...sorted.map((row) =>
        element(
          'tr',
          { class: isSubdued(row) && 'subdued' },
          ...columns.map((each) =>
            element(
              'td',
              { class: each.number && 'number' },
              each.text ? each.text(row) : String(each.value(row) ?? '–'),
            ),
          ),
        ),
      ),
    );
  };
  const sort = (column) => {
    order.descending = order.by === column.title ? !order.descending : Boolean(column.number);
    order.by = column.title;
    remember.set(key, order);
    show();
  };
  show();
  return element(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: '0' },
    element(
      'table',
      {},
      element('caption', {}, caption),
      element('thead', {}, element('tr', {}, ...heads)),
      body,
    ),
    rows.length === 0 && element('p', { class: 'empty' }, empty ?? 'No data'),
  );
}

function compare(a, b) {
  if (typeof a === 'number' || typeof b === 'number') return (a ?? -Infinity) - (b ?? -Infinity);
  return String(a ?? '').localeCompare(String(b ?? ''));
}
