import { routeHref } from './address.js';
import { element } from './elements.js';
import { shortClock } from './format.js';

const HEADLINES = {
  healthy: 'Healthy',
  degraded: 'Degraded',
  unhealthy: 'Unhealthy',
  critical: 'Critical',
  unknown: 'Now',
};

const DEPENDENCIES = ['#/dependencies', 'Open the dependencies'];
/** The places of the parts of the application that a verdict names, and how their links begin. */
const PARTS = {
  database: DEPENDENCIES,
  'outgoing HTTP': DEPENDENCIES,
  'event loop': ['#/process/event-loop', 'Open the event loop'],
  memory: ['#/process/memory', 'Open the memory'],
};

const STATES = { ok: 'healthy', warning: 'degraded', critical: 'critical', unknown: 'unknown' };

function sentenceOf(verdict) {
  return (verdict?.parts ?? ['Waiting for the first sample.']).map((part) => {
    if (typeof part === 'string') return part;
    if (part.name !== undefined) return longName(part);
    return element('time', { datetime: new Date(part.at).toISOString() }, shortClock(part.at));
  });
}

/** The long names that somebody has opened. */
const openedNames = new Set();

/** Returns a long name in short, which a click or a touch shows as a whole. It breaks as text does, which a button does not. */
function longName({ name, short }) {
  const text = () => (openedNames.has(name) ? name : short);
  const expanded = () => String(openedNames.has(name));
  const onclick = ({ currentTarget: node }) => {
    if (!openedNames.delete(name)) openedNames.add(name);
    node.textContent = text();
    node.setAttribute('aria-expanded', expanded());
  };
  const onkeydown = (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    event.stopPropagation();
    onclick(event);
  };
  const attributes = { class: 'long-name', role: 'button', tabindex: '0', 'aria-expanded': expanded() };
  return element('span', { ...attributes, onclick, onkeydown }, text());
}

/** Says that the verdict over all instances is on its way. That of the process stands below it, not in its place. */
export const ASKING = { state: 'unknown', parts: ['Asking Prometheus…'] };

/**
 * Returns the verdict: the state in a sentence, and where its proof is.
 *
 * @param fleet the verdict over all instances, or about one in Prometheus; that of the process stands below it
 */
export function banner(overview, fleet) {
  const verdict = fleet ?? overview.verdict;
  const state = fleet === undefined ? overview.status : STATES[fleet.state];
  const links = linksOf(verdict, overview);
  const sentence = sentenceOf(verdict);
  return element(
    'section',
    { class: 'banner', 'data-state': state, 'aria-label': 'Verdict' },
    element('h1', {}, HEADLINES[state]),
    // It scrolls where it is longer than its height.
    element('p', { class: 'verdict', tabindex: '0' }, ...sentence),
    fleet && element('p', {}, `This process (${processName(overview)}): `, ...sentenceOf(overview.verdict)),
    links.length > 0 &&
      element('p', { class: 'row' }, ...links.map(([href, text]) => element('a', { href }, text))),
  );
}

/** Returns the places that have the proof of a verdict, with the texts of their links. */
function linksOf(verdict, { verdict: own, health: { checks } }) {
  const { about, disturbed = [] } = own ?? {};
  const route = verdict?.route;
  return [
    ...(route ? [[routeHref(route), `Open ${route.method} ${route.route}`]] : []),
    ...(about === undefined
      ? []
      : Object.hasOwn(checks, about)
        ? [['#/now/health', `Open health check ${about}`]]
        : [['#/now/alerts', `Open alert ${about}`]]),
    ...new Set(disturbed.flatMap((name) => (Object.hasOwn(PARTS, name) ? [PARTS[name]] : []))),
  ];
}

/** Returns the name of the process that answers. */
export function processName({ instance: { host, pid } }) {
  return `${host}:${pid}`;
}
