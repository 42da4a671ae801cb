import {
  countOf,
  expectKeys,
  expectList,
  expectOption,
  expectSwitch,
  intervalMsOf,
} from '../options/option-checks.js';
import {
  count,
  interval,
  OPTIONAL_INTERVAL,
  optionNames,
  type OptionTable,
  readValues,
} from '../options/option-table.js';
import {
  type BuiltInChecks,
  type BuiltInChecksOptions,
  resolveBuiltInChecks,
} from './checks/built-in-checks.options.js';
import type { AlertsInHealthOptions } from './checks/monitoring.checks.js';
import type { HealthCheck, HealthCheckDefaults } from './health-check.js';
import { HEALTH_STATUSES, type HealthStatus } from './health-status.js';

/** The durations of a drain. */
export interface DrainOptions {
  /** Time for which the server still accepts requests while readiness fails, in milliseconds. 0 disables the drain. */
  readonly delayMs: number;
  /** Time limit for the requests in flight after that, in milliseconds. */
  readonly timeoutMs: number;
  /** True if readiness probes from this machine do not cause a drain. */
  readonly ignoresLocalProbes: boolean;
}

/** Default settings of health checks. */
export interface HealthCheckDefaultsOptions {
  /** Time limit of one run, in milliseconds. @default 3000 */
  readonly checkTimeoutMs?: number;
  /** Time for which a result is reused, in milliseconds. @default 1000 */
  readonly cacheMs?: number;
  /** Consecutive failures after which a check is down. @default 1 */
  readonly failureThreshold?: number;
  /** Consecutive successes after which a check is up again. @default 1 */
  readonly successThreshold?: number;
  /**
   * Interval of background runs, in milliseconds. With it, probes get the last result and never reach a database.
   * @default none: a check runs when a probe needs its result
   */
  readonly refreshIntervalMs?: number | undefined;
}

/** Options of the health checks, the probes and the drain. */
export interface HealthOptions extends HealthCheckDefaultsOptions {
  /**
   * HTTP status codes of `/health` and of the probes by the worst status of their checks, such as `{ degraded: 503 }`.
   * @default 200 for healthy and degraded, 503 for unhealthy and critical
   */
  readonly httpStatus?: Readonly<Partial<Record<HealthStatus, number>>>;
  /** Names of the checks of each probe. @default every check for readiness, none for liveness and startup */
  readonly groups?: HealthGroups;
  /** Options of the built-in checks; `false` disables a check. @default all of them, where the application has the part */
  readonly builtIn?: BuiltInChecksOptions;
  /**
   * Check `alerts`: with true, the application is degraded while a critical alert is firing; options change severity and
   * status.
   * @default false
   */
  readonly alerts?: boolean | AlertsInHealthOptions;
  /** Further checks, such as `httpHealthCheck({ name: 'payments-api', url: '…' })`. @default [] */
  readonly checks?: readonly HealthCheck[];
  /**
   * Time for which the server still accepts requests while readiness fails, in milliseconds, so that load balancers
   * notice. It applies only if a readiness probe has been received. 0 disables the drain. By default, a probe from this
   * machine counts only if NODE_ENV is `production`, or in Kubernetes, so that a development server restarts at once.
   * @default 5000; 0 if NODE_ENV is `test`
   */
  readonly drainDelayMs?: number;
  /** Time limit for the requests in flight after that, in milliseconds. @default 10000 */
  readonly drainTimeoutMs?: number;
}

/** The checks of each probe, by name. An unknown name is an error at start-up. */
export interface HealthGroups {
  /** Checks of `/ready`. @default every check */
  readonly readiness?: readonly string[];
  /** Checks of `/alive`; only checks of this process are accepted. @default [] */
  readonly liveness?: readonly string[];
  /** Checks that must succeed once before `/startup` reports success. @default [] */
  readonly startup?: readonly string[];
}

/** The name of a probe with a group of checks. */
export type HealthGroup = keyof HealthGroups;
/** The probes with a group of checks. */
export const HEALTH_GROUPS: readonly HealthGroup[] = ['readiness', 'liveness', 'startup'];

/** The health options, with every default filled in. */
export interface ResolvedHealth {
  readonly defaults: HealthCheckDefaults;
  readonly httpStatus: Readonly<Record<HealthStatus, number>>;
  readonly groups: HealthGroups;
  readonly builtIn: BuiltInChecks;
  readonly alerts: AlertsInHealthOptions | false;
  readonly checks: readonly HealthCheck[];
  readonly drain: DrainOptions;
}

