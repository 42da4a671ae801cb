import type { Clock } from '../metrics/clock.js';

/** How well something is, from best to worst. `degraded` still serves. */
export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy' | 'critical';

/** What one check found. */
export interface HealthCheckResult {
  readonly status: HealthStatus;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
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

/** Where in its life the application is. */
export type LifecyclePhase = 'starting' | 'ready' | 'draining';

/** Tells how well the application is and whether it should get requests. */
export class HealthMonitor {
  private currentPhase: LifecyclePhase = 'starting';

  constructor(private readonly clock: Clock) {}

  get phase(): LifecyclePhase {
    return this.currentPhase;
  }

  /** @internal Called as the application goes through its life. */
  enter(phase: LifecyclePhase): void {
    this.currentPhase = phase;
  }

  /** Runs every check. The one there is so far says where in its life the application is. */
  async runHealthChecks(): Promise<HealthReport> {
    const startedAt = this.clock.monotonic();
    const lifecycle: HealthCheckResult = {
      status: this.phase === 'ready' ? 'healthy' : 'unhealthy',
      message: MESSAGES[this.phase],
      durationMs: this.clock.monotonic() - startedAt,
    };
    return {
      status: lifecycle.status,
      timestamp: new Date(this.clock.now()).toISOString(),
      checks: { lifecycle },
    };
  }
}

const MESSAGES: Readonly<Record<LifecyclePhase, string>> = {
  starting: 'The application has not started yet',
  ready: 'The application takes requests',
  draining: 'The application is shutting down',
};
