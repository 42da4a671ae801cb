import { alertsView } from './alerts.view.js';
import { expectInstance, storeToken } from './connection.js';
import { Contact } from './contact.js';
import { element, notice } from './elements.js';
import { subscribe } from './events.js';
import { clock } from './format.js';
import { healthView } from './health.view.js';
import { cardinalityView, metricsView } from './metrics.view.js';
import { overviewView } from './overview.view.js';
import { panelsView } from './panels.view.js';
import { requestsView } from './requests.view.js';

/**
 * The views in navigation order. `load(page)` reads the data and returns a function that shows it.
 *
 * @type {[name: string, title: string, view: any][]}
 */
const VIEWS = [
  ['overview', 'Overview', overviewView],
  ['requests', 'Requests', requestsView],
  ['diagnostics', 'Diagnostics', lazyView(() => import('./diagnostics.view.js'))],
  ['runtime', 'Runtime', panelsView('runtime')],
  ['system', 'System', panelsView('system')],
  ['database', 'Database', panelsView('database')],
  ['cache', 'Cache', panelsView('cache')],
  ['jobs', 'Jobs and messages', panelsView('jobs')],
  ['business', 'Business', panelsView('business')],
  ['alerts', 'Alerts', alertsView],
  ['health', 'Health', healthView],
  ['metrics', 'Metrics', metricsView],
  ['cardinality', 'Cardinality', cardinalityView],
];

/** Returns a view whose code is loaded when it is opened, since it is seldom. */
function lazyView(importView) {
  let view;
  return {
    async load(shared) {
      ({ view } = await importView());
      return view.load(shared);
    },
    leave: () => view?.leave(),
    redraw: () => view?.redraw(),
  };
}

const RANGES = [
  ['5 min', 300_000],
  ['15 min', 900_000],
  ['1 h', 3_600_000],
];
const RANGE = 'monitoring.range';
const THEME = 'monitoring.theme';

const main = document.querySelector('#main');
const status = document.querySelector('#status');
const live = document.querySelector('#live');
const notes = document.querySelector('#notes');

/** The state shared by all views. */
const page = {
  main,
  /** The latest overview. */
  overview: undefined,
  rangeMs: Number(localStorage.getItem(RANGE)) || 900_000,
  /** The parts of the address after the name of the view. */
  arguments: [],
  /** The state of the current view, such as the order of a table. */
  memory: new Map(),
  /** The functions that showed each view last, by its address. */
  shown: new Map(),
  refresh: () => showUpdate(),
};

/** The most views that are kept for the time without contact. */
const MAX_SHOWN = 20;

let current;
let latestUpdate;

function showNavigation() {
  const firing = page.overview?.alerts.filter(({ state }) => state === 'firing').length ?? 0;
  const failing = Object.values(page.overview?.health.checks ?? {}).filter(
    (check) => check.status !== 'healthy',
  ).length;
  const counts = { alerts: firing, health: failing };
  const items = VIEWS.map(([name, title]) =>
    element(
      'li',
      {},
      element(
        'a',
        { href: `#/${name}`, 'aria-current': name === current?.name && 'page' },
        title,
        counts[name] > 0 && element('span', { class: 'count' }, counts[name]),
      ),
    ),
  );
  document.querySelector('#nav').replaceChildren(element('ul', {}, ...items));
}

function showRanges() {
  document.querySelector('#range').replaceChildren(
    ...RANGES.map(([title, rangeMs]) =>
      element(
        'button',
        {
          type: 'button',
          'aria-pressed': String(rangeMs === page.rangeMs),
          onclick: () => {
            page.rangeMs = rangeMs;
            localStorage.setItem(RANGE, String(rangeMs));
            showRanges();
            void showUpdate();
          },
        },
        title,
      ),
    ),
  );
}

