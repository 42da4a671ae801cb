import type { HealthStatus } from './health-status.js';

/** The result of one check. */
export interface HealthCheckResult {
  readonly status: HealthStatus;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Duration of the last run, in milliseconds. */
  readonly durationMs: number;
}

/** The results of several checks, and their overall status. */
export interface HealthReport {
  /** Status of the worst check. */
  readonly status: HealthStatus;
  /** Time of the report, in ISO 8601. */
  readonly timestamp: string;
  readonly checks: Readonly<Record<string, HealthCheckResult>>;
}

/** A status change of a check. */
export interface HealthTransition {
  /** Name of the check. */
  readonly check: string;
  /** Previous status; `healthy` before the first run. */
  readonly from: HealthStatus;
  readonly to: HealthStatus;
  readonly result: HealthCheckResult;
  /** Time of the change, in ISO 8601. */
  readonly timestamp: string;
}

/** A function called for every status change. Its errors and rejections are logged and counted. */
export type HealthTransitionHandler = (transition: HealthTransition) => void | PromiseLike<void>;
