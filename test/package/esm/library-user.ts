import type { AlertingMonitor, HealthMonitor, MetricsRegistry } from 'nestjs-monitoring';
import type { PushExporter } from 'nestjs-monitoring/exporters';
import type { LibraryOptions } from './library.cjs';

/** What an application of ES modules has is what a library in CommonJS takes, to the compiler too. */
export function giveTo(
  metrics: MetricsRegistry,
  health: HealthMonitor,
  alerting: AlertingMonitor,
  exporter: PushExporter,
): LibraryOptions {
  const labelNames = ['a'] as const;
  const instruments = [
    metrics.counter('a_total', 'A.', { labelNames }),
    metrics.gauge('a', 'A.', { labelNames }),
    metrics.histogram('a_size', 'A.', { labelNames }),
    metrics.timer('a_seconds', 'A.', { labelNames }),
  ];
  return { metrics, health, alerting, exporter, instruments };
}
