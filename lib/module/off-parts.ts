import { isDeepStrictEqual } from 'node:util';
import { VITAL_NAMES } from '../query/vital-definitions.js';
import type { ResolvedOptions } from './monitoring.options.js';

/** Parts that are off for the same reason, by the paths of their options. */
export interface OffParts {
  readonly names: readonly string[];
  /** In words, such as `options`. */
  readonly reason: string;
}

/** Parts by name: false for one that is off, parts for one that consists of some, and anything else for one that is on. */
interface PartTree {
  readonly [name: string]: unknown;
}

/**
 * Returns the parts that are on by default and off in this application, by reason. Of a part of which nothing is on, only
 * the part itself is named.
 */
export function offParts(options: ResolvedOptions): OffParts[] {
  const { endpoints, diagnostics, offOnLambda } = options;
  const { profiles } = diagnostics;
  const areProfilesWithheld = profiles && profiles.needsAuth && endpoints.auth === undefined;
  const inProduction = diagnostics.isLoopUnwatched ? ['diagnostics.blockedLoop'] : [];
  const withoutAuth = [
    ...(endpoints.isDashboardWithheld ? ['endpoints.dashboard'] : []),
    ...(areProfilesWithheld ? ['diagnostics.profiles'] : []),
  ];
  const explained = new Set([...inProduction, ...withoutAuth, ...offOnLambda]);
  return [
    { names: offIn(partsOf(options), '', explained), reason: 'options' },
    { names: inProduction, reason: 'NODE_ENV is production' },
    { names: withoutAuth, reason: 'NODE_ENV is production without `endpoints.auth`' },
    { names: offOnLambda, reason: 'AWS Lambda' },
  ].filter(({ names }) => names.length > 0);
}

function offIn(parts: PartTree, owner: string, explained: ReadonlySet<string>): string[] {
  return Object.entries(parts).flatMap(([name, value]) => {
    const path = `${owner}${name}`;
    if (explained.has(path)) return [];
    if (value === false) return [path];
    if (!isTree(value)) return [];
    const off = offIn(value, `${path}.`, explained);
    // A child of which only some parts are off is on.
    const children = Object.keys(value).map((child) => `${path}.${child}`);
    return isDeepStrictEqual(off, children) ? [path] : off;
  });
}

function isTree(value: unknown): value is PartTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a part that is on. */
const ON = true;

/** Returns the parts that are on by default. */
function partsOf(options: ResolvedOptions): PartTree {
  const { http, outgoingHttp, rpc, webSocket, graphql, logs, errors, jobs, requests } = options;
  const { endpoints, diagnostics, collectors, history, health, alerting, thresholds } = options;
  const { blockedLoop, startup, processInfo, profiles, memory } = diagnostics;
  const { runtime, system, database, cache, queues, build, api } = collectors;
  return {
    ...switches({ http, outgoingHttp, rpc, webSocket, graphql, logs, requests: requests.records }),
    errors: switches(errors),
    jobs: switches(jobs),
    endpoints: switches(endpoints.paths),
    diagnostics: switches({ blockedLoop, startup, processInfo, profiles, memory }),
    collectors: {
      runtime: runtime && switches({ ...runtime, promClientNames: undefined }),
      system: system && switches(system),
      database: database && { clients: ON, serverStatistics: database.serverStatistics },
      cache: cache && { clients: ON, serverStatistics: cache.serverStatistics },
      ...switches({ queues, build, api }),
    },
    history: isOn(history),
    health: health && { probes: ON, builtIn: switches(health.builtIn) },
    alerting: isOn(alerting),
    thresholds: alerting
      ? Object.fromEntries(VITAL_NAMES.map((vital) => [vital, isOn(thresholds[vital] ?? false)]))
      : ON,
  };
}

/** Returns parts that are on unless they are false, without those that are undefined. */
function switches(values: object): PartTree {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, isOn(value)]])),
  );
}

function isOn(value: unknown): boolean {
  return value !== false;
}
