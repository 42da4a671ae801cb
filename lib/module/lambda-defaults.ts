import type { CollectorsOptions } from '../collectors/collectors.options.js';
import type { DiagnosticsOptions } from '../diagnostics/diagnostics.options.js';
import type { HealthOptions } from '../health/health.options.js';
import { ENDPOINT_NAMES, type EndpointsOptions } from '../http/endpoints.options.js';
import type { RequestsOptions } from '../instrumentation/requests/requests.options.js';
import { switchedOptions } from '../options/option-checks.js';
import { isObject, memberOf } from '../primitives/is-object.js';

/** The options whose defaults are others on AWS Lambda. */
interface SuspendedOptions {
  readonly endpoints?: EndpointsOptions | boolean;
  readonly dashboard?: unknown;
  readonly collectors?: CollectorsOptions | boolean;
  readonly diagnostics?: DiagnosticsOptions | boolean;
  readonly requests?: RequestsOptions | boolean;
  readonly health?: HealthOptions | boolean;
  readonly history?: object | boolean;
  readonly thresholds?: object | boolean;
  readonly alerting?: object | boolean;
}

/** The options of an application on AWS Lambda, and what is off because of that. */
export interface LambdaDefaults<O> {
  readonly options: O;
  /** Paths of the options that are off, such as `collectors.system`. */
  readonly off: readonly string[];
}

/** Parts of the diagnostics that watch a process over time, or that a signal starts. */
const DIAGNOSTICS = ['blockedLoop', 'memory', 'profiles'] as const;
/** Collectors of a machine that is not the application's, or that measure with a timer. */
const COLLECTORS = ['system', 'api'] as const;
/** Endpoints that show what was sampled. */
const SAMPLED_ENDPOINTS = ['dashboard', 'alerts'] as const;
const STATISTICS = ['serverStatistics'] as const;
const RUNTIME = ['eventLoop', 'threadPool'] as const;

/**
 * Returns the options with the defaults of AWS Lambda: off is what has no meaning in one of many environments, of which
 * each is suspended between two invocations. An option that is given wins.
 */
export function lambdaDefaults<O extends SuspendedOptions>(given: O): LambdaDefaults<O> {
  const off: string[] = [];
  /** Returns the group with those of its options off that are not given. */
  function without<G>(path: string, group: G, names: readonly string[]): G {
    const all = allOf(group);
    if (!isObject(all)) return group;
    const missing = names.filter((name) => all[name as keyof typeof all] === undefined);
    off.push(...missing.map((name) => `${path}.${name}`));
    return { ...all, ...Object.fromEntries(missing.map((name) => [name, false])) } as G;
  }

  const { diagnostics, health, history, alerting } = given;
  const endpoints = allOf(given.endpoints);
  const collectors = without('collectors', given.collectors, COLLECTORS);
  const paths: EndpointsOptions = isObject(endpoints) ? endpoints : {};
  // A server of their own, and controllers, are asked for.
  const isServed = paths.listen !== undefined || paths.controllers === true;
  const isSampled = [
    history,
    alerting,
    alerting !== false && given.thresholds,
    paths.dashboard,
    paths.alerts,
    memberOf(given.collectors, 'api'),
    memberOf(given.dashboard, 'prometheus'),
    memberOf(health, 'alerts'),
    memberOf(memberOf(diagnostics, 'flightRecorder'), 'alert'),
  ].some(isAskedFor);
  const unserved = isSampled ? [] : SAMPLED_ENDPOINTS;
  const options: O = {
    ...given,
    endpoints: without('endpoints', given.endpoints, isServed ? unserved : ENDPOINT_NAMES),
    collectors: isObject(collectors)
      ? {
          ...collectors,
          runtime: without('collectors.runtime', collectors.runtime, RUNTIME),
          database: without('collectors.database', collectors.database, STATISTICS),
          cache: without('collectors.cache', collectors.cache, STATISTICS),
        }
      : collectors,
    requests: given.requests === undefined ? false : given.requests,
    diagnostics: without('diagnostics', diagnostics, DIAGNOSTICS),
    // Nobody routes requests by the readiness of an environment.
    ...(isObject(allOf(health)) && { health: { drainDelayMs: 0, ...(isObject(health) && health) } }),
  };
  if (given.requests === undefined) off.push('requests');
  if (isSampled) return { options, off };
  // Either of them that was given is false, or it would be sampled.
  if (history === undefined) off.push('history');
  if (alerting === undefined) off.push('alerting');
  return { options: { ...options, history: false, alerting: false }, off };
}

/** Returns a group of options as an object; anything else that is invalid as it is, for the check of the options. */
function allOf(group: unknown = {}): unknown {
  return switchedOptions(group);
}

function isAskedFor(option: unknown): boolean {
  return option !== undefined && option !== false;
}
