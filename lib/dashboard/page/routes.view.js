import { routeHref } from './address.js';
import { read } from './connection.js';
import { badge, element, fill } from './elements.js';
import { formatted } from './format.js';
import { ChartGrid } from './panels.view.js';
import { changeText, requestTrend, shareBar, statusBar, times } from './route-figures.js';
import { Choice, MoreRows, orderOf, RowTable, searchField, sortBy } from './row-table.js';

const DEFAULT_SORT = 'severity';
/** The charts beside the summary; the others are below the table. */
const FIRST_CHARTS = 2;

const COLUMNS = [
  {
    title: 'Route',
    sort: 'name',
    class: 'title',
    show: ({ method, route, severity, reason, repeated }) => [
      element('a', { href: routeHref({ method, route }) }, `${method} ${route}`),
      repeated > 0 && badge('warning', 'N+1'),
      reason && element('small', { class: severity === 'critical' ? 'error' : 'warned' }, reason),
    ],
  },
  {
    title: 'Trend',
    class: 'trend',
    show: ({ trend }) => [requestTrend(trend)],
  },
  {
    title: 'Requests',
    sort: 'rate',
    class: 'number',
    show: ({ now, change }) => [formatted(now.perSecond, 'per second'), small(times(change?.perSecond))],
  },
  {
    title: 'Failed (5xx)',
    sort: 'failures',
    class: 'number',
    show: ({ now, before }) => [
      element('span', { class: now.errorPercent > 0 && 'error' }, formatted(now.errorPercent, 'percent')),
      small(before && before.errorPercent !== now.errorPercent && changeText(before.errorPercent, 'percent')),
    ],
  },
  {
    title: '4xx',
    sort: 'clientErrors',
    class: 'number minor',
    show: ({ now }) => [
      element(
        'span',
        { class: now.clientErrorPercent > 0 && 'warned' },
        formatted(now.clientErrorPercent, 'percent'),
      ),
    ],
  },
  {
    title: 'p50',
    sort: 'p50',
    class: 'number minor',
    show: ({ now }) => [formatted(now.p50, 'seconds')],
  },
  {
    title: 'p95',
    sort: 'p95',
    class: 'number',
    show: ({ now, before, change }) => [
      formatted(now.p95, 'seconds'),
      small(change?.p95 !== undefined && isNotable(change.p95) && changeText(before.p95, 'seconds')),
    ],
  },
  {
    title: 'Share of all time',
    sort: 'impact',
    class: 'number',
    show: ({ impact }) => [formatted(impact.timePercent, 'percent'), shareBar(impact.timePercent)],
  },
  {
    title: 'Responses',
    class: 'responses',
    show: ({ now }) => [statusBar(now)],
  },
];

function small(text) {
  return text ? element('small', {}, text) : null;
}

/** Returns true for a change that is more than chance usually is. */
function isNotable(ratio) {
  return ratio >= 1.2 || ratio <= 0.8;
}

let charts = [];

function create(page) {
  const { memory } = page;
  const table = new RowTable({
    caption: 'Routes',
    columns: COLUMNS,
    key: ({ method, route }) => `${method} ${route}`,
    state: ({ severity }) => (severity === 'ok' ? undefined : severity),
    onSort: (sort) => sortBy(page, DEFAULT_SORT, sort),
  });
  const parts = {
    summary: element('p', { class: 'muted' }),
    search: searchField(page, 'Search routes'),
    status: new Choice(page, 'status', 'Responses'),
    severity: element('button', { type: 'button', onclick: () => sortBy(page, DEFAULT_SORT, 'severity') }),
    table,
    empty: element('p', { class: 'empty', hidden: true }),
    more: new MoreRows(page, 'routes'),
    first: new ChartGrid(),
    others: new ChartGrid(),
  };
  charts = [parts.first, parts.others];
  memory.set('parts', parts);
  fill(
    page.main,
    element('div', { class: 'heading' }, element('h1', {}, 'Routes'), parts.summary),
    element('div', { class: 'row toolbar' }, parts.search.node, parts.status.node, parts.severity),
    table.node,
    parts.empty,
    parts.more.node,
    element('div', { class: 'first-charts' }, parts.first.node),
    parts.others.node,
  );
  page.main.classList.add('route-list');
  return parts;
}

function summaryOf({ total, totalBefore, windowMs, beforeMs, count }) {
  const before = (value, unit) => (totalBefore ? ` (before: ${formatted(value, unit)})` : '');
  const compared = beforeMs > 0 ? `, compared with the ${formatted(beforeMs, 'milliseconds')} before` : '';
  return (
    `${formatted(count)} ${count === 1 ? 'route' : 'routes'}, ` +
    `${formatted(total.perSecond, 'per second')}${before(totalBefore?.perSecond, 'per second')}, ` +
    `${formatted(total.errorPercent, 'percent')} failed${before(totalBefore?.errorPercent, 'percent')} ` +
    `in ${formatted(windowMs, 'milliseconds')}${compared}.`
  );
}

/** The list of all routes, with what is worth a look first. */
export const routeList = {
  async load(page) {
    const order = orderOf(page, DEFAULT_SORT);
    const status = page.parameter('status');
    const search = page.parameter('search');
    const more = page.memory.get('parts')?.more ?? new MoreRows(page, 'routes');
    const [list, { panels }] = await Promise.all([
      read(
        'routes',
        page.query({
          sort: order.sort,
          limit: more.limit,
          ...(order.reverse && { order: 'up' }),
          ...(status && { status }),
          ...(search && { search }),
        }),
      ),
      read('view', page.query({ name: 'requests' })),
    ]);
    return () => {
      const parts = page.memory.get('parts') ?? create(page);
      const { routes, count, omitted, severities, classes, windowMs } = list;
      parts.summary.textContent = windowMs === 0 ? 'Waiting for the first requests.' : summaryOf(list);
      parts.search.update();
      parts.status.update([
        [undefined, 'All'],
        ...['5xx', '4xx', '3xx', '2xx'].map((each) => [each, `${each} (${formatted(classes[each])})`]),
      ]);
      const worth = severities.critical + severities.warning;
      parts.severity.textContent = worth === 0 ? 'Nothing stands out' : `Most severe first (${worth})`;
      parts.severity.setAttribute('aria-pressed', String(order.sort === 'severity'));
      parts.table.update(routes, order);
      parts.empty.hidden = routes.length > 0;
      parts.empty.textContent =
        count === 0 ? 'No requests in this time range.' : 'No route matches. Search for less.';
      parts.more.update(routes.length, omitted);
      parts.first.update(panels.slice(0, FIRST_CHARTS));
      parts.others.update(panels.slice(FIRST_CHARTS));
    };
  },
  leave() {
    document.querySelector('#main').classList.remove('route-list');
    for (const grid of charts) grid.remove();
  },
  redraw() {
    for (const grid of charts) grid.redraw();
  },
};
