import { read } from './connection.js';
import { badge, element, fill } from './elements.js';
import { formatted } from './format.js';
import { ChartGrid } from './panels.view.js';

let grid;

function tile(page, { title, value, unit, state, note, tab }) {
  return element(
    'div',
    { class: 'tile', 'data-state': state },
    element(
      'dt',
      {},
      element('a', { href: page.link('process', tab) }, title),
      state !== 'ok' && badge(state),
    ),
    element('dd', { class: 'value' }, typeof value === 'number' ? formatted(value, unit) : value),
    note && element('dd', { class: 'limit-text' }, note),
  );
}

/** Shows the tiles. Those that have not changed are kept, with the focus of their links. */
function updateTiles(page, list, figures) {
  const shown = page.memory.get('tiles');
  const kept = new Map();
  figures.forEach((figure, i) => {
    const text = JSON.stringify(figure);
    const before = shown.get(figure.title);
    const each = before?.text === text ? before : { text, node: tile(page, figure) };
    if (before !== undefined && before !== each) {
      const hadFocus = before.node.contains(document.activeElement);
      before.node.replaceWith(each.node);
      if (hadFocus) each.node.querySelector('a').focus();
    }
    if (list.children[i] !== each.node) list.insertBefore(each.node, list.children[i] ?? null);
    kept.set(figure.title, each);
  });
  for (const [title, { node }] of shown) if (!kept.has(title)) node.remove();
  page.memory.set('tiles', kept);
}

/** The key figures of the process, the worst first, and the most informative charts. */
export const part = {
  async load(page) {
    const [{ figures }, { panels }] = await Promise.all([
      read('process', page.query()),
      read('view', page.query({ name: 'process' })),
    ]);
    return (node) => {
      const { memory } = page;
      if (!memory.has('tiles')) {
        grid = new ChartGrid();
        memory.set('tiles', new Map());
        memory.set('tile list', element('dl', { class: 'tiles' }));
        fill(node, memory.get('tile list'), grid.node);
      }
      updateTiles(page, memory.get('tile list'), figures);
      grid.update(panels);
    };
  },
  leave: () => grid?.remove(),
  redraw: () => grid?.redraw(),
};
