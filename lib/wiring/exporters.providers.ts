import type { Provider } from '@nestjs/common';
import { PrometheusExporter } from '../exporters/prometheus/prometheus.exporter.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from '../monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** What hands the metrics on. */
export const EXPORTERS_PROVIDERS: readonly Provider[] = [
  {
    provide: PrometheusExporter,
    inject: [MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: (registry: MetricsRegistry, { exporters }: ResolvedOptions) =>
      new PrometheusExporter(registry, exporters.prometheus),
  },
];
