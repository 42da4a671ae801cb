import type { ResolvedAlerting } from '../alerting/alerting.options.js';
import type { ResolvedCollectors } from '../collectors/collectors.options.js';
import type { ResolvedDiagnostics } from '../diagnostics/diagnostics.options.js';
import type { ResolvedHealth } from '../health/health.options.js';
import type { EndpointName, ResolvedEndpoints } from '../http/endpoints.options.js';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { describeValue } from '../options/option-descriptions.js';
import { memberOf } from '../primitives/is-object.js';

/** The options that turn off parts, as they were given. */
interface GivenParts {
  readonly dashboard?: unknown;
  readonly collectors?: unknown;
  readonly health?: unknown;
  readonly history?: unknown;
  readonly alerting?: unknown;
}

/** The parts that need each other, with every default filled in; false for one that is off. */
interface ResolvedParts {
  readonly endpoints: ResolvedEndpoints;
  readonly collectors: ResolvedCollectors;
  readonly diagnostics: ResolvedDiagnostics;
  readonly health: ResolvedHealth | false;
  readonly history: object | false;
  readonly alerting: ResolvedAlerting | false;
}

/** The endpoints of the health checks. */
export const HEALTH_ENDPOINTS = [
  'health',
  'readiness',
  'liveness',
  'startup',
] as const satisfies EndpointName[];

/**
 * Returns the parts without those that need one that is off: the dashboard, the alerts and the statistics by endpoint
 * read the history, and the probes run the health checks.
 *
 * @param given options of the application; what is off for another reason contradicts nothing
 * @throws {MonitoringOptionsError} if the options turn a part off and ask for one that needs it
 */
export function withoutDependents<P extends ResolvedParts>(given: GivenParts, parts: P): P {
  const { health, history } = parts;
  let { endpoints, collectors, alerting } = parts;
  if (given.dashboard === false) endpoints = withoutPaths(endpoints, ['dashboard'], 'dashboard');
  if (history === false) {
    if (given.history === false) {
      expectUnasked('alerting', given.alerting, 'history');
      expectUnasked('collectors.api', memberOf(given.collectors, 'api'), 'history');
      expectUnasked('dashboard.prometheus', memberOf(given.dashboard, 'prometheus'), 'history');
    }
    alerting = false;
    collectors = { ...collectors, api: false };
    endpoints = withoutPaths(endpoints, ['dashboard'], 'history');
  }
  if (alerting === false) {
    if (given.alerting === false || given.history === false) {
      const name = given.alerting === false ? 'alerting' : 'history';
      expectUnasked('health.alerts', memberOf(given.health, 'alerts'), name);
      const { flightRecorder } = parts.diagnostics;
      expectUnasked('diagnostics.flightRecorder.alert', flightRecorder && flightRecorder.alert, name);
    }
    endpoints = withoutPaths(endpoints, ['alerts'], given.history === false ? 'history' : 'alerting');
  }
  if (health === false) endpoints = withoutPaths(endpoints, HEALTH_ENDPOINTS, 'health');
  return { ...parts, endpoints, collectors, alerting };
}

function withoutPaths(
  endpoints: ResolvedEndpoints,
  names: readonly EndpointName[],
  needed: keyof GivenParts,
): ResolvedEndpoints {
  for (const name of names) {
    const path = endpoints.paths[name];
    expectUnasked(`endpoints.${name}`, path && path.given ? path.path : undefined, needed);
  }
  return {
    ...endpoints,
    isDashboardWithheld: endpoints.isDashboardWithheld && !names.includes('dashboard'),
    paths: { ...endpoints.paths, ...Object.fromEntries(names.map((name) => [name, false])) },
  };
}

/** Checks that nothing asks for a part that needs one that is off. */
function expectUnasked(option: string, value: unknown, needed: keyof GivenParts): void {
  if (value === undefined || value === false) return;
  throw new MonitoringOptionsError(
    `\`${option}\` needs \`${needed}\`, which is false; got ${describeValue(value)}. Remove one of the two options.`,
  );
}
