import { addressOf, fragmentOf, hrefOf, keptParameters } from './address.js';
import { lazyArea } from './areas.js';
import { expectInstance, onSource, readFirst, storeToken } from './connection.js';
import { Contact } from './contact.js';
import { applicationTime, context } from './chart-context.js';
import { element, notice, patch } from './elements.js';
import { subscribe } from './events.js';
import { clock } from './format.js';
import { listenToKeys } from './keys.js';
import { Toolbar } from './toolbar.js';

/** @import { Area, DashboardPage } from './areas.js' */

/**
 * The areas in navigation order. Each is a module `NAME.area.js` that exports `area`, loaded when it is opened:
 *
 * - `load(page)` reads the data and returns a function that shows it in `page.main`. It is called again at each refresh,
 *   and patches what is shown: focus, selection, open entries and scroll stay. The function sets `page.memory` once it has
 *   shown something, and asks it anew: without contact, it is called again when the place is opened again. A rejection is
 *   shown as a notice if there is nothing yet.
 * - `leave()`, if there is one, is called before another place is shown; `redraw()` after a change of the theme.
 *
 * `areas.js` has areas made of tabs. Everything that somebody may want to come back to or to send is in the address:
 * `page.arguments` are its items after the area, `page.parameter(name)` and `page.setParameters({ name: value })` its
 * parameters, `page.sorting` keeps the order of tables in it, `page.query({ … })` returns the parameters for the API, with
 * the range. A link is `#/area/item`; the range and what else holds for all areas is added when it is followed.
 *
 * @type {[name: string, title: string, area: ReturnType<typeof lazyArea>][]}
 */
const AREAS = [
  ['now', 'Now', lazyArea(() => import('./now.area.js'))],
  ['routes', 'Routes', lazyArea(() => import('./routes.area.js'))],
  ['errors', 'Errors', lazyArea(() => import('./errors.area.js'))],
  ['dependencies', 'Dependencies', lazyArea(() => import('./dependencies.area.js'))],
  ['process', 'Process', lazyArea(() => import('./process.area.js'))],
  ['explore', 'Explore', lazyArea(() => import('./explore.area.js'))],
];

/**
 * The area of the pages of the application, `#/pages/TITLE`. Each page has its own link.
 *
 * @type {[name: string, title: string, area: ReturnType<typeof lazyArea>]}
 */
const PAGES = ['pages', 'Pages', lazyArea(() => import('./pages.area.js'))];

const DEFAULT_RANGE_MS = 900_000;
const THEME = 'monitoring.theme';
/** The areas that a kiosk shows in turn, and the shortest time for one, in seconds. */
const ROTATED = ['now', 'routes', 'errors', 'dependencies'];
const MIN_ROTATION_S = 5;

const main = document.querySelector('#main');
const status = document.querySelector('#status');
const live = document.querySelector('#live');
const notes = document.querySelector('#notes');

/** The address of the page: area, items and parameters. */
let address = addressOf(location.hash);

/**
 * The state shared by all areas.
 *
 * @type {DashboardPage}
 */
