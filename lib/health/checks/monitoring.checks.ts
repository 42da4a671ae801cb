import type { HealthCheck, HealthCheckOptions } from '../health-check.js';
import type { HealthStatus } from '../health-status.js';

/** A source of firing alerts. */
export interface FiringAlerts {
  /** Returns the alerts that are firing now. */
  firing(): Iterable<{ readonly rule: string; readonly severity: string; readonly message: string }>;
}

/** Options of the check of the firing alerts. */
export interface AlertsInHealthOptions {
  /** Severities of the alerts that count: `critical`, `warning`, `info`. @default ['critical'] */
  readonly severities?: readonly string[];
  /** Status while such an alert is firing: `healthy`, `degraded`, `unhealthy` or `critical`. @default 'degraded' */
  readonly status?: HealthStatus;
}

/** Options of {@link alertsHealthCheck}. */
export interface AlertsHealthCheckOptions extends Partial<HealthCheckOptions>, AlertsInHealthOptions {
  /** Alerts that are firing now. */
  readonly alerts: FiringAlerts;
}

/** Returns a check that fails while an alert of certain severities is firing. */
export function alertsHealthCheck(options: AlertsHealthCheckOptions): HealthCheck {
  const { alerts, severities = ['critical'], status = 'degraded', ...rest } = options;
  return {
    name: 'alerts',
    inProcess: true,
    ...rest,
    check: () => {
      const firing = [...alerts.firing()].filter(({ severity }) => severities.includes(severity));
      const [first] = firing;
      if (first === undefined) {
        return { status: 'healthy', message: `No ${severities.join(' or ')} alert is firing` };
      }
      return {
        status,
        message: first.message,
        details: { firing: [...new Set(firing.map(({ rule }) => rule))] },
      };
    },
  };
}

/** A source of exporters that have stopped, since their remote rejects everything they send. */
export interface StoppedExporters {
  /** Returns the stopped exporters. */
  stopped(): readonly { readonly exporter: string; readonly reason: string }[];
}

/** Returns a check that is degraded while an exporter has stopped, for example because of an invalid key. */
export function exportersHealthCheck(exporters: StoppedExporters): HealthCheck {
  return {
    name: 'exporters',
    critical: false,
    inProcess: true,
    check: () => {
      const stopped = exporters.stopped();
      const [first] = stopped;
      if (first === undefined) return { status: 'healthy', message: 'No exporter has stopped' };
      return {
        status: 'degraded',
        message: `Exporter ${first.exporter} has stopped: ${first.reason}`,
        details: { stopped: stopped.map(({ exporter }) => exporter) },
      };
    },
  };
}

/** A source of the end of the process before this one. */
export interface LastExitSource {
  /** Undefined until it is known. */
  get(): { readonly reason: string; readonly details: string; readonly time?: number } | undefined;
}

/** Returns a check that never fails, and says how the process before this one ended. */
export function lastExitHealthCheck(lastExit: LastExitSource): HealthCheck {
  return {
    name: 'last-exit',
    critical: false,
    inProcess: true,
    check: () => {
      const exit = lastExit.get();
      if (exit === undefined) return { status: 'healthy', message: 'Not known yet' };
      const { reason, details, time } = exit;
      const at = time === undefined ? {} : { at: new Date(time).toISOString() };
      return { status: 'healthy', message: details, details: { reason, ...at } };
    },
  };
}
