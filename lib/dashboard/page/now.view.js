import { hrefOf, operationHref, routeHref, THIS_PROCESS } from './address.js';
import { ASKING, banner, processName } from './banner.js';
import { causeKey } from './cause-key.js';
import { sparkline } from './charts.js';
import { read } from './connection.js';
import {
  badge,
  breakable,
  element,
  fill,
  notice,
  patch,
  profileLink,
  sortableTable,
  stateBadge,
  suppressionOf,
} from './elements.js';
import { ago, dateAndTime, formatted, labelText } from './format.js';
import { ChartGrid, noteList } from './panels.view.js';

/** The most causes and events that are listed; the areas have all of them. */
const MAX_CAUSES = 7;
/** The most causes of slow operations while none fails. */
const MAX_CAUSES_WELL = 4;
const MAX_EVENTS = 12;

/** The age from which on a failure is not of now, in milliseconds. */
const OLD_MS = 120_000;

/** Returns what is wrong, the most severe first. What the verdict says is not said again. */
function problemList({ alerts, health, verdict, timestamp }, causes) {
  const about = verdict?.about;
  const checks = Object.entries(health.checks)
    .filter(([name, { status }]) => status !== 'healthy' && name !== about)
    .map(([name, { status, message }]) => ({
      rank: status === 'degraded' ? 1 : 2,
      node: element(
        'li',
        { class: 'row', 'data-key': `check ${name}` },
        badge(status),
        element('a', { href: '#/now/health' }, `Health check ${name}`),
        element('span', {}, message),
      ),
    }));
  const firing = alerts
    .filter(({ rule }) => rule !== about)
    .map((alert) => {
      const isSuppressed = suppressionOf(alert) !== undefined;
      const isFiring = alert.state === 'firing';
      return {
        rank: isSuppressed ? 0 : !isFiring ? 0.6 : alert.severity === 'critical' ? 2 : 1,
        node: element(
          'li',
          { class: isSuppressed ? 'row subdued' : 'row', 'data-key': `alert ${alert.id}` },
          isFiring && !isSuppressed ? badge(alert.severity) : stateBadge(alert),
          element('a', { href: '#/now/alerts' }, alert.rule),
          element('span', {}, alert.message),
          alert.profiles > 0 && profileLink(alert.profiles),
          element('span', { class: 'limit-text' }, ago(alert.since)),
        ),
      };
    });
  const failed = causes.filter(({ hasFailed }) => hasFailed).slice(0, MAX_CAUSES);
  const slow = causes
    .filter(({ hasFailed }) => !hasFailed)
    .slice(0, failed.length > 0 ? MAX_CAUSES : MAX_CAUSES_WELL);
  const operations = [...failed, ...slow].map((each) => operationOf(each, timestamp));
  return [...checks, ...firing, ...operations].toSorted((a, b) => b.rank - a.rank).map(({ node }) => node);
}

function operationOf(each, timestamp) {
  const { name, hasFailed, cause, count, maxDurationMs, lastAt } = each;
  const isRecent = timestamp - lastAt < OLD_MS;
  return {
    rank: !hasFailed ? 0.5 : isRecent ? 1.5 : 0.55,
    node: element(
      'li',
      { class: 'row', 'data-key': `cause ${causeKey(each)}` },
      hasFailed
        ? badge(isRecent ? 'critical' : 'info', `${formatted(count)} failed`)
        : badge('info', `up to ${formatted(maxDurationMs, 'milliseconds')}`),
      element('strong', {}, element('a', { href: operationHref(name) }, name)),
      element('span', { class: 'cause' }, cause.text),
      element('span', { class: 'limit-text' }, `last ${ago(lastAt)}`),
    ),
  };
}

function limitText({ thresholds, unit }) {
  return thresholds.map(({ value, severity }) => `${severity} at ${formatted(value, unit)}`).join(', ');
}

/** Returns a vital over all instances, if Prometheus has it; without a value while Prometheus is asked. */
function ofFleet(vital, now, isAsking) {
  if (isAsking) return { ...vital, value: undefined, state: 'unknown', stateText: 'asking', trend: [] };
  if (now?.verdict === undefined) return vital;
  const { value, state = 'unknown' } = now.vitals.find(({ name }) => name === vital.name) ?? {};
  return { ...vital, value, state, trend: [] };
}

