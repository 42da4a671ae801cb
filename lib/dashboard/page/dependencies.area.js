import { styleSheet, tabbedArea } from './areas.js';
import { sparkline } from './charts.js';
import { read } from './connection.js';
import { badge, element, fill, notice } from './elements.js';
import { formatted } from './format.js';
import { panelsView } from './panels.view.js';

const KINDS = {
  database: 'Database',
  redis: 'Redis',
  cache: 'Cache',
  queue: 'Queue',
  remote: 'Remote host',
};
/** The share of a limit from which on it is shown as nearly full. */
const NEARLY_FULL = 0.8;

/** The cards of all dependencies, the worst first. They are kept by kind and name between updates. */
const cardsView = {
  async load(page) {
    const [{ cards, omitted }] = await Promise.all([
      read('dependencies', page.query()),
      styleSheet('panels.css'),
      styleSheet('diagnostics.css'),
    ]);
    return () => {
      const { memory } = page;
      if (cards.length === 0) {
        memory.delete('cards');
        fill(
          page.main,
          element('h1', {}, 'Dependencies'),
          notice(
            'No dependencies yet',
            'Databases, Redis, caches, queues and remote hosts appear with their first call.',
          ),
        );
        return;
      }
      if (!memory.has('cards')) {
        memory.set('cards', new Map());
        memory.set('list', element('div', { class: 'dependency-list' }));
        memory.set('omitted', element('p', { class: 'muted' }));
        fill(page.main, element('h1', {}, 'Dependencies'), memory.get('list'), memory.get('omitted'));
      }
      updateCards(page, cards);
      memory.get('omitted').textContent = omitted > 0 ? `${omitted} more are not shown.` : '';
    };
  },
};

function updateCards(page, cards) {
  const shown = page.memory.get('cards');
  const list = page.memory.get('list');
  const kept = new Set();
  cards.forEach((card, i) => {
    const key = JSON.stringify([card.kind, card.name]);
    kept.add(key);
    let each = shown.get(key);
    if (each === undefined) {
      each = new DependencyCard(page, card);
      shown.set(key, each);
    }
    each.update(card);
    if (list.children[i] !== each.node) list.insertBefore(each.node, list.children[i] ?? null);
  });
  for (const [key, { node }] of shown) {
    if (kept.has(key)) continue;
    node.remove();
    shown.delete(key);
  }
}

class DependencyCard {
  constructor(page, { kind, name }) {
    this.page = page;
    this.state = element('span');
    this.reasons = element('ul', { class: 'reasons' });
    this.figures = element('dl', { class: 'figures' });
    this.trend = element('div');
    this.facts = element('dl', { class: 'facts' });
    this.links = element('p', { class: 'row' });
    this.node = element(
      'section',
      { class: 'card stack dependency', 'aria-label': `${KINDS[kind]} ${name}` },
      element('div', { class: 'heading' }, element('h2', {}, name), this.state),
      element('p', { class: 'muted' }, KINDS[kind]),
      this.reasons,
      this.figures,
      this.trend,
      this.facts,
      this.links,
    );
  }

  update(card) {
    const text = JSON.stringify(card);
    if (text === this.text) return;
    this.text = text;
    const { state, reasons, perSecond, errorPercent, p95, windowMs, trend, facts, checks, details, kind } =
      card;
    this.node.dataset.state = state;
    this.state.replaceChildren(badge(state, state === 'ok' ? 'normal' : state));
    this.reasons.replaceChildren(...reasons.map((reason) => element('li', {}, reason)));
    this.reasons.hidden = reasons.length === 0;
    const failing = errorPercent >= 50 ? 'critical' : errorPercent >= 5 && 'warning';
    this.figures.replaceChildren(
      figure('Rate', formatted(perSecond, 'per second')),
      figure('Errors', formatted(errorPercent, 'percent'), failing),
      figure('p95', formatted(p95, 'seconds')),
    );
    this.figures.title = windowMs > 0 ? `Over ${formatted(windowMs, 'milliseconds')}` : '';
    this.trend.replaceChildren(sparkline(trend));
    this.trend.hidden = trend.filter((value) => value !== null).length < 2;
    this.facts.replaceChildren(...facts.map(factNode), ...checks.map(checkNode));
    const path = kind === 'queue' ? 'queue' : 'postgresql';
    const link = kind === 'queue' ? 'Failed jobs' : 'Look into';
    // A link that has the focus keeps it.
    if (this.links.dataset.shown !== details.join()) {
      this.links.dataset.shown = details.join();
      this.links.replaceChildren(
        ...details.map((name) =>
          element(
            'a',
            { href: this.page.link('dependencies', path, name) },
            kind === 'queue' ? link : `${link} ${name}`,
          ),
        ),
      );
    }
    this.links.hidden = details.length === 0;
  }
}

function figure(title, value, state) {
  return element('div', {}, element('dt', {}, title), element('dd', { 'data-state': state }, value));
}

function factNode({ title, value, max, waiting, unit }) {
  const text = [
    formatted(value, unit),
    max !== undefined && `of ${formatted(max, unit)}`,
    waiting > 0 && `and ${formatted(waiting)} waiting`,
  ]
    .filter(Boolean)
    .join(' ');
  const isNearlyFull = waiting > 0 || (max > 0 && value / max >= NEARLY_FULL);
  return element(
    'div',
    {},
    element('dt', {}, title),
    element(
      'dd',
      {},
      isNearlyFull ? badge('warning', text) : text,
      max > 0 &&
        element('progress', { max, value: Math.min(value, max), 'aria-label': `${title}, share used` }),
    ),
  );
}

function checkNode({ name, status }) {
  return element('div', {}, element('dt', {}, `Health check ${name}`), element('dd', {}, badge(status)));
}

const tabs = tabbedArea('dependencies', 'Dependencies', [
  ['overview', 'All', cardsView],
  ['database', 'Databases', panelsView('database')],
  ['cache', 'Caches', panelsView('cache')],
  ['jobs', 'Jobs and messages', panelsView('jobs')],
]);

/** The views of one database or queue, whose code is loaded when one is opened. */
const DETAILS = ['postgresql', 'queue'];

let current = tabs;

/** The area of what the application depends on: databases, caches, queues and remote hosts. */
export const area = {
  async load(page) {
    const [kind] = page.arguments;
    current = DETAILS.includes(kind) ? (await import('./dependency-details.js')).DETAILS[kind] : tabs;
    return current.load(page);
  },
  leave: (page) => current.leave?.(page),
  redraw: () => current.redraw?.(),
};
