import type { CollectorsOptions } from '../collectors/collectors.options.js';
import type { DiagnosticsOptions } from '../diagnostics/diagnostics.options.js';
import type { HealthOptions } from '../health/health.options.js';
import { ENDPOINT_NAMES, type EndpointsOptions } from '../http/endpoints.options.js';
import type { RequestsOptions } from '../instrumentation/requests/requests.options.js';
import { isObject } from '../primitives/is-object.js';

/** The options whose defaults are others on AWS Lambda. */
interface SuspendedOptions {
  readonly endpoints?: EndpointsOptions;
  readonly collectors?: CollectorsOptions;
  readonly diagnostics?: DiagnosticsOptions | false;
  readonly requests?: RequestsOptions | false;
  readonly health?: HealthOptions;
  readonly history?: object;
  readonly alerting?: object;
}

/** The options of an application on AWS Lambda, and what is off because of that. */
export interface LambdaDefaults<O> {
  readonly options: O;
  /** True if neither the history nor alert rules are evaluated. */
  readonly isUnsampled: boolean;
  /** Paths of the options that are off, such as `collectors.system`. */
  readonly off: readonly string[];
}

/** Parts of the diagnostics that watch a process over time, or that a signal starts. */
const DIAGNOSTICS = ['blockedLoop', 'memory', 'profiles'] as const;
/** Collectors of a machine that is not the application's, or that measure with a timer. */
const COLLECTORS = ['system', 'api'] as const;
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
    // The check of the options refuses anything else.
    if (group !== undefined && !isObject(group)) return group;
    const missing = names.filter((name) => group?.[name as keyof G] === undefined);
    off.push(...missing.map((name) => `${path}.${name}`));
    return { ...group, ...Object.fromEntries(missing.map((name) => [name, false])) };
  }

  const { endpoints, collectors, diagnostics, health } = given;
  // A server of their own, and controllers, are asked for.
  const isServed = endpoints?.listen !== undefined || endpoints?.controllers === true;
  const isUnsampled = given.alerting === undefined && given.history === undefined;
  const fewer = without('collectors', collectors, COLLECTORS);
  const options: O = {
    ...given,
    ...(!isServed && { endpoints: without('endpoints', endpoints, ENDPOINT_NAMES) ?? {} }),
    collectors: isObject(fewer)
      ? {
          ...fewer,
          runtime: without('collectors.runtime', collectors?.runtime, RUNTIME) ?? {},
          database: without('collectors.database', collectors?.database, STATISTICS) ?? {},
          cache: without('collectors.cache', collectors?.cache, STATISTICS) ?? {},
        }
      : (fewer ?? {}),
    requests: given.requests ?? false,
    diagnostics: without('diagnostics', diagnostics, DIAGNOSTICS) ?? {},
    // Nobody routes requests by the readiness of an environment.
    ...((health === undefined || isObject(health)) && { health: { drainDelayMs: 0, ...health } }),
  };
  if (given.requests === undefined) off.push('requests');
  if (isUnsampled) off.push('history', 'alerting');
  return { options, isUnsampled, off };
}
