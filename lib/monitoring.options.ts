import type { EndpointAuth } from './endpoints/endpoint.authorizer.js';
import type { HttpMetricsOptions } from './instrumentation/http/request-recorder.js';
import { DEFAULT_BUCKETS } from './metrics/buckets.js';
import { type Clock, systemClock } from './metrics/clock.js';

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
  /**
   * The live dashboard, or false.
   * @default 'metrics-dashboard'; false if NODE_ENV is `production` and there is no `auth`
   */
  readonly dashboard?: string | false;
  /** Whether the paths are below the global prefix of the application. @default false */
  readonly useGlobalPrefix?: boolean;
  /** Who may see the metrics, the dashboard and the details of health. @default everybody */
  readonly auth?: EndpointAuth;
}

/** Options of the Prometheus endpoint and exporter. */
export interface ExportersOptions {
  readonly prometheus?: {
    /** Adds `_created` samples to OpenMetrics: when each counter and histogram series began. @default false */
    readonly created?: boolean;
  };
}

/** What is measured of the process itself. */
export interface CollectorsOptions {
  /** The `process_*` and `nodejs_*` metrics; false leaves them out. @default {} */
  readonly runtime?: Readonly<Record<string, never>> | false;
}

/** Options of `MonitoringModule.forRoot()`; each has a default. */
export interface MonitoringOptions {
  /** When false, every instrument does nothing, and there is no route and no timer. @default true */
  readonly enabled?: boolean;
  /** Labels that every series has beside its own, which win where the names are equal. @default {} */
  readonly defaultLabels?: Readonly<Record<string, string | number | boolean>>;
  /**
   * How many series a metric may have; samples of further label sets go to one overflow series, so that totals
   * stay exact. @default 1000
   */
  readonly seriesLimit?: number;
  readonly endpoints?: EndpointsOptions;
  /** Request metrics, or false. @default on */
  readonly http?: HttpMetricsOptions | false;
  readonly collectors?: CollectorsOptions;
  readonly exporters?: ExportersOptions;
  /** Where the time comes from. @default the clock of the machine */
  readonly clock?: Clock;
}

/** Where an endpoint is, and whether the user put it there. */
export interface EndpointPath {
  readonly path: string;
  readonly given: boolean;
}

export const ENDPOINT_NAMES = ['metrics', 'health', 'readiness', 'liveness', 'dashboard'] as const;
export type EndpointName = (typeof ENDPOINT_NAMES)[number];

/** The options with every default filled in. */
export interface ResolvedOptions {
  readonly enabled: boolean;
  readonly defaultLabels: Readonly<Record<string, string | number | boolean>>;
  readonly seriesLimit: number;
  readonly endpoints: {
    readonly paths: Readonly<Record<EndpointName, EndpointPath | false>>;
    readonly useGlobalPrefix: boolean;
    readonly auth: EndpointAuth | undefined;
  };
  readonly http: Required<HttpMetricsOptions> | false;
  readonly collectors: { readonly runtime: boolean };
  readonly exporters: { readonly prometheus: { readonly created: boolean } };
  readonly clock: Clock;
}

const DEFAULT_PATHS: Readonly<Record<EndpointName, string>> = {
  metrics: 'metrics',
  health: 'health',
  readiness: 'ready',
  liveness: 'alive',
  dashboard: 'metrics-dashboard',
};

const DEFAULT_HTTP: Required<HttpMetricsOptions> = {
  slowRequestThresholdMs: 1_000,
  buckets: DEFAULT_BUCKETS,
  ignoreRoutes: [],
};

/** Thrown at start-up for options that cannot work: what was expected, what was got, what to do. */
export class MonitoringOptionsError extends Error {
  override readonly name = 'MonitoringOptionsError';
}

/**
 * Checks the options and fills in the defaults.
 *
 * @param environment what NODE_ENV says, which decides whether the dashboard is on by default
 * @throws {MonitoringOptionsError}
 */
