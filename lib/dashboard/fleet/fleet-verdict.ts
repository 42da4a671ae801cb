import { severityOf } from '../now/failure-share.js';
import type { RouteTraffic, Traffic } from '../now/traffic.js';
import type { Verdict } from '../now/verdict.js';
import { causeOfFailures, type VerdictCause } from '../now/verdict-facts.js';
import {
  figure,
  milliseconds,
  moreRoutes,
  nameOf,
  percent,
  type SentencePart,
  sentenceOf,
  shareOfFailures,
  shortCause,
  silenceOf,
} from '../now/verdict-text.js';
import type { FleetInstance, FleetVersion } from './fleet-instances.js';
import type { FigureName, Outlier } from './outliers.js';
import type { RouteOutlier } from './route-outliers.js';

/** The failures of the route that matters most, over the instances. */
export interface FleetFailure extends Pick<RouteTraffic, 'method' | 'route'> {
  /** Start of the failures, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** True if they may have begun before that time, of which too little was looked at to say. @default false */
  readonly isOlder?: boolean;
  /** End of the failures, in milliseconds since the Unix epoch; undefined while requests fail, or while too few have come to know. */
  readonly until?: number;
  /** Time since which no request has come, so that nobody knows whether it would fail, in milliseconds since the Unix epoch. */
  readonly silentSince?: number;
  /** Share of the requests in that time that failed, from 0 to 1. */
  readonly share: number;
  /** The instances on which it fails, and the number of those that serve it. */
  readonly instances: readonly string[];
  readonly serving: number;
}

/** The facts that the verdict of a fleet is made of. */
export interface FleetVerdictFacts {
  /** The instances that the verdict is about. */
  readonly instances: readonly FleetInstance[];
  readonly traffic: Traffic;
  readonly failing: FleetFailure | undefined;
  /** Number of other routes that fail now. */
  readonly alsoFailing: number;
  /** Causes of failures that this process has recorded. */
  readonly causes: readonly VerdictCause[];
  readonly outliers: readonly Outlier[];
  readonly routes: readonly RouteOutlier[];
  readonly versions: readonly FleetVersion[];
  /** 95th percentile of the response times, in seconds. */
  readonly p95: number | undefined;
}

/** The share of instances that are down from which on it is critical. */
const CRITICAL_DOWN = 0.5;
/** The most instances that are named in one clause, and the most clauses about them. */
const MAX_NAMED = 3;
/** Figures that people notice; the others say why. */
const NOTICED: ReadonlySet<FigureName> = new Set(['errorPercent', 'p99Seconds', 'lagSeconds']);
const UNITS: Readonly<Partial<Record<FigureName, (value: number) => string>>> = {
  errorPercent: (value) => `${figure(value)} %`,
  p99Seconds: (value) => milliseconds(value * 1_000),
  lagSeconds: (value) => milliseconds(value * 1_000),
};

/** A clause of the sentence, with its severity. */
interface Clause {
  readonly state: Verdict['state'];
  readonly parts: readonly SentencePart[];
  /** The route that it is about. */
  readonly route?: Verdict['route'];
}

/** Returns the state of all instances, or of one, in a sentence: what fails, where, since when, and who differs. */
export function fleetVerdictOf(facts: FleetVerdictFacts): Verdict {
  const failing = failingRoute(facts);
  const others = [...downInstances(facts), ...differingInstances(facts)];
  // Failures that are over come after those that go on, and before mere differences.
  const clauses =
    facts.failing?.until === undefined
      ? [...failing, ...others]
      : [...others.filter((clause) => !isNoted(clause)), ...failing, ...others.filter(isNoted)];
  const problem = (['critical', 'warning'] as const).find((each) =>
    clauses.some((clause) => clause.state === each),
  );
  const isWell = problem === undefined;
  const all = [
    ...(isWell ? [{ parts: traffic(facts) }] : []),
    ...clauses,
    ...(isWell ? [] : undisturbed(facts)),
    ...versions(facts),
  ];
  const route = clauses.find((clause) => clause.route !== undefined)?.route;
  return {
    state: problem ?? (facts.traffic.windowMs === 0 ? 'unknown' : 'ok'),
    ...sentenceOf([...all.flatMap(({ parts }, i) => (i === 0 ? parts : ['; ', ...parts])), '.']),
    ...(route && { route }),
  };
}

function isNoted({ state }: Clause): boolean {
  return state === 'ok';
}