const page = {
  main,
  /** The latest overview. */
  overview: undefined,
  /** True while the page asks for a sign-in, until a token is given. */
  isDenied: false,
  /** The items of the address after the area. */
  arguments: [],
  /** The state of what is shown, such as its elements. It is empty when another place is opened. */
  memory: new Map(),
  /** The functions that showed each place last, by its address. */
  shown: new Map(),
  /** The range that is shown, in milliseconds. */
  get rangeMs() {
    const { from, to } = fixedRange();
    if (to !== undefined) return to - from;
    const range = Number(this.parameter('range'));
    return range > 0 && Number.isFinite(range) ? range : DEFAULT_RANGE_MS;
  },
  /** The end of the range, in milliseconds since the Unix epoch; undefined if it is now. */
  get until() {
    return fixedRange().to;
  },
  parameter(name) {
    return address.parameters.get(name) ?? undefined;
  },
  /**
   * Changes parameters of the address and shows what they mean. Without a value, a parameter is removed.
   *
   * @param {Record<string, string | number | undefined>} values
   * @param {{ replace?: boolean }} [options] `replace` leaves no entry to go back to, for what changes with each key
   */
  setParameters(values, { replace = false } = {}) {
    const parameters = new URLSearchParams(address.parameters);
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined || value === '') parameters.delete(name);
      else parameters.set(name, String(value));
    }
    address = { ...address, parameters };
    if (fragmentOf(address) === location.hash) return;
    history[replace ? 'replaceState' : 'pushState'](null, '', fragmentOf(address));
    showAddress();
  },
  /** The order of tables, in the address. It has the methods of a map, by the key of the table. */
  sorting: {
    get(key) {
      const text = page.parameter(sortParameter(key));
      if (text === undefined) return undefined;
      return { by: text.replace(/^-/, ''), descending: text.startsWith('-') };
    },
    set(key, { by, descending }) {
      page.setParameters({ [sortParameter(key)]: `${descending ? '-' : ''}${by}` }, { replace: true });
    },
  },
  /** True while nothing is refreshed, so that it can be read. */
  get isPaused() {
    return this.parameter('pause') !== undefined;
  },
  togglePause() {
    if (page.isPaused) page.setParameters({ pause: undefined, from: undefined, to: undefined });
    else {
      const to = page.until ?? page.overview?.timestamp ?? applicationTime();
      page.setParameters({ pause: 1, from: to - page.rangeMs, to });
    }
  },
  /** Sets a parameter to 1, or removes it. */
  toggle(name) {
    page.setParameters({ [name]: page.parameter(name) === undefined ? 1 : undefined });
  },
  /** Returns parameters for the API, with the range. */
  query(parameters = {}) {
    const { until } = page;
    const instance = page.parameter('instance');
    return {
      ...parameters,
      range: page.rangeMs,
      ...(until !== undefined && { until }),
      ...(page.parameter('compare') !== undefined && { compare: 1 }),
      ...(instance !== undefined && { instance }),
    };
  },
  /** Returns the fragment of a place in an area. */
  link: hrefOf,
  refresh: () => showUpdate(),
};

function sortParameter(key) {
  return `sort.${key.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
}

/** Returns the range of the address if it is a fixed one. */
function fixedRange() {
  const [from, to] = [Number(page.parameter('from')), Number(page.parameter('to'))];
  return Number.isFinite(to) && from > 0 && to > from ? { from, to } : {};
}

/** The time after which an update is given up for the next one, in milliseconds. */
const MAX_UPDATE_MS = 5_000;
/** The most places that are kept for the time without contact. */
const MAX_SHOWN = 20;

/** @type {{ name: string, title: string, area: Area, place: string } | undefined} */
let current;
let latestUpdate;

/** The choice of an instance, which is loaded once there is a Prometheus with several. */
let fleet;
onSource(() => {
  fleet = import('./fleet.js').then(({ FleetBar }) => new FleetBar(page, document.querySelector('#fleet')));
});

function showNavigation() {
  const firing = page.overview?.alerts.filter(({ state }) => state === 'firing').length ?? 0;
  const failing = Object.values(page.overview?.health.checks ?? {}).filter(
    (check) => check.status !== 'healthy',
  ).length;
  const counts = { now: firing + failing };
  const items = AREAS.map(([name, title]) =>
    element(
      'li',
      {},
      element(
        'a',
        { href: `#/${name}`, 'aria-current': name === current?.name && 'page' },
        title,
        // A word of its own, where it is read aloud.
        counts[name] > 0 && ' ',
        counts[name] > 0 && element('span', { class: 'count' }, counts[name]),
      ),
    ),
  );
  const pages = (page.overview?.panels?.pages ?? []).map(({ title }) => {
    const isCurrent = current?.place === placeOf({ area: 'pages', items: [title] });
    return element(
      'li',
      {},
      element('a', { href: page.link('pages', title), 'aria-current': isCurrent && 'page' }, title),
    );
  });
  patch(document.querySelector('#nav'), element('ul', {}, ...items, ...pages));
}

