import { instanceHref } from './address.js';
import { styleSheet } from './areas.js';
import { badge, element, notice, patch } from './elements.js';
import { FIGURE_UNITS, outlierText, readFleet, versionText } from './fleet.js';
import { ago, formatted } from './format.js';

const COLUMNS = [
  ['requestsPerSecond', 'Requests'],
  ['errorPercent', 'Errors (5xx)'],
  ['p99Seconds', 'p99'],
  ['cpuPercent', 'CPU'],
  ['memoryBytes', 'Memory'],
  ['lagSeconds', 'Event loop lag'],
];

function row({ name, isUp, isThis, version, revision, nodeVersion, startedAt, figures }, outliers) {
  const own = outliers.filter(({ instance }) => instance === name);
  return element(
    'tr',
    { class: !isUp && 'subdued' },
    element(
      'th',
      { scope: 'row' },
      element('a', { href: instanceHref(name, 'now') }, name),
      isThis && element('span', { class: 'limit-text' }, ' this process'),
    ),
    cell('State', isUp ? badge('healthy', 'up') : badge('critical', 'down')),
    cell('Version', [version, revision?.slice(0, 12)].filter(Boolean).join(' ') || '–'),
    cell('Node.js', nodeVersion ?? '–'),
    cell('Started', startedAt === undefined ? '–' : ago(startedAt)),
    ...COLUMNS.map(([figure, title]) => {
      const outlier = own.find((each) => each.figure === figure);
      const text = formatted(figures[figure], FIGURE_UNITS[figure]);
      return cell(
        title,
        outlier === undefined
          ? text
          : element(
              'span',
              { class: 'outlier', title: outlierText(outlier) },
              text,
              ' ',
              badge('warning', times(outlier)),
            ),
        'number',
      );
    }),
  );
}

function cell(title, content, kind) {
  return element('td', { class: kind, 'data-title': title }, content);
}

/** Returns how many times the median a figure is, without its name. */
function times({ text }) {
  return text.split(' ').at(-1);
}

function table({ instances, outliers, windowMs, omitted }) {
  const heads = ['Instance', 'State', 'Version', 'Node.js', 'Started', ...COLUMNS.map(([, title]) => title)];
  return element(
    'div',
    { class: 'scroll instances', role: 'region', 'aria-label': 'Instances', tabindex: '0' },
    element(
      'table',
      {},
      element('caption', {}, `Instances, over ${formatted(windowMs, 'milliseconds')}`),
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          ...heads.map((title, i) => element('th', { scope: 'col', class: i > 4 && 'number' }, title)),
        ),
      ),
      element('tbody', {}, ...instances.map((instance) => row(instance, outliers))),
    ),
    omitted > 0 && element('p', { class: 'empty' }, `${omitted} further instances are not listed.`),
  );
}

function findings({ outliers, routes, versions }) {
  const items = [
    ...outliers.map((outlier) => `${outlier.instance}: ${outlierText(outlier)}`),
    ...routes.map(
      ({ instance, method, route, text, p99Seconds }) =>
        `${instance}: ${text} of ${method} ${route} (${formatted(p99Seconds, 'seconds')})`,
    ),
    ...(versions.length > 1 ? [`Versions differ: ${versions.map(versionText).join(', ')}`] : []),
  ];
  if (items.length === 0) return element('p', {}, 'No instance is much slower or larger than most.');
  return element('ul', { class: 'fleet-list' }, ...items.map((text) => element('li', {}, text)));
}

/** The view of the instances of the application: which are up, their versions, and how they compare. */
export const area = {
  async load(page) {
    const [report] = await Promise.all([readFleet(page), styleSheet('fleet.css')]);
    return () =>
      patch(
        page.main,
        element('div', { class: 'stack' }, element('h1', {}, 'Instances'), ...contentOf(report)),
      );
  },
};

function contentOf(report) {
  if (report.isConfigured !== true) {
    const text = 'Set the option dashboard.prometheus to compare all instances that a Prometheus scrapes.';
    return [notice('This process only', text)];
  }
  if (report.problem !== undefined) return [notice('No answer from Prometheus', report.problem)];
  return [findings(report), table(report)];
}