function tile(vital) {
  const { title, unit, value, state, thresholds, trend } = vital;
  const { stateText = state === 'unknown' ? 'no data' : state } = vital;
  return element(
    'div',
    { class: 'tile', 'data-state': state },
    element('dt', {}, title, state !== 'ok' && badge(state, stateText)),
    element('dd', { class: 'value' }, formatted(value, unit)),
    element('dd', { class: 'limit-text' }, limitText(vital)),
    element('dd', {}, sparkline(trend, thresholds[0]?.value)),
  );
}

const ROUTE_COLUMNS = [
  {
    title: 'Route',
    value: ({ method, route }) => `${route} ${method}`,
    text: ({ method, route }) => element('a', { href: routeHref({ method, route }) }, `${method} ${route}`),
  },
  {
    title: 'Failed',
    number: true,
    value: ({ failures }) => failures,
    text: ({ failures, errorPercent }) =>
      failures > 0
        ? element(
            'span',
            { class: 'error' },
            `${formatted(errorPercent, 'percent')} (${formatted(failures)})`,
          )
        : '–',
  },
  column('Share of the time', ({ timeShare }) => timeShare, 'ratio'),
  column('Rate', ({ perSecond }) => perSecond, 'per second'),
  column('Mean duration', ({ meanSeconds }) => meanSeconds, 'seconds'),
];

function column(title, value, unit) {
  return { title, number: true, value, text: (row) => formatted(value(row), unit) };
}

function routeTable({ routes, omittedRoutes, windowMs }, page) {
  if (routes.length === 0) return null;
  const more = omittedRoutes > 0 ? `; ${omittedRoutes} more in Routes` : '';
  return sortableTable(ROUTE_COLUMNS, {
    rows: routes,
    caption: `Routes by impact, last ${formatted(windowMs, 'milliseconds')}${more}`,
    key: 'routes',
    sortBy: routes.some(({ failures }) => failures > 0) ? 'Failed' : 'Share of the time',
    remember: page.sorting,
    rowKey: ({ method, route }) => `${method} ${route}`,
  });
}

const CHANGE_COLUMNS = [
  {
    title: 'Series',
    value: ({ metric, labels }) => `${metric} ${labelText(labels)}`,
    text: ({ metric, labels }) =>
      element(
        'span',
        {},
        element('a', { href: metricHref(metric, labels) }, ...breakable(metric)),
        ' ',
        Object.keys(labels).length > 0 && element('code', {}, labelText(labels)),
      ),
  },
  {
    title: 'Before',
    number: true,
    value: ({ before }) => before,
    text: ({ before, unit }) => formatted(before, unit),
  },
  { title: 'Now', number: true, value: ({ now }) => now, text: ({ now, unit }) => formatted(now, unit) },
];

function metricHref(metric, labels) {
  const tags = Object.entries(labels).map(([name, value]) => `${name}:${value}`);
  return hrefOf('explore', 'metrics', metric, ...tags);
}

function changeTable({ changes, changeWindowMs }, page, ofProcess) {
  if (changes.length === 0) return null;
  const window = formatted(changeWindowMs, 'milliseconds');
  return sortableTable(CHANGE_COLUMNS, {
    rows: changes,
    caption: `What changed most${ofProcess}: the last ${window} against the ${window} before`,
    key: 'changes',
    remember: page.sorting,
    rowKey: ({ metric, labels }) => `${metric} ${labelText(labels)}`,
  });
}

function timeline(events) {
  if (events.length === 0) return null;
  return element(
    'section',
    { class: 'card stack' },
    element('h2', {}, 'Timeline'),
    element(
      'ol',
      { class: 'timeline' },
      ...events
        .slice(-MAX_EVENTS)
        .toReversed()
        .map(({ at, severity, text }) =>
          element(
            'li',
            { class: 'row', 'data-key': `event ${at} ${text}`, 'data-state': severity },
            element('time', { datetime: new Date(at).toISOString() }, dateAndTime(at)),
            severity !== 'info' && badge(severity),
            element('span', {}, text),
          ),
        ),
      events.length > MAX_EVENTS &&
        element('li', { class: 'limit-text' }, `${events.length - MAX_EVENTS} earlier events`),
    ),
  );
}

