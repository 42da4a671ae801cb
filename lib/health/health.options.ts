import { booleanOf, countOf, expectKeys, expectOption, intervalMsOf } from '../options/option-checks.js';
import {
  type BuiltInChecks,
  type BuiltInChecksOptions,
  resolveBuiltInChecks,
} from './checks/built-in-checks.options.js';
import type { AlertsHealthCheckOptions } from './checks/dependency.checks.js';
import type { HealthCheck, HealthCheckDefaults } from './health-check.js';
import { HEALTH_STATUSES, type HealthStatus } from './health-status.js';

/** How a drain goes. */
export interface DrainOptions {
  /** For how long the server still takes requests after readiness has turned. 0 switches the drain off. */
  readonly delayMs: number;
  /** How long requests may take to end after that. */
  readonly timeoutMs: number;
}

/** What holds for health checks that do not say otherwise. */
export interface HealthCheckDefaultsOptions {
  /** How long a check may take, in milliseconds. @default 3000 */
  readonly checkTimeoutMs?: number;
  /** For how long what a check found is good for everybody who asks, in milliseconds. @default 1000 */
  readonly cacheMs?: number;
  /** After how many failures in a row a check is down. @default 1 */
  readonly failureThreshold?: number;
  /** After how many successes in a row a check is up again. @default 1 */
  readonly successThreshold?: number;
  /**
   * Runs the checks every so many milliseconds, so that probes get what was found last and never reach a database.
   * @default none: a check runs when somebody asks
   */
  readonly refreshIntervalMs?: number | undefined;
}

/** Health checks and what the probes make of them. */
export interface HealthOptions extends HealthCheckDefaultsOptions {
  /**
   * With which HTTP status `/health`, `/ready` and `/startup` answer.
   * @default 200 for healthy and degraded, 503 for unhealthy and critical
   */
  readonly httpStatus?: Readonly<Partial<Record<HealthStatus, number>>>;
  /** Which checks belong to which probe, by their names. */
  readonly groups?: HealthGroups;
  /** The checks that are there by themselves; each may be tuned, or be false. */
  readonly builtIn?: BuiltInChecksOptions;
  /**
   * Whether alerts that fire count: if true, critical ones make the application degraded. Which ones count, and as
   * what, may be said, too.
   * @default false
   */
  readonly alerts?: boolean | AlertsInHealthOptions;
  /** More checks, such as `httpHealthCheck({ name: 'payments-api', url: '…' })`. @default [] */
  readonly checks?: readonly HealthCheck[];
  /**
   * For how long the server still takes requests after readiness has turned, in milliseconds, so that whoever sends
   * them has time to notice. It applies if somebody has asked for readiness; 0 switches the drain off.
   * @default 5000; 0 if NODE_ENV is `test`
   */
  readonly drainDelayMs?: number;
  /** How long requests that are under way may take to end after that, in milliseconds. @default 10000 */
  readonly drainTimeoutMs?: number;
}

/** Which alerts count for health, and as what. */
export type AlertsInHealthOptions = Pick<AlertsHealthCheckOptions, 'severities' | 'status'>;

/** Which checks belong to which probe, by their names. A name that no check has is an error at start-up. */
export interface HealthGroups {
  /** What `/ready` asks. @default every check */
  readonly readiness?: readonly string[];
  /** What `/alive` asks: only checks that look at this process. @default [] */
  readonly liveness?: readonly string[];
  /** What must have been well once before `/startup` says so. @default [] */
  readonly startup?: readonly string[];
}

export type HealthGroup = keyof HealthGroups;
export const HEALTH_GROUPS: readonly HealthGroup[] = ['readiness', 'liveness', 'startup'];

/** The options of health with every default filled in. */
export interface ResolvedHealth {
  readonly defaults: HealthCheckDefaults;
  readonly httpStatus: Readonly<Record<HealthStatus, number>>;
  readonly groups: HealthGroups;
  readonly builtIn: BuiltInChecks;
  readonly alerts: AlertsInHealthOptions | false;
  readonly checks: readonly HealthCheck[];
  readonly drain: DrainOptions;
}

const DEFAULT_HTTP_STATUS: Readonly<Record<HealthStatus, number>> = {
  healthy: 200,
  degraded: 200,
  unhealthy: 503,
  critical: 503,
};

const DEFAULTS_OPTIONS = [
  'checkTimeoutMs',
  'cacheMs',
  'failureThreshold',
  'successThreshold',
  'refreshIntervalMs',
] as const;

const OTHER_OPTIONS = [
  'httpStatus',
  'groups',
  'builtIn',
  'alerts',
  'checks',
  'drainDelayMs',
  'drainTimeoutMs',
] as const;

/**
 * @param environment what NODE_ENV says: tests need not wait for a drain
 * @throws {MonitoringOptionsError}
 */
export function resolveHealth(health: HealthOptions = {}, environment?: string): ResolvedHealth {
  expectKeys('health', health, [...DEFAULTS_OPTIONS, ...OTHER_OPTIONS]);
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
    },
  };
}

/** @throws {MonitoringOptionsError} */
export function resolveCheckDefaults(options: HealthCheckDefaultsOptions): HealthCheckDefaults {
  const { refreshIntervalMs } = options;
  return {
    checkTimeoutMs: intervalMsOf('health.checkTimeoutMs', options.checkTimeoutMs, 3_000),
    cacheMs: countOf('health.cacheMs', options.cacheMs, 1_000, 0),
    failureThreshold: countOf('health.failureThreshold', options.failureThreshold, 1),
    successThreshold: countOf('health.successThreshold', options.successThreshold, 1),
    refreshIntervalMs:
      refreshIntervalMs === undefined
        ? undefined
        : intervalMsOf('health.refreshIntervalMs', refreshIntervalMs, refreshIntervalMs),
  };
}

function httpStatusOf(given: HealthOptions['httpStatus'] = {}): Record<HealthStatus, number> {
  expectKeys('health.httpStatus', given, HEALTH_STATUSES);
  for (const [status, code] of Object.entries(given)) {
    const valid = Number.isInteger(code) && code >= 200 && code <= 599;
    expectOption(`health.httpStatus.${status}`, code, 'an HTTP status from 200 to 599', valid);
  }
  return { ...DEFAULT_HTTP_STATUS, ...given };
}

function groupsOf(given: HealthGroups = {}): HealthGroups {
  expectKeys('health.groups', given, HEALTH_GROUPS);
  for (const [group, names] of Object.entries(given)) {
    const valid = Array.isArray(names) && names.every((name) => typeof name === 'string');
    expectOption(`health.groups.${group}`, names, 'a list of names of health checks', valid);
  }
  return given;
}

function alertsOf(given: HealthOptions['alerts'] = false): AlertsInHealthOptions | false {
  if (typeof given !== 'object' || given === null) return booleanOf('health.alerts', given, false) && {};
  expectKeys('health.alerts', given, ['severities', 'status']);
  const { severities, status } = given;
  const isList = severities === undefined || (Array.isArray(severities) && severities.length > 0);
  expectOption('health.alerts.severities', severities, 'a list such as ["critical", "warning"]', isList);
  const isStatus = status === undefined || HEALTH_STATUSES.includes(status);
  expectOption('health.alerts.status', status, `one of ${HEALTH_STATUSES.join(', ')}`, isStatus);
  return given;
}
