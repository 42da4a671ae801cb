import { booleanOf, expectKeys } from '../options/option-checks.js';

/** Options of the Prometheus endpoint and exporter. */
export interface ExportersOptions {
  readonly prometheus?: {
    /** Adds `_created` samples to OpenMetrics: when each counter and histogram series began. @default false */
    readonly created?: boolean;
  };
}

/** The exporters, with every default filled in. */
export interface ResolvedExporters {
  readonly prometheus: { readonly created: boolean };
}

/** @throws {MonitoringOptionsError} */
export function resolveExporters(exporters: ExportersOptions = {}): ResolvedExporters {
  expectKeys('exporters', exporters, ['prometheus']);
  const { prometheus = {} } = exporters;
  expectKeys('exporters.prometheus', prometheus, ['created']);
  return {
    prometheus: { created: booleanOf('exporters.prometheus.created', prometheus.created, false) },
  };
}
