import {
  booleanOf,
  expectKeys,
  expectOption,
  expectSecret,
  expectSwitch,
  switchedOptions,
  MonitoringOptionsError,
} from '../options/option-checks.js';
import { escapeControls } from '../primitives/escape-controls.js';
import { count, duration, type OptionTable, readOptions } from '../options/option-table.js';
import type { AuthFailureLimit } from './auth-failures.js';
import type { EndpointAuth } from './endpoint.authorizer.js';
import type { EndpointsListenOptions } from './monitoring.server.js';

/** Options of the HTTP endpoints. A path has no origin, such as `ops/metrics`; false turns an endpoint off. */
export interface EndpointsOptions {
  /** Path of the metrics for Prometheus. @default 'metrics' */
  readonly metrics?: string | false;
  /** Path of the results of all health checks. @default 'health' */
  readonly health?: string | false;
  /** Path of the readiness probe of Kubernetes. @default 'ready' */
  readonly readiness?: string | false;
  /** Path of the liveness probe of Kubernetes. @default 'alive' */
  readonly liveness?: string | false;
  /** Path of the startup probe of Kubernetes. @default 'startup' */
  readonly startup?: string | false;
  /**
   * Path of the live dashboard.
   * @default 'metrics-dashboard'; false if NODE_ENV is `production` and there is no `auth`
   */
  readonly dashboard?: string | false;
  /**
   * Path of the rules and alerts in the format of Prometheus, at `api/v1/rules` and `api/v1/alerts` below it.
   * @default 'monitoring'
   */
  readonly alerts?: string | false;
  /**
   * True to serve the metrics, the health report and the probes by controllers on the router of Nest. Its global prefix,
   * versions, guards, interceptors and filters apply to them, also without `useGlobalPrefix`. The dashboard and the alerts
   * stay outside. `forRootAsync()` takes the option beside its factory.
   * @default false
   */
  readonly controllers?: boolean;
  /** True to put the paths below the global prefix of the application. @default false */
  readonly useGlobalPrefix?: boolean;
  /**
   * Authentication for the metrics, the dashboard, the alerts and the health details: `{ bearerToken }`,
   * `{ basic: { username, password } }`, or `{ guard }` for a guard of the application.
   * @default none
   */
  readonly auth?: EndpointAuth;
  /**
   * Limit of failed authentications per address, beyond which the reply is 429 with `Retry-After`; false for no limit.
   * Valid credentials are always accepted.
   * @default { maxFailures: 10, windowMs: 60000 }
   */
  readonly failedAuth?: Partial<AuthFailureLimit> | boolean;
  /**
   * Address of a separate server for all endpoints, which starts before everything else in the application and stops
   * after it.
   * @default the server of the application
   */
  readonly listen?: EndpointsListenOptions;
}

/** The path of an endpoint, without slashes at its ends. */
export interface EndpointPath {
  readonly path: string;
  /** True if an option sets the path, so that it is not a default. */
  readonly given: boolean;
}

/** The endpoints that have a controller. */
export const CONTROLLER_NAMES = ['metrics', 'health', 'readiness', 'liveness', 'startup'] as const;
export type ControllerName = (typeof CONTROLLER_NAMES)[number];

export const ENDPOINT_NAMES = [...CONTROLLER_NAMES, 'dashboard', 'alerts'] as const;
export type EndpointName = (typeof ENDPOINT_NAMES)[number];

/** The options of the endpoints, with every default filled in. */
export interface ResolvedEndpoints {
  readonly paths: Readonly<Record<EndpointName, EndpointPath | false>>;
  readonly controllers: boolean;
  readonly useGlobalPrefix: boolean;
  readonly auth: EndpointAuth | undefined;
  readonly failedAuth: AuthFailureLimit | false;
  readonly listen: EndpointsListenOptions | undefined;
  /** True if the dashboard is off only because it would be open to everybody in production. */
  readonly isDashboardWithheld: boolean;
}

export const DEFAULT_PATHS = {
  metrics: 'metrics',
  health: 'health',
  readiness: 'ready',
  liveness: 'alive',
  startup: 'startup',
  dashboard: 'metrics-dashboard',
  alerts: 'monitoring',
} as const satisfies Record<EndpointName, string>;

export const ENDPOINTS_KEYS: readonly (keyof EndpointsOptions)[] = [
  ...ENDPOINT_NAMES,
  'controllers',
  'useGlobalPrefix',
  'auth',
  'failedAuth',
  'listen',
];

/**
 * Checks the options of the endpoints and resolves their defaults.
 *
 * @param environment value of NODE_ENV; in `production` the dashboard is off by default without `auth`
 * @throws {MonitoringOptionsError}
 */