async function showView() {
  const [name = 'overview', ...rest] = location.hash.replace(/^#\//, '').split('/').map(decodeURIComponent);
  const [viewName, title, view] = VIEWS.find(([each]) => each === name) ?? VIEWS[0];
  current?.view.leave?.(page);
  current = { name: viewName, view };
  page.arguments = rest;
  page.memory = new Map();
  document.title = `${title} – ${page.overview?.service ?? 'Monitoring'}`;
  showNavigation();
  main.replaceChildren(element('p', { class: 'state' }, 'Loading…'));
  await showUpdate();
}

/** Loads the current view again. Of concurrent updates, only the latest is shown. */
async function showUpdate() {
  if (current === undefined) return;
  const update = {};
  latestUpdate = update;
  const { name, view } = current;
  const address = [name, ...page.arguments].join('/');
  try {
    const show = await view.load(page);
    if (latestUpdate !== update) return;
    show();
    page.shown.delete(address);
    page.shown.set(address, show);
    if (page.shown.size > MAX_SHOWN) page.shown.delete(page.shown.keys().next().value);
  } catch (error) {
    if (latestUpdate !== update) return;
    if (error.wantsToken !== undefined) showSignIn(error);
    else if (page.memory.size === 0) showWithoutAnswer(address, error);
  }
}

/** Shows the last data of a view that cannot be loaded; they are marked as old as long as there is no contact. */
function showWithoutAnswer(address, error) {
  const show = page.shown.get(address);
  if (show !== undefined) show();
  else if (error instanceof TypeError) {
    // Thrown by fetch() if there is no answer.
    main.replaceChildren(
      notice('No data yet', 'The application does not answer. This view appears as soon as it does.'),
    );
  } else main.replaceChildren(notice('Could not load this view', error.message));
}

function showSignIn({ wantsToken, refusal }) {
  latestUpdate = undefined;
  current = undefined;
  showStatus('lost', 'Not signed in');
  live.textContent = '';
  if (!wantsToken) {
    main.replaceChildren(notice('Access denied', 'Sign in to the application, then reload this page.'));
    return;
  }
  const input = element('input', {
    id: 'token',
    type: 'password',
    autocomplete: 'current-password',
    required: true,
  });
  const form = element(
    'form',
    { class: 'state stack' },
    element('h2', {}, 'Sign in'),
    element('label', { for: 'token' }, 'Bearer token (option endpoints.auth.bearerToken)'),
    element('div', { class: 'row' }, input, element('button', {}, 'Sign in')),
    refusal && element('p', { class: 'error', role: 'alert' }, refusal),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    storeToken(input.value);
    start();
  });
  main.replaceChildren(form);
  input.focus();
}

function showStatus(state, text) {
  status.dataset.state = state;
  status.textContent = text;
}

const STATUS_TEXTS = {
  healthy: '✓ Healthy',
  degraded: '! Degraded',
  unhealthy: '✕ Unhealthy',
  critical: '✕ Critical',
};

const contact = new Contact({
  lost: (seconds) => showStatus('lost', `No contact for ${seconds} s`),
  note: (text) => {
    const dismiss = element('button', { type: 'button', onclick: () => note.remove() }, 'Dismiss');
    const note = element('p', { class: 'row' }, text, dismiss);
    notes.replaceChildren(note);
  },
});

function start() {
  showRanges();
  contact.begin();
  void subscribe({
    connected: () => {
      contact.alive();
      if (current === undefined) void showView();
    },
    alive: () => contact.alive(),
    paused: () => contact.pause(),
    event: (name, data) => {
      if (name !== 'overview') return;
      contact.alive();
      contact.answeredBy(data);
      expectInstance(data.instance.id, (other) => contact.alsoAnsweredBy(other));
      page.overview = data;
      document.querySelector('#service').textContent = data.service;
      showStatus(data.status, STATUS_TEXTS[data.status]);
      live.dataset.state = 'live';
      live.textContent = `Live, updated ${clock(data.timestamp)}`;
      showNavigation();
      void showUpdate();
    },
    lost: () => {
      contact.lose();
      live.dataset.state = 'lost';
      live.textContent = page.overview
        ? `Connection lost, last update ${clock(page.overview.timestamp)}`
        : 'Cannot reach the application. Retrying…';
    },
    denied: (error) => {
      contact.end();
      showSignIn(error);
    },
  });
}

function applyTheme(theme) {
  if (theme === null) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  current?.view.redraw?.();
}

document.querySelector('#theme').addEventListener('click', () => {
  const dark =
    document.documentElement.dataset.theme === 'dark' ||
    (document.documentElement.dataset.theme === undefined &&
      matchMedia('(prefers-color-scheme: dark)').matches);
  const theme = dark ? 'light' : 'dark';
  localStorage.setItem(THEME, theme);
  applyTheme(theme);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => current?.view.redraw?.());
addEventListener('hashchange', () => {
  void showView();
  main.focus();
});

applyTheme(localStorage.getItem(THEME));
start();