/** Returns the clause about the failing route, if its failures are worth a word. */
function failingRoute({
  failing,
  alsoFailing,
  traffic: { routes },
  causes,
  instances,
}: FleetVerdictFacts): Clause[] {
  const severity = failing && severityOf(failing, routes);
  if (failing === undefined || severity === undefined) return [];
  const { method, route, share, since, isOlder = false, until, silentSince } = failing;
  const name = `${method} ${route}`;
  const own = instances.find(({ isThis }) => isThis);
  const isHere = own !== undefined && failing.instances.includes(own.name);
  const cause = isHere && causeOfFailures(causes, failing);
  const start: SentencePart[] = [isOlder ? 'before ' : '', { at: since }];
  const clause: Clause = {
    state: until === undefined ? severity : 'warning',
    route: { method, route },
    parts: [
      nameOf(name),
      ...(until === undefined
        ? [` has failed ${percent(share)} since `, ...start]
        : [` failed ${percent(share)} from `, ...start, ' to ', { at: until }]),
      ...placeOf(failing),
      ...silenceOf(until, silentSince),
      cause ? `: ${shortCause(cause.cause.text)}` : '',
      until === undefined ? moreRoutes(alsoFailing) : '',
    ],
  };
  return [clause];
}

/** Returns where a route fails: on one instance, some or all. */
function placeOf({ instances, serving }: FleetFailure): SentencePart[] {
  if (serving <= 1) return [];
  if (instances.length === 1) return [', on ', nameOf(instances[0]!), ' alone'];
  if (instances.length >= serving) return [`, on all ${serving} instances`];
  return [`, on ${instances.length} of ${serving} instances`];
}

function downInstances({ instances }: FleetVerdictFacts): Clause[] {
  const down = instances.filter(({ isUp }) => !isUp).map(({ name }) => name);
  if (down.length === 0) return [];
  const state = down.length >= instances.length * CRITICAL_DOWN ? 'critical' : 'warning';
  return [{ state, parts: [...listOf(down), ` ${down.length === 1 ? 'is' : 'are'} down`] }];
}

/** Returns a clause for each instance that differs, the farthest first, and one for the rest. */
function differingInstances({ instances, outliers, routes }: FleetVerdictFacts): Clause[] {
  const names = new Set(instances.map(({ name }) => name));
  const differing = [...new Set(outliers.map(({ instance }) => instance))].filter((name) => names.has(name));
  const clauses = differing.slice(0, MAX_NAMED).map((name): Clause => {
    const own = outliers.filter(({ instance }) => instance === name);
    const slow = routes.find(({ instance }) => instance === name);
    const route = slow && [', most of all ', nameOf(`${slow.method} ${slow.route}`)];
    return {
      ...(slow && { route: { method: slow.method, route: slow.route } }),
      state: own.some((each) => NOTICED.has(each.figure)) ? 'warning' : 'ok',
      parts: [nameOf(name), `: ${own.map(outlierText).join(', ')}`, ...(route ?? [])],
    };
  });
  const rest = differing.length - MAX_NAMED;
  return rest > 0
    ? [
        ...clauses,
        { state: 'ok', parts: [`${rest} more ${rest === 1 ? 'instance differs' : 'instances differ'}`] },
      ]
    : clauses;
}

function outlierText({ text, figure: name, value, median }: Outlier): string {
  const unit = UNITS[name];
  return unit === undefined ? text : `${text} (${unit(value)}, median ${unit(median)})`;
}

function traffic({
  traffic: recent,
  failing,
  alsoFailing,
  instances,
  p95,
}: FleetVerdictFacts): SentencePart[] {
  const { requests, windowMs } = recent;
  if (windowMs === 0) return ['Prometheus has no samples of this time'];
  const where = instances.length === 1 ? '' : ` on ${instances.length} instances`;
  const minutes = `the last ${Math.max(1, Math.round(windowMs / 60_000))} min`;
  if (requests === 0) return [`No requests in ${minutes}${where}`];
  const within =
    p95 === undefined || !Number.isFinite(p95) ? '' : `, 95 % of them within ${milliseconds(p95 * 1_000)}`;
  return [
    ...shareOfFailures(recent, { failing, alsoFailing }),
    `${where}: ${figure(requests / (windowMs / 1_000))} requests/s over ${minutes}${within}`,
  ];
}

/** Returns that no request fails, if only something else is wrong. */
function undisturbed({ traffic: { requests, failures } }: FleetVerdictFacts): { parts: SentencePart[] }[] {
  return requests > 0 && failures === 0 ? [{ parts: ['no request fails'] }] : [];
}

function versions({ versions: all, instances }: FleetVerdictFacts): { parts: SentencePart[] }[] {
  return instances.length > 1 && all.length > 1 ? [{ parts: [`${all.length} versions run`] }] : [];
}

function listOf(names: readonly string[]): SentencePart[] {
  const shown = names.slice(0, MAX_NAMED);
  const rest = names.length - shown.length;
  const parts = shown.flatMap((name, i) => {
    const isLast = i === shown.length - 1 && rest === 0;
    return i === 0 ? [nameOf(name)] : [isLast ? ' and ' : ', ', nameOf(name)];
  });
  return rest > 0 ? [...parts, ` and ${rest} more`] : parts;
}