let grid;
/** The last complete answers, shown while there is no contact. */
let lastAnswers;

/** Returns the addition by which figures of the process differ from those of all instances; nothing without a fleet. */
function ofProcessIn(overview, now) {
  return now?.verdict ? ` of this process (${processName(overview)})` : '';
}

/** The view of what is wrong now: the verdict, its causes, the routes, and what changed. */
export const nowView = {
  async load(page) {
    if (!page.memory.has('parts')) {
      // The verdict is shown before the charts are there.
      const first = page.overview ?? (await read('overview'));
      return () => {
        const overview = page.overview ?? first;
        showSummary(page, overview, []);
        page.memory.set('first overview', overview);
        void page.refresh();
      };
    }
    try {
      const [overview, view, now, { causes }] = await Promise.all([
        page.overview ?? read('overview'),
        read('view', page.query({ name: 'overview' })),
        read('now', page.query()),
        read('causes'),
      ]);
      return () => {
        lastAnswers = [view, now, causes];
        showAll(page, overview, ...lastAnswers);
      };
    } catch (error) {
      // A sign-in is asked for, and what is complete stays.
      if (error.wantsToken !== undefined || page.memory.has('complete')) throw error;
      const overview = page.overview ?? page.memory.get('first overview');
      // Without contact, what was shown before stays.
      if (hasNoAnswer(error) && lastAnswers !== undefined) {
        return () => showAll(page, overview, ...lastAnswers);
      }
      return () => showWithout(page, overview, error);
    }
  },
  leave: () => grid?.remove(),
  redraw: () => grid?.redraw(),
};

function showAll(page, overview, { panels, notes }, now, causes) {
  page.memory.set('complete', true);
  showSummary(page, overview, causes, now);
  const { routes, details } = page.memory.get('parts');
  patch(routes, routeTable(now, page));
  const changes = changeTable(now, page, ofProcessIn(overview, now));
  patch(
    details,
    changes && element('div', { class: 'stack', 'data-key': 'changes' }, changes),
    element(
      'div',
      { class: 'stack', 'data-key': 'events' },
      timeline(overview.events) ?? '',
      ...noteList(notes),
    ),
  );
  grid.update(panels);
}

/** fetch() throws a TypeError if there is no answer. */
function hasNoAnswer(error) {
  return error instanceof TypeError;
}

/** Shows what the process says by itself, and why there is no more. */
function showWithout(page, overview, error) {
  showSummary(page, overview, [], null);
  const reason = hasNoAnswer(error) ? 'The application does not answer.' : error.message;
  const whose = overview.hasFleet
    ? ` The figures above are those of this process (${processName(overview)}).`
    : '';
  patch(
    page.memory.get('parts').details,
    element(
      'div',
      { 'data-key': 'problem' },
      notice('Could not load routes and charts', `${reason}${whose}`),
    ),
  );
}

/**
 * Shows what is wrong: the verdict, its causes, and the vitals.
 *
 * @param now what is asked with the range; undefined while it is on its way, null if it could not be read
 */
function showSummary(page, overview, causes, now) {
  if (!page.memory.has('parts') || !grid.node.isConnected) {
    grid = new ChartGrid();
    const parts = {
      summary: element('div', { class: 'stack', id: 'summary' }),
      routes: element('div'),
      details: element('div', { class: 'columns' }),
    };
    page.memory.set('parts', parts);
    fill(page.main, parts.summary, parts.routes, grid.node, parts.details);
  }
  const problems = problemList(overview, causes);
  const isAsking = now === undefined && overview.hasFleet && page.parameter('instance') !== THIS_PROCESS;
  patch(
    page.memory.get('parts').summary,
    banner(overview, isAsking ? ASKING : now?.verdict),
    problems.length > 0 &&
      element(
        'section',
        { class: 'card stack', 'data-key': 'problems' },
        element('h2', {}, `Alerts, checks and causes${ofProcessIn(overview, now)}`),
        element('ul', { class: 'problems' }, ...problems),
      ),
    element(
      'dl',
      { class: 'tiles', 'data-key': 'tiles' },
      ...overview.vitals.map((vital) => tile(ofFleet(vital, now, isAsking))),
    ),
  );
}