const ALERT_SEVERITIES = ['critical', 'warning', 'info'] as const;

const DEFAULT_HTTP_STATUS: Readonly<Record<HealthStatus, number>> = {
  healthy: 200,
  degraded: 200,
  unhealthy: 503,
  critical: 503,
};

export const CHECK_DEFAULTS: OptionTable<HealthCheckDefaultsOptions, HealthCheckDefaults> = {
  checkTimeoutMs: interval(3_000),
  cacheMs: count(1_000, 0),
  failureThreshold: count(1),
  successThreshold: count(1),
  refreshIntervalMs: OPTIONAL_INTERVAL,
};

const OTHER_KEYS = [
  'httpStatus',
  'groups',
  'builtIn',
  'alerts',
  'checks',
  'drainDelayMs',
  'drainTimeoutMs',
] as const;

/**
 * Checks the health options and resolves their defaults.
 *
 * @param environment the value of NODE_ENV; tests do not drain by default
 * @param isInKubernetes true if Kubernetes runs the process
 * @throws {MonitoringOptionsError}
 */
export function resolveHealth(
  health: HealthOptions = {},
  environment?: string,
  isInKubernetes = process.env['KUBERNETES_SERVICE_HOST'] !== undefined,
): ResolvedHealth {
  expectKeys('health', health, [...optionNames(CHECK_DEFAULTS), ...OTHER_KEYS]);
  const { checks = [] } = health;
  expectOption('health.checks', checks, 'a list of health checks', Array.isArray(checks));
  return {
    defaults: resolveCheckDefaults(health),
    httpStatus: httpStatusOf(health.httpStatus),
    groups: groupsOf(health.groups),
    builtIn: resolveBuiltInChecks(health.builtIn),
    alerts: alertsOf(health.alerts),
    checks,
    drain: {
      delayMs: countOf('health.drainDelayMs', health.drainDelayMs, environment === 'test' ? 0 : 5_000, 0),
      timeoutMs: intervalMsOf('health.drainTimeoutMs', health.drainTimeoutMs, 10_000),
      ignoresLocalProbes:
        health.drainDelayMs === undefined && environment !== 'production' && !isInKubernetes,
    },
  };
}

/**
 * Checks the default settings of health checks and resolves their own defaults.
 *
 * @throws {MonitoringOptionsError}
 */
export function resolveCheckDefaults(options: HealthCheckDefaultsOptions): HealthCheckDefaults {
  return readValues('health', options, CHECK_DEFAULTS);
}

function httpStatusOf(given: HealthOptions['httpStatus'] = {}): Record<HealthStatus, number> {
  expectKeys('health.httpStatus', given, HEALTH_STATUSES);
  for (const [status, code] of Object.entries(given)) {
    const valid = Number.isInteger(code) && code >= 200 && code <= 599;
    expectOption(`health.httpStatus.${status}`, code, 'an HTTP status from 200 to 599', valid);
  }
  return { ...DEFAULT_HTTP_STATUS, ...given };
}

function isString(value: unknown): boolean {
  return typeof value === 'string';
}

function groupsOf(given: HealthGroups = {}): HealthGroups {
  expectKeys('health.groups', given, HEALTH_GROUPS);
  for (const [group, names] of Object.entries(given)) {
    expectList(`health.groups.${group}`, names, 'a list of names of health checks', isString);
  }
  return given;
}

function alertsOf(given: HealthOptions['alerts'] = false): AlertsInHealthOptions | false {
  expectSwitch('health.alerts', given);
  if (typeof given === 'boolean') return given && {};
  expectKeys('health.alerts', given, ['severities', 'status']);
  const { severities, status } = given;
  if (severities !== undefined) {
    const expected = `a list of at least one of ${ALERT_SEVERITIES.join(', ')}`;
    const isSeverity = (severity: unknown) => ALERT_SEVERITIES.some((known) => known === severity);
    expectList('health.alerts.severities', severities, expected, isSeverity);
    expectOption('health.alerts.severities', severities, expected, severities.length > 0);
  }
  const isStatus = status === undefined || HEALTH_STATUSES.includes(status);
  expectOption('health.alerts.status', status, `one of ${HEALTH_STATUSES.join(', ')}`, isStatus);
  return given;
}
