import { sparkline } from './charts.js';
import { read } from './connection.js';
import { badge, element, fill, notice, quietReason, stateBadge } from './elements.js';
import { ago, formatted } from './format.js';
import { ChartGrid } from './panels.view.js';

const HEADLINES = {
  healthy: 'Everything is fine',
  degraded: 'It works, but not as well as it should',
  unhealthy: 'It should not get requests',
  critical: 'It does not work',
};

function banner({ status, reasons, health, intervalMs }) {
  const checks = Object.keys(health.checks).length;
  return element(
    'section',
    { class: 'banner', 'data-state': status, 'aria-label': 'Status' },
    element('h1', {}, HEADLINES[status]),
    reasons.length === 0
      ? element(
          'p',
          {},
          `${checks} health ${checks === 1 ? 'check passes' : 'checks pass'}, no alert is firing. Looked at every ${formatted(intervalMs, 'milliseconds')}.`,
        )
      : element(
          'ul',
          {},
          ...reasons.map(({ severity, text, view }) =>
            element('li', { class: 'row' }, badge(severity), element('a', { href: `#/${view}` }, text)),
          ),
        ),
  );
}

function limitText({ thresholds, unit }) {
  return thresholds.map(({ value, severity }) => `${severity} at ${formatted(value, unit)}`).join(', ');
}

function tile(vital) {
  const { title, unit, value, state, thresholds, course } = vital;
  return element(
    'div',
    { class: 'tile', 'data-state': state },
    element('dt', {}, title, state !== 'ok' && badge(state, state === 'unknown' ? 'not known' : state)),
    element('dd', { class: 'value' }, formatted(value, unit)),
    element('dd', { class: 'limit-text' }, limitText(vital)),
    element('dd', {}, sparkline(course, thresholds[0]?.value)),
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
        { class: quietReason(alert) === undefined ? 'row' : 'row subdued' },
        stateBadge(alert),
        badge(severity),
        element('a', { href: '#/alerts' }, rule),
        element('span', {}, message),
        element('span', { class: 'limit-text' }, ago(since)),
      );
    }),
  );
}

let grid;

/** Is it healthy, and if not, why? */
export const overviewView = {
  async load(page) {
    const overview = page.overview ?? (await read('overview'));
    const { panels } = await read('view', { name: 'overview', range: page.rangeMs });
    return () => {
      if (grid === undefined || !grid.node.isConnected) {
        grid = new ChartGrid();
        fill(page.main, element('div', { class: 'stack', id: 'glance' }), grid.node);
      }
      page.memory.set('shown', true);
      document
        .querySelector('#glance')
        .replaceChildren(
          banner(overview),
          element('dl', { class: 'tiles' }, ...overview.vitals.map(tile)),
          ...[alertList(overview.alerts)].filter((node) => node !== null),
          ...(panels.length === 0 ? [notice('No history yet', 'The first sample is on its way.')] : []),
        );
      grid.update(panels);
    };
  },
  leave: () => grid?.remove(),
  redraw: () => grid?.redraw(),
};