export function resolveOptions(options: MonitoringOptions, environment?: string): ResolvedOptions {
  expectKeys('the options of MonitoringModule', options, [
    'enabled',
    'defaultLabels',
    'seriesLimit',
    'endpoints',
    'http',
    'collectors',
    'exporters',
    'clock',
  ]);
  const { endpoints = {}, http = {}, collectors = {}, exporters = {}, clock = systemClock } = options;
  expectKeys('endpoints', endpoints, [...ENDPOINT_NAMES, 'useGlobalPrefix', 'auth']);
  expectKeys('collectors', collectors, ['runtime']);
  expectKeys('exporters', exporters, ['prometheus']);
  const { prometheus = {} } = exporters;
  expectKeys('exporters.prometheus', prometheus, ['created']);
  if (collectors.runtime !== false) expectKeys('collectors.runtime', collectors.runtime ?? {}, []);
  expectClock(clock);
  const seriesLimit = options.seriesLimit ?? 1_000;
  expect(
    'seriesLimit',
    seriesLimit,
    'a whole number from 1 up',
    Number.isInteger(seriesLimit) && seriesLimit >= 1,
  );
  return {
    enabled: booleanOf('enabled', options.enabled, true),
    defaultLabels: options.defaultLabels ?? {},
    seriesLimit,
    endpoints: {
      paths: pathsOf(endpoints, environment),
      useGlobalPrefix: booleanOf('endpoints.useGlobalPrefix', endpoints.useGlobalPrefix, false),
      auth: checkedAuth(endpoints.auth),
    },
    http: http === false ? false : httpOptionsOf(http),
    collectors: { runtime: collectors.runtime !== false },
    exporters: {
      prometheus: { created: booleanOf('exporters.prometheus.created', prometheus.created, false) },
    },
    clock,
  };
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
    expect(option, path, 'a path such as "ops/metrics", or false', valid);
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

function httpOptionsOf(http: HttpMetricsOptions): Required<HttpMetricsOptions> {
  expectKeys('http', http, ['slowRequestThresholdMs', 'buckets', 'ignoreRoutes']);
  const { slowRequestThresholdMs, buckets, ignoreRoutes } = { ...DEFAULT_HTTP, ...http };
  expect(
    'http.slowRequestThresholdMs',
    slowRequestThresholdMs,
    'a number of milliseconds above 0',
    typeof slowRequestThresholdMs === 'number' && slowRequestThresholdMs > 0,
  );
  expect('http.buckets', buckets, 'a list of upper bounds in seconds', Array.isArray(buckets));
  expect(
    'http.ignoreRoutes',
    ignoreRoutes,
    'a list of route templates or regular expressions',
    Array.isArray(ignoreRoutes) &&
      ignoreRoutes.every((route) => typeof route === 'string' || route instanceof RegExp),
  );
  return { slowRequestThresholdMs, buckets, ignoreRoutes };
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
    expect('endpoints.auth.guard', typeof auth.guard, 'a guard, as a class or an instance', valid);
  }
  return auth;
}

/** As {@link expectKeys}, for what may be a secret in the wrong place and must not be shown. */
function expectSecretKeys(option: string, value: unknown, keys: readonly string[]): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) expectKeys(option, value, keys);
  else throw new MonitoringOptionsError(`Expected ${option} to be an object, got ${kindOf(value)}.`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value;
}

function expectClock(clock: Clock): void {
  const valid = typeof clock?.now === 'function' && typeof clock.monotonic === 'function';
  expect('clock', clock, 'an object with now() and monotonic()', valid);
}

/** An empty credential would let everybody in, usually because a variable of the environment is not set. */
function expectSecret(option: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return;
  throw new MonitoringOptionsError(
    `Expected ${option} to be a text that is not empty, got ${value === '' ? 'an empty one' : typeof value}. Is the environment variable set that it comes from?`,
  );
}

function booleanOf(option: string, value: boolean | undefined, byDefault: boolean): boolean {
  expect(option, value, 'true or false', value === undefined || typeof value === 'boolean');
  return value ?? byDefault;
}

function expectKeys(option: string, value: unknown, keys: readonly string[]): void {
  expect(option, value, 'an object', typeof value === 'object' && value !== null && !Array.isArray(value));
  const unknown = Object.keys(value as object).filter((key) => !keys.includes(key));
  if (unknown.length === 0) return;
  const known = keys.length > 0 ? `only the keys ${keys.join(', ')}` : 'no keys yet';
  throw new MonitoringOptionsError(`Expected ${option} to have ${known}, got ${unknown.join(', ')}.`);
}

function expect(option: string, value: unknown, expected: string, valid: boolean): void {
  if (valid) return;
  throw new MonitoringOptionsError(
    `Expected ${option} to be ${expected}, got ${typeof value === 'string' ? `"${value}"` : String(value)} (${typeof value}).`,
  );
}
