import { booleanOf, countOf, expectOption, intervalMsOf } from '../options/option-checks.js';
import type { HealthStatus } from './health-status.js';

/** What a check may give back. */
export type HealthCheckAnswer =
  | {
      readonly status: HealthStatus;
      /** For people. @default 'OK' if it is healthy */
      readonly message?: string;
      /** Shown to the authorised only. */
      readonly details?: Readonly<Record<string, unknown>>;
    }
  /** What an indicator of `@nestjs/terminus` gives back; of several keys the worst counts. */
  | Readonly<Record<string, { readonly status: 'up' | 'degraded' | 'down' }>>;

/** How a check is called and treated. */
export interface HealthCheckOptions {
  /** What it is called in reports, metrics and groups. */
  readonly name: string;
  /** Whether the application cannot serve without it. If false, the worst that it can be is `degraded`. @default true */
  readonly critical?: boolean;
  /** How long it may take, in milliseconds. @default health.checkTimeoutMs */
  readonly timeoutMs?: number;
  /** For how long what it found is good for everybody who asks, in milliseconds. @default health.cacheMs */
  readonly cacheMs?: number;
  /** After how many failures in a row it is down. @default health.failureThreshold */
  readonly failureThreshold?: number;
  /** After how many successes in a row it is up again. @default health.successThreshold */
  readonly successThreshold?: number;
  /**
   * Runs it every so many milliseconds, so that who asks gets what was found last and never waits for it.
   * @default health.refreshIntervalMs
   */
  readonly refreshIntervalMs?: number;
  /** Whether it looks only at this process. Only such checks may belong to liveness. @default false */
  readonly inProcess?: boolean;
}

/** Something that finds out how well something is. */
export interface HealthCheck extends HealthCheckOptions {
  /**
   * Finds out how well it is. To throw or to reject is to be unhealthy. The signal is aborted when its time is over.
   */
  check(signal: AbortSignal): HealthCheckAnswer | PromiseLike<HealthCheckAnswer>;
  /** Called when the check is not needed any more. */
  stop?(): void;
}

/** What holds for checks that do not say otherwise. */
export interface HealthCheckDefaults {
  readonly checkTimeoutMs: number;
  readonly cacheMs: number;
  readonly failureThreshold: number;
  readonly successThreshold: number;
  readonly refreshIntervalMs: number | undefined;
}

/** How a check is treated, with every default filled in. */
export interface HealthCheckSettings extends Omit<HealthCheckDefaults, 'checkTimeoutMs'> {
  readonly timeoutMs: number;
  readonly critical: boolean;
  readonly inProcess: boolean;
}

/** @throws {MonitoringOptionsError} */
export function resolveCheck(check: HealthCheck, defaults: HealthCheckDefaults): HealthCheckSettings {
  const { name } = check;
  const isName = typeof name === 'string' && /^[a-zA-Z][\w.-]{0,99}$/.test(name);
  expectOption('the name of a health check', name, 'a name such as "payments"', isName);
  const option = (key: keyof HealthCheckOptions): string => `${key} of health check ${name}`;
  const given: unknown = Reflect.get(check, 'check');
  expectOption(`check of health check ${name}`, given, 'a function', typeof given === 'function');
  const { refreshIntervalMs = defaults.refreshIntervalMs } = check;
  return {
    critical: booleanOf(option('critical'), check.critical, true),
    inProcess: booleanOf(option('inProcess'), check.inProcess, false),
    timeoutMs: intervalMsOf(option('timeoutMs'), check.timeoutMs, defaults.checkTimeoutMs),
    cacheMs: countOf(option('cacheMs'), check.cacheMs, defaults.cacheMs, 0),
    failureThreshold: countOf(option('failureThreshold'), check.failureThreshold, defaults.failureThreshold),
    successThreshold: countOf(option('successThreshold'), check.successThreshold, defaults.successThreshold),
    refreshIntervalMs:
      refreshIntervalMs === undefined
        ? undefined
        : intervalMsOf(option('refreshIntervalMs'), refreshIntervalMs, refreshIntervalMs),
  };
}
