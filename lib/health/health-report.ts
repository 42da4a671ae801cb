import type { HealthStatus } from './health-status.js';

/** What one check found. */
export interface HealthCheckResult {
  readonly status: HealthStatus;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** How long the check took when it last ran. */
  readonly durationMs: number;
}

/** What all checks together say. */
export interface HealthReport {
  /** That of the worst check. */
  readonly status: HealthStatus;
  /** When it was made, in ISO 8601. */
  readonly timestamp: string;
  readonly checks: Readonly<Record<string, HealthCheckResult>>;
}

/** A check that found another status than the time before. */
export interface HealthTransition {
  readonly check: string;
  /** Before its first run a check counts as healthy. */
  readonly from: HealthStatus;
  readonly to: HealthStatus;
  readonly result: HealthCheckResult;
  /** When it was found, in ISO 8601. */
  readonly timestamp: string;
}

/** Told of every transition. What it throws or rejects with is logged and counted, and harms nobody else. */
export type HealthTransitionHandler = (transition: HealthTransition) => void | PromiseLike<void>;