/** Applies what holds for all areas: the range and the time zone of charts, and the kiosk. */
function applyAddress() {
  Object.assign(context, {
    rangeMs: page.rangeMs,
    until: page.until,
    isUtc: page.parameter('utc') !== undefined,
  });
  document.body.classList.toggle('kiosk', page.parameter('kiosk') !== undefined);
  toolbar.update();
  rotate();
}

let rotation;

/** Opens one area after the other if the kiosk says so: `kiosk=30` stays 30 s in each. */
function rotate() {
  clearTimeout(rotation);
  const seconds = Number(page.parameter('kiosk'));
  if (!(seconds >= MIN_ROTATION_S)) return;
  const index = ROTATED.indexOf(address.area);
  rotation = setTimeout(() => openArea(ROTATED[(index + 1) % ROTATED.length]), seconds * 1_000);
}

/** Opens an area with what holds for all of them. */
function openArea(area) {
  location.hash = fragmentOf({ area, items: [], parameters: keptParameters(address.parameters) });
}

function areaOf(place) {
  return [...AREAS, PAGES].find(([each]) => each === place.area) ?? AREAS[0];
}

/** Shows what the address says: another place, or the same with other parameters. */
function showAddress() {
  const next = addressOf(location.hash);
  const place = placeOf(next);
  address = next;
  // An address of before is replaced by what it is now.
  if (location.hash !== '' && fragmentOf(next) !== location.hash) {
    history.replaceState(null, '', fragmentOf(next));
  }
  applyAddress();
  if (current?.place === place) {
    void showUpdate();
    return;
  }
  const [name, title, area] = areaOf(next);
  current?.area.leave?.();
  current = { name, title, area, place };
  page.arguments = next.items;
  page.memory.get('own panels')?.remove();
  page.memory = new Map();
  showTitle();
  showNavigation();
  main.replaceChildren(element('p', { class: 'state' }, 'Loading…'));
  void showUpdate();
}

const ICONS = { degraded: 'icon-warning.svg', unhealthy: 'icon-critical.svg', critical: 'icon-critical.svg' };

/** Shows the status in the title and the icon of the page, which are seen in a tab. */
function showTitle() {
  const { status: state, service = 'Monitoring' } = page.overview ?? {};
  const symbol = { degraded: '! ', unhealthy: '✕ ', critical: '✕ ' }[state] ?? '';
  document.title = `${symbol}${current?.title ?? 'Now'} – ${service}`;
  const href = new URL(`./${ICONS[state] ?? 'icon.svg'}`, import.meta.url).href;
  const icon = document.querySelector('#icon');
  if (icon.href !== href) icon.href = href;
}

function placeOf({ area, items }) {
  return [area, ...items].map(encodeURIComponent).join('/');
}

/** Adds what holds for all areas to a link that is about to be followed. */
function carryState(event) {
  const link = event.target.closest?.('a[href^="#/"]');
  if (!link) return;
  const target = addressOf(link.getAttribute('href'));
  for (const [name, value] of keptParameters(address.parameters)) {
    if (!target.parameters.has(name)) target.parameters.set(name, value);
  }
  link.setAttribute('href', fragmentOf(target));
}

/** Loads the current place again. Of concurrent updates, only the latest is shown. */
async function showUpdate() {
  if (current === undefined) return;
  const { area, place } = current;
  const update = { isPending: true, isRepeated: false, startedAt: performance.now() };
  latestUpdate = update;
  try {
    const show = await area.load(page);
    if (latestUpdate !== update) return;
    show();
    void showPanelsOf(current);
    void fleet?.then((bar) => bar.update(current?.name));
    page.shown.delete(place);
    page.shown.set(place, show);
    if (page.shown.size > MAX_SHOWN) page.shown.delete(page.shown.keys().next().value);
  } catch (error) {
    if (latestUpdate !== update) return;
    if (error.wantsToken !== undefined) showSignIn(error);
    else if (page.memory.size === 0) showWithoutAnswer(place, error);
  } finally {
    update.isPending = false;
    if (update.isRepeated && latestUpdate === update) void showUpdate();
  }
}

/**
 * Loads the current place after a new sample. While an update is under way, it is shown first: to begin anew would throw
 * its answers away and delay what is shown.
 */
