import { instanceHref, THIS_PROCESS } from './address.js';
import { styleSheet } from './areas.js';
import { lastSource, read } from './connection.js';
import { badge, element, fill } from './elements.js';
import { formatted } from './format.js';

/** The most findings in the bar; the others are in the list of instances. */
const MAX_FINDINGS = 4;

/** The unit of each figure of an instance. */
export const FIGURE_UNITS = {
  requestsPerSecond: 'per second',
  errorPercent: 'percent',
  p99Seconds: 'seconds',
  cpuPercent: 'percent',
  memoryBytes: 'bytes',
  lagSeconds: 'seconds',
};

/** The contents of each area that Prometheus does not have, as the beginning of a sentence. */
const OF_PROCESS = {
  now: 'Status, alerts, health checks, causes and changes are',
  routes: 'Records of single requests are',
  errors: 'Errors and their records are',
  dependencies: 'Health checks, and what databases and queues say themselves, are',
  process: 'Key figures and diagnostics, but not the charts, are',
  explore: 'The list of series, but not the chart, is',
  pages: 'Texts, figures, tables and buttons, but not the charts, are',
};

/** Reads the instances of the application. */
export function readFleet(page) {
  const { until } = page;
  return read('fleet', { range: page.rangeMs, ...(until !== undefined && { until }) });
}

/** Returns an outlier in words, such as "p99 4× (1.2 s, median 0.3 s)". */
export function outlierText({ text, figure, value, median }) {
  const unit = FIGURE_UNITS[figure];
  return `${text} (${formatted(value, unit)}, median ${formatted(median, unit)})`;
}

/** The bar with the source of the figures, the choice of an instance, and what differs between instances. */
export class FleetBar {
  constructor(page, node) {
    this.page = page;
    this.node = node;
    this.source = element('span', { class: 'fleet-source' });
    this.choice = element('select', {
      id: 'instance',
      onchange: () => page.setParameters({ instance: this.choice.value }),
    });
    this.findings = element('ul', { class: 'fleet-findings' });
    this.shown = '';
    fill(
      node,
      this.source,
      element('label', { class: 'row', for: 'instance' }, 'Instance', this.choice),
      this.findings,
    );
    this.styled = styleSheet('fleet.css');
  }

  /** @param {string} area name of the area that is shown */
  async update(area) {
    const [report] = await Promise.all([readFleet(this.page).catch(() => undefined), this.styled]);
    if (report?.isConfigured !== true) return;
    this.node.hidden = false;
    // Nothing is touched that is the same, so that an open list of instances stays open.
    const chosen = this.page.parameter('instance') ?? '';
    const behindMs = Math.round((report.behindMs ?? 0) / 60_000) * 60_000 || report.behindMs;
    // The list of the instances is this report, and no other answer.
    const isList = area === 'now' && this.page.arguments[0] === 'instances';
    const source = isList ? undefined : lastSource();
    const state = JSON.stringify([area, chosen, source, { ...report, at: 0, behindMs }]);
    if (state === this.shown) return;
    this.shown = state;
    this.showChoice(report, chosen);
    const [name, text] = sourceOf(report, chosen, source);
    this.source.replaceChildren(badge(name, text));
    this.findings.replaceChildren(
      ...findingsOf(report, area).map((finding) => element('li', {}, ...finding)),
    );
  }

  showChoice({ instances = [] }, chosen) {
    const options = [
      ['', `All ${instances.length} instances`],
      ...instances.map((instance) => [instance.name, choiceText(instance)]),
      [THIS_PROCESS, 'This process only'],
    ];
    // One that is gone stays chosen as long as the address names it.
    if (!options.some(([value]) => value === chosen)) options.push([chosen, `${chosen} (unknown)`]);
    const same =
      this.choice.options.length === options.length &&
      options.every(([value, text], i) => {
        const option = this.choice.options[i];
        return option.value === value && option.textContent === text;
      });
    if (!same) fill(this.choice, ...options.map(([value, text]) => element('option', { value }, text)));
    this.choice.value = chosen;
  }
}

function choiceText({ name, isUp, isThis, version, outliers }) {
  const more = [!isUp && 'down', version, isThis && 'this process', ...outliers].filter(Boolean);
  return more.length === 0 ? name : `${name} – ${more.join(', ')}`;
}

/** @returns {[state: string, text: string]} */
function sourceOf({ instances = [], problem }, chosen, source) {
  if (problem !== undefined || chosen === THIS_PROCESS || source === 'process') {
    return [problem === undefined ? 'info' : 'warning', 'this process'];
  }
  const up = instances.filter(({ isUp }) => isUp).length;
  return ['info', chosen === '' ? `fleet of ${up} via Prometheus` : 'one instance via Prometheus'];
}

/** Returns what differs between the instances, the worst first. */
function findingsOf(
  { problem, instances = [], outliers = [], versions = [], routes = [], process, behindMs = 0 },
  area,
) {
  if (problem !== undefined) return [[problem]];
  const down = instances
    .filter(({ isUp }) => !isUp)
    .map(({ name }) => [badge('critical', 'down'), ' ', instanceLink(name)]);
  const slowRoutes = routes.map(({ instance, method, route, text, p99Seconds }) => [
    badge('warning', text),
    ' ',
    element('a', { href: instanceHref(instance, 'routes', method, route) }, `${method} ${route}`),
    ` on ${instance} (${formatted(p99Seconds, 'seconds')})`,
  ]);
  const figures = outliers.map((outlier) => [
    badge('warning', outlier.text),
    ' ',
    instanceLink(outlier.instance),
    ` ${outlierText(outlier).slice(outlier.text.length + 1)}`,
  ]);
  const differing =
    versions.length > 1
      ? [[badge('warning', `${versions.length} versions`), ` ${versions.map(versionText).join(', ')}`]]
      : [];
  const all = [...down, ...(area === 'routes' ? [...slowRoutes, ...figures] : [...figures, ...slowRoutes])];
  const found = [...all.slice(0, MAX_FINDINGS), ...differing];
  const omitted = all.length - MAX_FINDINGS;
  if (omitted > 0) found.push([element('a', { href: '#/now/instances' }, `${omitted} more`)]);
  const own = instances.find(({ isThis }) => isThis)?.name ?? process;
  if (OF_PROCESS[area] !== undefined) found.push([`${OF_PROCESS[area]} of this process (${own}).`]);
  if (behindMs !== 0) found.unshift([badge('warning', 'late'), ` ${lateText(behindMs)}`]);
  return found;
}

/** Returns in words that the samples of Prometheus, or its clock, are not of now. */
function lateText(behindMs) {
  const time = formatted(Math.abs(behindMs), 'milliseconds');
  return behindMs > 0
    ? `Prometheus is ${time} behind: its last samples are that old, or its clock is wrong.`
    : `The samples of Prometheus are ${time} ahead of the clock of this process.`;
}

/** Returns a version and the number of its instances, such as "1.4.0 (2)". */
export function versionText({ version, revision, instances }) {
  const name = revision === undefined ? version : `${version} ${revision.slice(0, 12)}`;
  return `${name} (${instances.length})`;
}

function instanceLink(name) {
  return element('a', { href: instanceHref(name, 'now') }, name);
}
