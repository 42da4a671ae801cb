import type { HealthReport } from './health-report.js';
import type { HealthStatus } from './health-status.js';
import type { HealthMonitor } from './health.monitor.js';

/** A status of `@nestjs/terminus`; `degraded` exists since version 12. */
type IndicatorStatus = 'up' | 'degraded' | 'down';

/** The report where health checks are off. */
const UNCHECKED = {
  status: 'unhealthy',
  checks: {
    health: {
      status: 'unhealthy',
      message: 'Nothing is checked: the option `health` of MonitoringModule is false.',
      durationMs: 0,
    },
  },
} as const satisfies Partial<HealthReport>;

/** The health of the application as an indicator of `@nestjs/terminus`. */
export class MonitoringHealthIndicator {
  /** @param isOn false for health checks that are off, with which nothing is known to be up */
  constructor(
    private readonly monitor: HealthMonitor,
    private readonly isOn = true,
  ) {}

  /**
   * Runs the checks, or those of the given names, and returns their results under one key. Never rejects: a result that is
   * `down` makes the health check of terminus fail. With `health: false`, it is `down`: nothing is checked.
   *
   * @param options.degraded status for a report that is degraded, `up` by default; terminus 11 omits an indicator that is
   * `degraded`
   * @example health.check([() => monitoring.isHealthy('monitoring')])
   */
  async isHealthy<const Key extends string = 'monitoring', Degraded extends IndicatorStatus = 'up'>(
    key: Key = 'monitoring' as Key,
    options: { readonly checks?: readonly string[]; readonly degraded?: Degraded } = {},
  ): Promise<Record<Key, { status: 'up' | 'down' | Degraded; checks: HealthReport['checks'] }>> {
    const { status, checks } = this.isOn ? await this.monitor.runHealthChecks(options.checks) : UNCHECKED;
    const result = { status: statusOf(status, options.degraded), checks };
    return { [key]: result } as Record<Key, { status: 'up' | 'down' | Degraded; checks: typeof checks }>;
  }
}

function statusOf(status: HealthStatus, degraded: IndicatorStatus = 'up'): IndicatorStatus {
  if (status === 'healthy') return 'up';
  return status === 'degraded' ? degraded : 'down';
}