export function resolveEndpoints(
  given: EndpointsOptions | false = {},
  environment?: string,
): ResolvedEndpoints {
  const endpoints: EndpointsOptions = given === false ? NO_ENDPOINTS : given;
  expectKeys('endpoints', endpoints, ENDPOINTS_KEYS);
  const controllers = booleanOf('endpoints.controllers', endpoints.controllers, false);
  if (controllers && endpoints.listen !== undefined) {
    throw new MonitoringOptionsError(
      '`endpoints.controllers` must be false with `endpoints.listen`: controllers are on the server of the application. Remove one of them.',
    );
  }
  const isDashboardWithheld =
    endpoints.dashboard === undefined && environment === 'production' && endpoints.auth === undefined;
  return {
    paths: pathsOf(endpoints, isDashboardWithheld),
    isDashboardWithheld,
    controllers,
    useGlobalPrefix: booleanOf('endpoints.useGlobalPrefix', endpoints.useGlobalPrefix, false),
    auth: checkedAuth(endpoints.auth),
    failedAuth: failureLimitOf(endpoints.failedAuth),
    listen: checkedListen(endpoints.listen),
  };
}

const NO_ENDPOINTS = Object.fromEntries(ENDPOINT_NAMES.map((name) => [name, false]));

const FAILED_AUTH: OptionTable<Partial<AuthFailureLimit>, AuthFailureLimit> = {
  maxFailures: count(10),
  windowMs: duration(60_000),
};

function failureLimitOf(failedAuth: EndpointsOptions['failedAuth']): AuthFailureLimit | false {
  expectSwitch('endpoints.failedAuth', failedAuth);
  if (failedAuth === false) return false;
  return readOptions(
    'endpoints.failedAuth',
    switchedOptions<Partial<AuthFailureLimit>>(failedAuth ?? {}),
    FAILED_AUTH,
  );
}

function checkedListen(listen: EndpointsListenOptions | undefined): EndpointsListenOptions | undefined {
  if (listen === undefined) return undefined;
  expectKeys('endpoints.listen', listen, ['port', 'host']);
  const { port, host } = listen;
  const isPort = Number.isInteger(port) && port >= 0 && port <= 65_535;
  expectOption('endpoints.listen.port', port, 'a port from 0 to 65535', isPort);
  const isHost = host === undefined || (typeof host === 'string' && host !== '');
  expectOption('endpoints.listen.host', host, 'an address or a host name of this machine', isHost);
  return listen;
}

function pathsOf(
  endpoints: EndpointsOptions,
  isDashboardWithheld: boolean,
): Record<EndpointName, EndpointPath | false> {
  const taken = new Map<string, string>();
  const entries = ENDPOINT_NAMES.map((name): [EndpointName, EndpointPath | false] => {
    const given = endpoints[name];
    const path = given ?? (name === 'dashboard' && isDashboardWithheld ? false : DEFAULT_PATHS[name]);
    if (path === false) return [name, false];
    const option = `endpoints.${name}`;
    const valid =
      typeof path === 'string' &&
      /^\/?[\w.~-]+(\/[\w.~-]+)*\/?$/.test(path) &&
      !/(^|\/)\.\.?(\/|$)/.test(path);
    expectOption(option, path, 'a path such as "ops/metrics", or false', valid);
    const normalized = path.replace(/^\/|\/$/g, '');
    const other = taken.get(normalized);
    if (other !== undefined) {
      throw new MonitoringOptionsError(
        `\`${option}\` and \`${other}\` must be different paths; both are "${normalized}".`,
      );
    }
    taken.set(normalized, option);
    return [name, { path: normalized, given: given !== undefined }];
  });
  return Object.fromEntries(entries) as Record<EndpointName, EndpointPath | false>;
}

const AUTH_KINDS = ['bearerToken', 'basic', 'guard'] as const satisfies (keyof EndpointAuth)[];

function authProblem(auth: EndpointAuth, given: readonly string[]): string {
  const rule = '`endpoints.auth` must have exactly one of bearerToken, basic and guard';
  const unset = Object.keys(auth)[0];
  if (given.length > 0 || unset === undefined) {
    return `${rule}; got ${given.join(' and ') || 'none'}. Omit \`endpoints.auth\` for endpoints without authentication.`;
  }
  return `${rule}; ${unset} is undefined. Check that the environment variable it is read from is set.`;
}

function checkedAuth(auth: EndpointAuth | undefined): EndpointAuth | undefined {
  if (auth === undefined) return undefined;
  expectKeys('endpoints.auth', auth, AUTH_KINDS);
  const given = AUTH_KINDS.filter((kind) => auth[kind] !== undefined);
  if (given.length !== 1) throw new MonitoringOptionsError(authProblem(auth, given));
  if (auth.bearerToken !== undefined) {
    expectSecret('endpoints.auth.bearerToken', auth.bearerToken);
    // No client can send such a header, so that nobody would have access.
    if (escapeControls(auth.bearerToken.trim()) !== auth.bearerToken) {
      throw new MonitoringOptionsError(
        '`endpoints.auth.bearerToken` must have no space at its ends and no line break; its value is not shown. Trim it.',
      );
    }
  }
  if (auth.basic !== undefined) {
    expectKeys('endpoints.auth.basic', auth.basic, ['username', 'password']);
    expectSecret('endpoints.auth.basic.username', auth.basic.username);
    expectSecret('endpoints.auth.basic.password', auth.basic.password);
  }
  if (auth.guard !== undefined) {
    const valid = typeof auth.guard === 'function' || typeof auth.guard.canActivate === 'function';
    expectOption('endpoints.auth.guard', auth.guard, 'a guard class or instance', valid);
  }
  return auth;
}
