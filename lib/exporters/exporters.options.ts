import { booleanOf, expectKeys, MonitoringOptionsError } from '../options/option-checks.js';
import { type JsonExporterOptions, type ResolvedJson, resolveJson } from './json/json.options.js';

/** Which exporters there are. Each that pushes is off unless it is given. */
export interface ExportersOptions {
  readonly prometheus?: {
    /** Adds `_created` samples to OpenMetrics: when each counter and histogram series began. @default false */
    readonly created?: boolean;
  };
  /** Writes the metrics to a file; needs `outputFile`. @default false */
  readonly json?: JsonExporterOptions | false;
}

/** The exporters, with every default filled in; those that are off are left out. */
export interface ResolvedExporters {
  readonly prometheus: { readonly created: boolean };
  readonly json?: ResolvedJson;
}

/** @throws {MonitoringOptionsError} */
export function resolveExporters(exporters: ExportersOptions = {}): ResolvedExporters {
  expectKeys('exporters', exporters, ['prometheus', 'json']);
  const { prometheus = {}, json } = exporters;
  expectKeys('exporters.prometheus', prometheus, ['created']);
  return {
    prometheus: { created: booleanOf('exporters.prometheus.created', prometheus.created, false) },
    ...(isOn(json) && { json: resolveJsonFile(json) }),
  };
}

function isOn<T extends object>(options: T | false | undefined): options is T {
  return options !== undefined && options !== false;
}

function resolveJsonFile(json: JsonExporterOptions): ResolvedJson {
  const resolved = resolveJson('exporters.json', json);
  if (resolved.outputFile !== undefined) return resolved;
  throw new MonitoringOptionsError(
    'Expected exporters.json.outputFile to be the path of a file, got none. Without a file, call `new JsonExporter(registry).exportAll()`.',
  );
}
