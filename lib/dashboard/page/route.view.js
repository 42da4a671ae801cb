import { read } from './connection.js';
import { badge, element, fill, patch } from './elements.js';
import { bars, PART_NAMES } from './entries.js';
import { errorItems } from './error-figures.js';
import { formatted } from './format.js';
import { Heatmap } from './heatmap.js';
import { ChartGrid } from './panels.view.js';
import { recordList } from './record.js';
import { statusBar } from './route-figures.js';

/** The number of records and groups of errors on the page. */
const MAX_RECORDS = 5;

let grid;

function create(page, title) {
  const parts = {
    badges: element('span', { class: 'row' }),
    reason: element('p', { class: 'reason' }),
    figures: element('dl', { class: 'tiles figures' }),
    waits: element('div', { class: 'card stack' }),
    heatmap: new Heatmap('Durations over time'),
    errors: element('div', { class: 'stack' }),
    slowest: recordList('Slowest requests', 'No request of the last hour was recorded.'),
    failures: recordList('Last failures', 'No failed request is kept.'),
    grid: new ChartGrid(),
  };
  ({ grid } = parts);
  page.memory.set('parts', parts);
  fill(
    page.main,
    element('p', {}, element('a', { href: '#/routes' }, '← All routes')),
    element('div', { class: 'heading' }, element('h1', {}, title), parts.badges),
    parts.reason,
    parts.figures,
    element('div', { class: 'halves' }, parts.waits, parts.heatmap.node),
    element('section', { class: 'stack' }, element('h2', {}, 'Errors'), parts.errors),
    element('div', { class: 'stack sections' }, parts.slowest.node, parts.failures.node),
    element('h2', {}, 'Over time'),
    parts.grid.node,
  );
  return parts;
}

function badgesOf(row, waits) {
  return [
    row !== null && row.severity !== 'ok' && badge(row.severity),
    waits !== null &&
      waits.repeated > 0 &&
      badge('warning', `N+1 in ${formatted(waits.repeatedPercent, 'percent')} of the recorded requests`),
  ];
}

function tile(title, value, note, state) {
  return element(
    'div',
    { class: 'tile', 'data-state': state },
    element('dt', {}, title),
    element('dd', { class: 'value' }, value),
    note && element('dd', { class: 'limit-text' }, note),
  );
}

function figuresOf({ row, waits, windowMs }) {
  if (row === null) return [];
  const { now, before, impact, severity } = row;
  const was = (value, unit) => (before ? `before: ${formatted(value, unit)}` : undefined);
  return [
    tile(
      `Requests, last ${formatted(windowMs, 'milliseconds')}`,
      formatted(now.perSecond, 'per second'),
      was(before?.perSecond, 'per second'),
    ),
    tile(
      'Failed (5xx)',
      formatted(now.errorPercent, 'percent'),
      was(before?.errorPercent, 'percent'),
      now.errorPercent > 0 && severity !== 'ok' && severity,
    ),
    tile(
      'Client errors (4xx)',
      formatted(now.clientErrorPercent, 'percent'),
      was(before?.clientErrorPercent, 'percent'),
    ),
    tile('p50', formatted(now.p50, 'seconds'), was(before?.p50, 'seconds')),
    tile('p95', formatted(now.p95, 'seconds'), was(before?.p95, 'seconds')),
    tile('p99', formatted(now.p99, 'seconds'), was(before?.p99, 'seconds')),
    waits !== null &&
      tile('Database statements', formatted(waits.statements), 'for each recorded request, on average'),
    tile(
      'Share of all time',
      formatted(impact.timePercent, 'percent'),
      `${formatted(impact.failurePercent, 'percent')} of all failures`,
    ),
    element(
      'div',
      { class: 'tile' },
      element('dt', {}, 'Responses'),
      element('dd', {}, statusBar(now, Infinity)),
    ),
  ].filter(Boolean);
}

function waitsOf(waits) {
  const heading = element('h2', {}, 'Where the time goes');
  if (waits === null) return [heading, element('p', { class: 'empty' }, 'No request was recorded.')];
  const { windowMs, recorded, parts } = waits;
  const range = windowMs === null ? 'since the start' : `in ${formatted(windowMs, 'milliseconds')}`;
  return [
    heading,
    element(
      'p',
      { class: 'help' },
      `For each of ${formatted(recorded)} recorded ${recorded === 1 ? 'request' : 'requests'} ${range}, on average.`,
    ),
    bars(
      'Time by what it was spent on',
      parts.map(({ part, seconds, percent }) => ({
        name: PART_NAMES[part] ?? part,
        value: `${formatted(seconds, 'seconds')} (${formatted(percent, 'percent')})`,
        share: percent / 100,
      })),
    ),
  ];
}

/** Returns a chart of parts of the time with their names. */
function withPartNames(panel) {
  if (!panel.isStacked) return panel;
  return {
    ...panel,
    series: panel.series.map((line) => ({ ...line, name: PART_NAMES[line.name] ?? line.name })),
  };
}

function errorsOf({ errors, omitted }) {
  if (errors.length === 0) return [element('p', { class: 'empty' }, 'No error has been recorded in it.')];
  return [errorItems(errors), omitted > 0 && element('p', { class: 'muted' }, `${omitted} more groups`)];
}

/** The page of a route: its figures, where its time goes, its errors and its slowest requests. */
export const routePage = {
  async load(page) {
    const [method, route] = page.arguments;
    const records = { method, route, limit: MAX_RECORDS };
    const operation = `${method} ${route}`;
    const [data, errors, slowest, failures] = await Promise.all([
      read('route', page.query({ method, route })),
      read('errors', { operation, sort: 'severity', limit: MAX_RECORDS }),
      read('records', { ...records, list: 'slowest' }),
      read('records', { ...records, list: 'failures' }),
    ]);
    return () => {
      const parts = page.memory.get('parts') ?? create(page, data.title);
      const { row, waits, panels, heatmap, empty } = data;
      patch(parts.badges, ...badgesOf(row, waits));
      parts.reason.textContent = row === null ? empty : (row.reason ?? '');
      parts.reason.hidden = parts.reason.textContent === '';
      patch(parts.figures, ...figuresOf(data));
      parts.figures.hidden = row === null;
      patch(parts.waits, ...waitsOf(waits));
      parts.heatmap.update(heatmap);
      patch(parts.errors, ...errorsOf(errors));
      parts.slowest.update(slowest.records);
      parts.failures.update(failures.records);
      parts.grid.update(panels.map(withPartNames));
    };
  },
  leave: () => grid?.remove(),
  redraw: () => grid?.redraw(),
};
