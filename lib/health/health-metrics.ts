import type { Counter } from '../metrics/counter.js';
import type { Gauge } from '../metrics/gauge.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { Timer } from '../metrics/timer.js';
import type { HealthCheckResult } from './health-report.js';
import type { HealthStatus } from './health-status.js';

const GAUGE_VALUES: Readonly<Record<HealthStatus, number>> = {
  healthy: 1,
  degraded: 0.5,
  unhealthy: 0,
  critical: 0,
};

/** The metrics of the health checks, updated at each run of a check. */
export class HealthMetrics {
  private readonly status: Gauge<'check'>;
  private readonly duration: Timer<'check'>;
  private readonly transitions: Counter<'check' | 'status'>;

  constructor(registry: MetricsRegistry) {
    this.status = registry.gauge(
      'monitoring_health_status',
      'Status of a health check at its last run: 1 healthy, 0.5 degraded, 0 unhealthy or critical.',
      { labelNames: ['check'], aggregate: 'min' },
    );
    this.duration = registry.timer(
      'monitoring_health_check_duration_seconds',
      'Duration of the runs of a health check in seconds.',
      { labelNames: ['check'] },
    );
    this.transitions = registry.counter(
      'monitoring_health_transitions_total',
      'Status changes of a health check, by new status.',
      { labelNames: ['check', 'status'] },
    );
  }

  recordRun(check: string, { status, durationMs }: HealthCheckResult): void {
    this.status.set({ check }, GAUGE_VALUES[status]);
    this.duration.observe({ check }, durationMs / 1000);
  }

  recordTransition(check: string, status: HealthStatus): void {
    this.transitions.inc({ check, status });
  }

  /** Removes the status of a check that no longer exists. */
  remove(check: string): void {
    this.status.remove({ check });
  }
}
