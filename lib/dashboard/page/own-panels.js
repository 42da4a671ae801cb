import { styleSheet } from './areas.js';
import { post, read } from './connection.js';
import { DataTable } from './data-table.js';
import { actionButton, badge, element, fill, patch } from './elements.js';
import { clock, formatted } from './format.js';
import { ChartGrid } from './panels.view.js';

/** Time after which a panel without a result is asked for again, in milliseconds. */
const RETRY_MS = 1_000;
const WITHOUT_AUTH = 'Set endpoints.auth to use the buttons of this panel.';

/** The panels of the application in one place. They are patched between updates. */
export class PanelList {
  /** @param {{ refresh: () => void }} page */
  constructor(page) {
    this.page = page;
    this.panels = new Map();
    this.node = element('div', { class: 'own-panels' });
  }

  /** @param {{ panels: { id: string }[], canAct: boolean }} answer */
  update({ panels, canAct }) {
    for (const [id, panel] of this.panels) {
      if (panels.some((each) => each.id === id)) continue;
      panel.remove();
      this.panels.delete(id);
    }
    panels.forEach((answer, i) => {
      let panel = this.panels.get(answer.id);
      if (panel === undefined) {
        panel = new OwnPanel(this.page, answer.id);
        this.panels.set(answer.id, panel);
      }
      if (this.node.children[i] !== panel.node) {
        this.node.insertBefore(panel.node, this.node.children[i] ?? null);
      }
      panel.update(answer, canAct);
    });
    clearTimeout(this.timer);
    if (panels.some(({ state }) => state === 'running')) {
      this.timer = setTimeout(() => this.node.isConnected && this.page.refresh(), RETRY_MS);
    }
  }

  redraw() {
    for (const panel of this.panels.values()) panel.charts.redraw();
  }

  remove() {
    clearTimeout(this.timer);
    for (const panel of this.panels.values()) panel.remove();
    this.panels.clear();
  }
}

/** One panel: its state, and its parts in the order of the documentation. */
class OwnPanel {
  constructor(page, id) {
    this.page = page;
    this.id = id;
    this.title = element('h2');
    this.state = element('p', { class: 'muted', role: 'status' });
    this.text = element('div', { class: 'stack' });
    this.figures = element('dl', { class: 'tiles' });
    this.charts = new ChartGrid();
    this.tables = element('div', { class: 'stack' });
    this.tablesByTitle = new Map();
    this.actions = element('div', { class: 'row' });
    this.result = element('p', { role: 'status', hidden: true });
    this.notes = element('div', { class: 'stack muted' });
    this.node = element(
      'section',
      { class: 'card stack' },
      this.title,
      this.state,
      this.text,
      this.figures,
      this.charts.node,
      this.tables,
      this.actions,
      this.result,
      this.notes,
    );
  }

  update({ title, state, problem, readAt, content }, canAct) {
    this.title.textContent = title;
    this.node.setAttribute('aria-label', title);
    this.node.dataset.state = state;
    this.state.textContent = stateText(state, problem, readAt);
    this.state.classList.toggle('error', state === 'failed');
    const { text = [], figures = [], charts = [], tables = [], actions = [], notes = [] } = content ?? {};
    const missing = !canAct && actions.length > 0 ? [WITHOUT_AUTH] : [];
    patch(this.text, ...text.map(paragraph));
    patch(this.figures, ...figures.map(figureNode));
    this.charts.update(charts);
    this.updateTables(tables);
    this.updateActions(canAct ? actions : []);
    patch(this.notes, ...[...notes, ...missing].map(paragraph));
    for (const part of [this.text, this.figures, this.charts.node, this.tables, this.actions, this.notes]) {
      part.hidden = part.childElementCount === 0;
    }
  }

  updateTables(tables) {
    const kept = new Map();
    tables.forEach((table, i) => {
      const shape = JSON.stringify([i, table.title, table.columns, table.empty]);
      const each = this.tablesByTitle.get(shape) ?? tableOf(table, this.title.textContent);
      kept.set(shape, each);
      if (this.tables.children[i] !== each.node) {
        this.tables.insertBefore(each.node, this.tables.children[i] ?? null);
      }
      each.update(table.rows, table.omitted);
    });
    for (const [shape, { node }] of this.tablesByTitle) if (!kept.has(shape)) node.remove();
    this.tablesByTitle = kept;
  }

  /** Shows the buttons. They are kept while they are the same, with their focus and what they say. */
  updateActions(actions) {
    const text = JSON.stringify(actions);
    if (text === this.shownActions) return;
    this.shownActions = text;
    fill(this.actions, ...actions.map((action) => this.button(action)));
  }

  button({ title, confirm }) {
    return actionButton(title, async () => {
      if (confirm !== undefined && !window.confirm(confirm)) return;
      const { message } = await post('panels/action', { panel: this.id, action: title });
      this.result.textContent = message ?? `${title}: done.`;
      this.result.hidden = false;
      this.page.refresh();
    });
  }

  remove() {
    this.charts.remove();
    this.node.remove();
  }
}

function stateText(state, problem, readAt) {
  if (state === 'failed') return readAt === undefined ? problem : `Failed at ${clock(readAt)}: ${problem}`;
  if (state === 'running') {
    return readAt === undefined ? 'Still running…' : `Still running; as of ${clock(readAt)}.`;
  }
  return '';
}

function paragraph(text) {
  return element('p', {}, text);
}

function figureNode({ title, value, unit, state, note }) {
  return element(
    'div',
    { class: 'tile', 'data-state': state },
    element('dt', {}, title, state && badge(state)),
    element('dd', { class: 'value' }, shown(value, unit)),
    note && element('dd', { class: 'limit-text' }, note),
  );
}

function tableOf({ title, columns, empty }, panelTitle) {
  return new DataTable({
    caption: title,
    isTitled: title === panelTitle,
    empty,
    columns: columns.map((column, i) => ({
      title: column.title,
      number: column.unit !== undefined,
      cell: (row) => shown(row[i], column.unit),
      order: (row) => row[i]?.at ?? row[i] ?? undefined,
    })),
  });
}

/** Returns a value for people. */
function shown(value, unit) {
  if (value === null) return '–';
  if (typeof value === 'object') return new Date(value.at).toLocaleString();
  if (typeof value === 'number') return formatted(value, unit);
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : value;
}

/**
 * Shows the panels of the application below an area.
 *
 * @param {import('./areas.js').DashboardPage} page
 * @param {string} area
 * @param {() => boolean} isCurrent returns true while the area is shown
 */
export async function showOwnPanels(page, area, isCurrent) {
  const { memory } = page;
  const [answer] = await Promise.all([read('panels', page.query({ area })), styleSheet('panels.css')]);
  if (!isCurrent()) return;
  const list = memory.get('own panels') ?? new PanelList(page);
  memory.set('own panels', list);
  // An area that has replaced its content has removed them.
  if (list.node.parentNode !== page.main || page.main.lastElementChild !== list.node) {
    page.main.append(list.node);
  }
  list.update(answer);
}
