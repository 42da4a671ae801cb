import { read } from './connection.js';
import { element, fill, sortableTable } from './elements.js';
import { formatted } from './format.js';
import { ChartGrid } from './panels.view.js';

const COLUMNS = [
  {
    title: 'Endpoint',
    value: ({ method, route }) => `${route} ${method}`,
    text: ({ method, route }) =>
      element(
        'a',
        { href: `#/routes/${encodeURIComponent(method)}/${encodeURIComponent(route)}` },
        `${method} ${route}`,
      ),
  },
  rate(),
  {
    title: 'Error rate (5xx)',
    number: true,
    value: ({ errorPercent }) => errorPercent,
    text: ({ errorPercent }) =>
      element('span', { class: errorPercent > 0 && 'error' }, formatted(errorPercent, 'percent')),
  },
  duration('p50'),
  duration('p95'),
  duration('p99'),
  {
    title: 'Status codes',
    value: ({ statuses }) => Object.keys(statuses).join(' '),
    text: ({ statuses }) => statusText(statuses),
  },
];

function rate() {
  return {
    title: 'Request rate',
    number: true,
    value: ({ perSecond }) => perSecond,
    text: ({ perSecond }) => formatted(perSecond, 'per second'),
  };
}

function duration(name) {
  return {
    title: name,
    number: true,
    value: (row) => row[name],
    text: (row) => formatted(row[name], 'seconds'),
  };
}

function statusText(statuses) {
  return Object.entries(statuses)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${status}: ${formatted(count)}`)
    .join(' · ');
}

let grid;
let table;

async function loadRoute(page, method, route) {
  const { title, panels, empty } = await read('route', page.query({ method, route }));
  return () => {
    if (grid === undefined || !grid.node.isConnected) {
      grid = new ChartGrid();
      fill(
        page.main,
        element('p', {}, element('a', { href: '#/routes' }, '← All endpoints')),
        element('h1', {}, title),
        panels.length === 0 && element('p', { class: 'empty' }, empty),
        grid.node,
      );
    }
    page.memory.set('shown', true);
    grid.update(panels);
  };
}

async function loadAll(page) {
  const [{ panels }, rows] = await Promise.all([
    read('view', page.query({ name: 'requests' })),
    read('endpoints', page.query()),
  ]);
  return () => {
    const newTable = sortableTable(COLUMNS, {
      rows,
      caption:
        rows.length === 0 ? 'Endpoints' : `Endpoints, last ${formatted(rows[0].windowMs, 'milliseconds')}`,
      key: 'endpoints',
      sortBy: 'Request rate',
      empty: 'No requests in this time range.',
      remember: page.sorting,
    });
    if (grid === undefined || !grid.node.isConnected) {
      grid = new ChartGrid();
      fill(page.main, element('h1', {}, 'Requests'), grid.node, newTable);
    } else table.replaceWith(newTable);
    table = newTable;
    page.memory.set('shown', true);
    grid.update(panels);
  };
}

/** The view of the HTTP requests, in total and by endpoint. */
export const requestsView = {
  load(page) {
    const [method, route] = page.arguments;
    return method !== undefined && route !== undefined ? loadRoute(page, method, route) : loadAll(page);
  },
  leave: () => grid?.remove(),
  redraw: () => grid?.redraw(),
};
