import {
  booleanOf,
  countOf,
  expectKeys,
  expectObject,
  expectOption,
  intervalMsOf,
  MonitoringOptionsError,
} from '../options/option-checks.js';
import { OPTIONAL_INTERVAL } from '../options/option-table.js';
import type { HealthStatus } from './health-status.js';

/** A value that a check may return. TypeScript compares a wrong one with the last member: the shape of this library. */
export type HealthCheckAnswer =
  /** The result of an indicator of `@nestjs/terminus`; of several keys, the worst status counts. */
  | Readonly<Record<string, { readonly status: 'up' | 'degraded' | 'down' }>>
  | {
      readonly status: HealthStatus;
      /** Message for people. @default 'OK' if the status is `healthy` */
      readonly message?: string;
      /** More values for people, shown to authorized clients only. */
      readonly details?: Readonly<Record<string, unknown>>;
    };

/** Options of a health check. */
export interface HealthCheckOptions {
  /** Name in reports, metrics and groups. */
  readonly name: string;
  /** True if the application cannot serve requests without it. Otherwise its worst status is `degraded`. @default true */
  readonly critical?: boolean;
  /** Time limit of one run, in milliseconds. @default health.checkTimeoutMs */
  readonly timeoutMs?: number;
  /** Time for which a result is reused, in milliseconds. @default health.cacheMs */
  readonly cacheMs?: number;
  /** Consecutive failures after which the check is down. @default health.failureThreshold */
  readonly failureThreshold?: number;
  /** Consecutive successes after which the check is up again. @default health.successThreshold */
  readonly successThreshold?: number;
  /**
   * Interval of background runs, in milliseconds. With it, probes get the last result and never wait for a run.
   * @default health.refreshIntervalMs
   */
  readonly refreshIntervalMs?: number;
  /** True if it checks only this process. The liveness group accepts only such checks. @default false */
  readonly inProcess?: boolean;
}

/** A health check: of a dependency, of a resource, or of the process itself. */
export interface HealthCheck extends HealthCheckOptions {
  /**
   * Returns the current status. An error or a rejection counts as `unhealthy`.
   *
   * @param signal aborted at the time limit, and when the check is removed
   */
  check(signal: AbortSignal): HealthCheckAnswer | PromiseLike<HealthCheckAnswer>;
  /** Releases what the check holds. Called when the check is removed. */
  stop?(): void;
}

/** Default settings of health checks. */
export interface HealthCheckDefaults {
  readonly checkTimeoutMs: number;
  readonly cacheMs: number;
  readonly failureThreshold: number;
  readonly successThreshold: number;
  readonly refreshIntervalMs: number | undefined;
}

/** The settings of one health check, with every default filled in. */
export interface HealthCheckSettings extends Omit<HealthCheckDefaults, 'checkTimeoutMs'> {
  readonly timeoutMs: number;
  readonly critical: boolean;
  readonly inProcess: boolean;
}

/** Names of the options that built-in checks have as well. */
export const COMMON_OPTION_NAMES = [
  'critical',
  'timeoutMs',
  'cacheMs',
  'failureThreshold',
  'successThreshold',
  'refreshIntervalMs',
] as const satisfies readonly (keyof HealthCheckOptions)[];

/** Checks the options of `@HealthCheckProvider()`. @throws {MonitoringOptionsError} */
export function checkHealthCheckOptions(options: HealthCheckOptions): void {
  if (options === undefined) {
    throw new MonitoringOptionsError(
      "The options of @HealthCheckProvider() are missing. Give the check a name: @HealthCheckProvider({ name: 'payments' }).",
    );
  }
  expectKeys('the options of @HealthCheckProvider()', options, ['name', 'inProcess', ...COMMON_OPTION_NAMES]);
  checkName(options.name);
}

function checkName(name: unknown): void {
  const isName = typeof name === 'string' && /^[a-zA-Z][\w.-]{0,99}$/.test(name);
  expectOption('the name of a health check', name, 'a name such as "payments"', isName);
}

/**
 * Checks a health check and resolves its settings.
 *
 * @throws {MonitoringOptionsError}
 */
export function resolveCheck(check: HealthCheck, defaults: HealthCheckDefaults): HealthCheckSettings {
  expectObject('a health check', check);
  const { name } = check;
  checkName(name);
  const option = (key: keyof HealthCheckOptions): string => `${key} of health check ${name}`;
  const given: unknown = Reflect.get(check, 'check');
  expectOption(`check of health check ${name}`, given, 'a function', typeof given === 'function');
  return {
    critical: booleanOf(option('critical'), check.critical, true),
    inProcess: booleanOf(option('inProcess'), check.inProcess, false),
    timeoutMs: intervalMsOf(option('timeoutMs'), check.timeoutMs, defaults.checkTimeoutMs),
    cacheMs: countOf(option('cacheMs'), check.cacheMs, defaults.cacheMs, 0),
    failureThreshold: countOf(option('failureThreshold'), check.failureThreshold, defaults.failureThreshold),
    successThreshold: countOf(option('successThreshold'), check.successThreshold, defaults.successThreshold),
    refreshIntervalMs:
      OPTIONAL_INTERVAL.read(option('refreshIntervalMs'), check.refreshIntervalMs) ??
      defaults.refreshIntervalMs,
  };
}
