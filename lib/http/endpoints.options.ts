import {
  booleanOf,
  countOf,
  durationMsOf,
  expectKeys,
  expectOption,
  expectSecret,
  expectSecretKeys,
  MonitoringOptionsError,
} from '../options/option-checks.js';
import type { AuthFailureLimit } from './auth-failures.js';
import type { EndpointAuth } from './endpoint.authorizer.js';
import type { ListenOptions } from './monitoring.server.js';

/** Where the endpoints are and who may see them. A path is without origin, such as `ops/metrics`. */
export interface EndpointsOptions {
  /** Metrics for Prometheus, or false. @default 'metrics' */
  readonly metrics?: string | false;
  /** What all health checks say, or false. @default 'health' */
  readonly health?: string | false;
  /** The readiness probe of Kubernetes, or false. @default 'ready' */
  readonly readiness?: string | false;
  /** The liveness probe of Kubernetes, or false. @default 'alive' */
  readonly liveness?: string | false;
  /** The startup probe of Kubernetes, or false. @default 'startup' */
  readonly startup?: string | false;
  /**
   * The live dashboard, or false.
   * @default 'metrics-dashboard'; false if NODE_ENV is `production` and there is no `auth`
   */
  readonly dashboard?: string | false;
  /**
   * Rules and alerts in the shapes of Prometheus, at `api/v1/rules` and `api/v1/alerts` below this path, or false.
   * @default 'monitoring'
   */
  readonly alerts?: string | false;
  /** Whether the paths are below the global prefix of the application. @default false */
  readonly useGlobalPrefix?: boolean;
  /** Who may see the metrics, the dashboard, the alerts and the details of health. @default everybody */
  readonly auth?: EndpointAuth;
  /**
   * How many wrong credentials an address may show before it is answered 429 and told to wait, or false. The right
   * ones always pass.
   * @default { maxFailures: 10, windowMs: 60000 }
   */
  readonly failedAuth?: Partial<AuthFailureLimit> | false;
  /**
   * A server of their own for all of them, which starts before the application does anything else and stops after
   * everything else. @default on the server of the application
   */
  readonly listen?: ListenOptions;
}

/** Where an endpoint is, and whether the user put it there. */
export interface EndpointPath {
  readonly path: string;
  readonly given: boolean;
}

export const ENDPOINT_NAMES = [
  'metrics',
  'health',
  'readiness',
  'liveness',
  'startup',
  'dashboard',
  'alerts',
] as const;
export type EndpointName = (typeof ENDPOINT_NAMES)[number];

/** Where the endpoints are and who may see them, with every default filled in. */
export interface ResolvedEndpoints {
  readonly paths: Readonly<Record<EndpointName, EndpointPath | false>>;
  readonly useGlobalPrefix: boolean;
  readonly auth: EndpointAuth | undefined;
  readonly failedAuth: AuthFailureLimit | false;
  readonly listen: ListenOptions | undefined;
}

const DEFAULT_PATHS: Readonly<Record<EndpointName, string>> = {
  metrics: 'metrics',
  health: 'health',
  readiness: 'ready',
  liveness: 'alive',
  startup: 'startup',
  dashboard: 'metrics-dashboard',
  alerts: 'monitoring',
};

/**
 * @param environment what NODE_ENV says, which decides whether the dashboard is on by default
 * @throws {MonitoringOptionsError}
 */
export function resolveEndpoints(endpoints: EndpointsOptions = {}, environment?: string): ResolvedEndpoints {
  expectKeys('endpoints', endpoints, [...ENDPOINT_NAMES, 'useGlobalPrefix', 'auth', 'failedAuth', 'listen']);
  return {
    paths: pathsOf(endpoints, environment),
    useGlobalPrefix: booleanOf('endpoints.useGlobalPrefix', endpoints.useGlobalPrefix, false),
    auth: checkedAuth(endpoints.auth),
    failedAuth: failureLimitOf(endpoints.failedAuth),
    listen: checkedListen(endpoints.listen),
  };
}

function failureLimitOf(failedAuth: EndpointsOptions['failedAuth'] = {}): AuthFailureLimit | false {
  if (failedAuth === false) return false;
  expectKeys('endpoints.failedAuth', failedAuth, ['maxFailures', 'windowMs']);
  return {
    maxFailures: countOf('endpoints.failedAuth.maxFailures', failedAuth.maxFailures, 10),
    windowMs: durationMsOf('endpoints.failedAuth.windowMs', failedAuth.windowMs, 60_000),
  };
}

function checkedListen(listen: ListenOptions | undefined): ListenOptions | undefined {
  if (listen === undefined) return undefined;
  expectKeys('endpoints.listen', listen, ['port', 'host']);
  const { port, host } = listen;
  const isPort = Number.isInteger(port) && port >= 0 && port <= 65_535;
  expectOption('endpoints.listen.port', port, 'a port from 0 to 65535', isPort);
  const isHost = host === undefined || (typeof host === 'string' && host !== '');
  expectOption('endpoints.listen.host', host, 'an address or a name of this machine', isHost);
  return listen;
}

function pathsOf(
  endpoints: EndpointsOptions,
  environment: string | undefined,
): Record<EndpointName, EndpointPath | false> {
  const dashboardIsOpen = environment === 'production' && endpoints.auth === undefined;
  const taken = new Map<string, string>();
  const entries = ENDPOINT_NAMES.map((name): [EndpointName, EndpointPath | false] => {
    const given = endpoints[name];
    const path = given ?? (name === 'dashboard' && dashboardIsOpen ? false : DEFAULT_PATHS[name]);
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
        `${option} and ${other} are both "${normalized}". Give each a path of its own.`,
      );
    }
    taken.set(normalized, option);
    return [name, { path: normalized, given: given !== undefined }];
  });
  return Object.fromEntries(entries) as Record<EndpointName, EndpointPath | false>;
}

function checkedAuth(auth: EndpointAuth | undefined): EndpointAuth | undefined {
  if (auth === undefined) return undefined;
  expectSecretKeys('endpoints.auth', auth, ['bearerToken', 'basic', 'guard']);
  if (Object.values(auth).filter((way) => way !== undefined).length !== 1) {
    throw new MonitoringOptionsError(
      'Expected endpoints.auth to have exactly one of bearerToken, basic and guard. Leave endpoints.auth out if everybody may see the endpoints.',
    );
  }
  if (auth.bearerToken !== undefined) expectSecret('endpoints.auth.bearerToken', auth.bearerToken);
  if (auth.basic !== undefined) {
    expectSecretKeys('endpoints.auth.basic', auth.basic, ['username', 'password']);
    expectSecret('endpoints.auth.basic.username', auth.basic.username);
    expectSecret('endpoints.auth.basic.password', auth.basic.password);
  }
  if (auth.guard !== undefined) {
    const valid = typeof auth.guard === 'function' || typeof auth.guard.canActivate === 'function';
    expectOption('endpoints.auth.guard', typeof auth.guard, 'a guard, as a class or an instance', valid);
  }
  return auth;
}