function showSample() {
  const isUnderWay = latestUpdate?.isPending && performance.now() - latestUpdate.startedAt < MAX_UPDATE_MS;
  if (isUnderWay) latestUpdate.isRepeated = true;
  else void showUpdate();
}

/** Shows the panels of the application in an area, below what the area shows itself. They never delay it. */
async function showPanelsOf(shown) {
  if (!(page.overview?.panels?.areas[shown.name] > 0)) return;
  try {
    const { showOwnPanels } = await import('./own-panels.js');
    await showOwnPanels(page, shown.name, () => current === shown);
  } catch {
    // They stay as they are until the next update.
  }
}

/** Shows the last data of a place that cannot be loaded; they are marked as old as long as there is no contact. */
function showWithoutAnswer(place, error) {
  const show = page.shown.get(place);
  if (show !== undefined) show();
  else if (error instanceof TypeError) {
    // Thrown by fetch() if there is no answer.
    main.replaceChildren(
      notice('No data yet', 'The application does not answer. This view appears as soon as it does.'),
    );
  } else main.replaceChildren(notice('Could not load this view', error.message));
}

function showSignIn({ wantsToken, refusal }) {
  page.isDenied = true;
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

const toolbar = new Toolbar(page, document.querySelector('#range'), document.querySelector('#tools'));

const contact = new Contact({
  lost: (seconds) => showStatus('lost', `No contact for ${seconds} s`),
  note: (text) => {
    const dismiss = element('button', { type: 'button', onclick: () => note.remove() }, 'Dismiss');
    const note = element('p', { class: 'row' }, text, dismiss);
    notes.replaceChildren(note);
  },
});

function showOverview(overview) {
  page.overview = overview;
  document.querySelector('#service').textContent = overview.service;
  showStatus(overview.status, STATUS_TEXTS[overview.status]);
  showTitle();
  context.events = overview.events ?? [];
  showNavigation();
}

function showFirst() {
  const link = document.querySelector('#first');
  if (link === null) return;
  void readFirst(link.href, page, (overview) => {
    showOverview(overview);
    if (current === undefined) showAddress();
  });
}

function start() {
  page.isDenied = false;
  applyAddress();
  contact.begin();
  void subscribe({
    connected: () => {
      contact.alive();
      if (current === undefined) showAddress();
    },
    alive: () => contact.alive(),
    paused: () => contact.pause(),
    event: (name, data) => {
      if (name !== 'overview') return;
      contact.alive();
      contact.answeredBy(data);
      expectInstance(data.instance.id, (other) => contact.alsoAnsweredBy(other));
      const isShown = page.memory.size > 0 && page.overview?.timestamp === data.timestamp;
      showOverview(data);
      live.dataset.state = 'live';
      live.textContent = `${page.isPaused ? 'Paused' : 'Live'}, updated ${clock(data.timestamp)}`;
      if (!isShown && (!page.isPaused || page.memory.size === 0)) showSample();
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
  redraw();
}

/** Draws the charts in the colors of the theme. */
function redraw() {
  current?.area.redraw?.();
  page.memory.get('own panels')?.redraw();
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
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
addEventListener('hashchange', () => {
  const before = current?.place;
  showAddress();
  if (current?.place !== before) main.focus();
});
for (const type of ['mousedown', 'click']) document.addEventListener(type, carryState, { capture: true });

context.onSelect = (from, to) => page.setParameters({ from, to });
const showKeys = listenToKeys({
  open: openArea,
  pause: () => page.togglePause(),
  compare: () => page.toggle('compare'),
  utc: () => page.toggle('utc'),
  leave: () => page.setParameters({ kiosk: undefined, from: undefined, to: undefined, pause: undefined }),
});
toolbar.help.addEventListener('click', showKeys);
document.addEventListener('click', ({ target }) => {
  for (const menu of document.querySelectorAll('.menu[open]')) if (!menu.contains(target)) menu.open = false;
});

applyTheme(localStorage.getItem(THEME));
// Its code is on the way while the connection for events is opened.
areaOf(address)[2].prepare();
start();
showFirst();
