import { sparkline } from './charts.js';
import { read } from './connection.js';
import { badge, element, fill, notice, stateBadge, suppressionOf } from './elements.js';
import { ago, formatted } from './format.js';
import { ChartGrid } from './panels.view.js';

const HEADLINES = {
  healthy: 'Healthy',
  degraded: 'Degraded',
  unhealthy: 'Unhealthy',
  critical: 'Critical',
};
/** The most causes named in the headline. */
const MAX_CAUSES = 3;

/** Returns the status and its causes, such as "Degraded: memory, HighErrorRate". */
function headline({ status, reasons }) {
  const names = [...new Set(reasons.map(({ name }) => name))];
  if (names.length === 0) return HEADLINES[status];
  const more = names.length > MAX_CAUSES ? ` and ${names.length - MAX_CAUSES} more` : '';
  return `${HEADLINES[status]}: ${names.slice(0, MAX_CAUSES).join(', ')}${more}`;
}

function banner(overview) {
  const { status, reasons, health, intervalMs } = overview;
  const checks = Object.keys(health.checks).length;
  return element(
    'section',
    { class: 'banner', 'data-state': status, 'aria-label': 'Status' },
    element('h1', {}, headline(overview)),
    reasons.length === 0
      ? element(
          'p',
          {},
          `${checks} health ${checks === 1 ? 'check passes' : 'checks pass'}, no alert is firing. Updated every ${formatted(intervalMs, 'milliseconds')}.`,
        )
      : element(
          'ul',
          {},
          ...reasons.map(({ severity, text, view }) =>
            element('li', { class: 'row' }, badge(severity), element('a', { href: `#/now/${view}` }, text)),
          ),
        ),
  );
}

function limitText({ thresholds, unit }) {
  return thresholds.map(({ value, severity }) => `${severity} at ${formatted(value, unit)}`).join(', ');
}

function tile(vital) {
  const { title, unit, value, state, thresholds, trend } = vital;
  return element(
    'div',
    { class: 'tile', 'data-state': state },
    element('dt', {}, title, state !== 'ok' && badge(state, state === 'unknown' ? 'no data' : state)),
    element('dd', { class: 'value' }, formatted(value, unit)),
    element('dd', { class: 'limit-text' }, limitText(vital)),
    element('dd', {}, sparkline(trend, thresholds[0]?.value)),
  );
}

function alertList(alerts) {
  const firing = alerts.filter(({ state }) => state === 'firing');
  const pending = alerts.filter(({ state }) => state === 'pending');
  if (firing.length + pending.length === 0) return null;
  return element(
    'section',
    { class: 'card stack' },
    element('h2', {}, 'Alerts'),
    ...[...firing, ...pending].map((alert) => {
      const { severity, rule, message, since } = alert;
      return element(
        'p',
        { class: suppressionOf(alert) === undefined ? 'row' : 'row subdued' },
        stateBadge(alert),
        badge(severity),
        element('a', { href: '#/now/alerts' }, rule),
        element('span', {}, message),
        element('span', { class: 'limit-text' }, ago(since)),
      );
    }),
  );
}

let grid;

/** The view of the status of the application and its causes. */
export const overviewView = {
  async load(page) {
    const overview = page.overview ?? (await read('overview'));
    const { panels } = await read('view', page.query({ name: 'overview' }));
    return () => {
      if (grid === undefined || !grid.node.isConnected) {
        grid = new ChartGrid();
        fill(page.main, element('div', { class: 'stack', id: 'summary' }), grid.node);
      }
      page.memory.set('shown', true);
      document
        .querySelector('#summary')
        .replaceChildren(
          banner(overview),
          element('dl', { class: 'tiles' }, ...overview.vitals.map(tile)),
          ...[alertList(overview.alerts)].filter((node) => node !== null),
          ...(panels.length === 0 ? [notice('No data yet', 'Waiting for the first sample.')] : []),
        );
      grid.update(panels);
    };
  },
  leave: () => grid?.remove(),
  redraw: () => grid?.redraw(),
};
