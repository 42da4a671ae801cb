import type { Counter } from '../metrics/counter.js';
import type { Gauge } from '../metrics/gauge.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { Timer } from '../metrics/timer.js';
import type { HealthCheckResult } from './health-report.js';
import type { HealthStatus } from './health-status.js';

const VALUES: Readonly<Record<HealthStatus, number>> = {
  healthy: 1,
  degraded: 0.5,
  unhealthy: 0,
  critical: 0,
};

/** What the checks found, as metrics. They are as new as the last run of each check. */
export class HealthMetrics {
  private readonly status: Gauge<'check'>;
  private readonly seconds: Timer<'check'>;
  private readonly transitions: Counter<'check' | 'status'>;
  private readonly handlerErrors: Counter;

  constructor(registry: MetricsRegistry) {
    this.status = registry.gauge(
      'monitoring_health_status',
      'What a health check found last: 1 healthy, 0.5 degraded, 0 unhealthy or critical.',
      { labelNames: ['check'] },
    );
    this.seconds = registry.timer(
      'monitoring_health_check_duration_seconds',
      'How long a health check took.',
      {
        labelNames: ['check'],
      },
    );
    this.transitions = registry.counter(
      'monitoring_health_transitions_total',
      'How often a health check found another status than the time before, by the status that it found.',
      { labelNames: ['check', 'status'] },
    );
    this.handlerErrors = registry.counter(
      'monitoring_health_handler_errors_total',
      'How often a handler of health transitions failed.',
    );
  }

  ran(check: string, { status, durationMs }: HealthCheckResult): void {
    this.status.set({ check }, VALUES[status]);
    this.seconds.observe({ check }, durationMs / 1000);
  }

  changed(check: string, status: HealthStatus): void {
    this.transitions.inc({ check, status });
  }

  handlerFailed(): void {
    this.handlerErrors.inc();
  }

  forget(check: string): void {
    this.status.remove({ check });
  }
}
