import type { AlertingMonitor, HealthMonitor } from 'nestjs-monitoring';
import type { PushExporter } from 'nestjs-monitoring/exporters';
import type { Counter, Gauge, Histogram, MetricsRegistry, Timer } from 'nestjs-monitoring/metrics';

/** A library in CommonJS, which an application of ES modules gives what it has. */
export interface LibraryOptions {
  readonly metrics?: MetricsRegistry;
  readonly health?: HealthMonitor;
  readonly alerting?: AlertingMonitor;
  readonly exporter?: PushExporter;
  readonly instruments?: readonly (Counter<'a'> | Gauge<'a'> | Histogram<'a'> | Timer<'a'>)[];
}
