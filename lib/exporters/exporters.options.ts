import { booleanOf, expectKeys, expectOption, MonitoringOptionsError } from '../options/option-checks.js';
import {
  type CloudWatchExporterOptions,
  type ResolvedCloudWatch,
  resolveCloudWatch,
} from './cloudwatch/cloudwatch.options.js';
import {
  type DatadogExporterOptions,
  type ResolvedDatadog,
  resolveDatadog,
} from './datadog/datadog.options.js';
import { type JsonExporterOptions, type ResolvedJson, resolveJson } from './json/json.options.js';
import { type OtlpExporterOptions, type ResolvedOtlp, resolveOtlp } from './otlp/otlp.options.js';
import type { PromClientRegistry } from './prometheus/prom-client.bridge.js';
import type { BridgesOptions } from './prometheus/prometheus.exporter.js';
import {
  type PushgatewayExporterOptions,
  type ResolvedPushgateway,
  resolvePushgateway,
} from './pushgateway/pushgateway.options.js';

/** Which exporters there are. Each that pushes is off unless it is given. */
export interface ExportersOptions {
  readonly prometheus?: {
    /** Adds `_created` samples to OpenMetrics: when each counter and histogram series began. @default false */
    readonly created?: boolean;
  };
  /** Writes the metrics to a file; needs `outputFile`. @default false */
  readonly json?: JsonExporterOptions | false;
  /** Pushes to Amazon CloudWatch; needs `namespace`, and the package `@aws-sdk/client-cloudwatch`. @default false */
  readonly cloudWatch?: CloudWatchExporterOptions | false;
  /** Pushes to Datadog; needs a key, from here or from DD_API_KEY. @default false */
  readonly datadog?: DatadogExporterOptions | false;
  /** Pushes to an OpenTelemetry collector; needs the package `@opentelemetry/otlp-transformer`. @default false */
  readonly otlp?: OtlpExporterOptions | false;
  /** Pushes the metrics to a Pushgateway, for jobs that end before they would be scraped. @default false */
  readonly pushgateway?: PushgatewayExporterOptions | false;
}

/** The exporters, with every default filled in; those that are off are left out. */
export interface ResolvedExporters {
  readonly prometheus: { readonly created: boolean };
  readonly json?: ResolvedJson;
  readonly cloudWatch?: ResolvedCloudWatch;
  readonly datadog?: ResolvedDatadog;
  readonly otlp?: ResolvedOtlp;
  readonly pushgateway?: ResolvedPushgateway;
}

/** @throws {MonitoringOptionsError} */
export function resolveBridges(bridges: BridgesOptions = {}): BridgesOptions {
  expectKeys('bridges', bridges, ['promClient']);
  const { promClient } = bridges;
  if (promClient === undefined) return {};
  const valid = typeof (promClient as Partial<PromClientRegistry> | null)?.getMetricsAsJSON === 'function';
  expectOption('bridges.promClient', promClient, 'a registry of prom-client, such as `register`', valid);
  return { promClient };
}

/** @throws {MonitoringOptionsError} */
export function resolveExporters(exporters: ExportersOptions = {}): ResolvedExporters {
  expectKeys('exporters', exporters, ['prometheus', 'json', 'cloudWatch', 'datadog', 'otlp', 'pushgateway']);
  const { prometheus = {}, json, cloudWatch, datadog, otlp, pushgateway } = exporters;
  expectKeys('exporters.prometheus', prometheus, ['created']);
  return {
    prometheus: { created: booleanOf('exporters.prometheus.created', prometheus.created, false) },
    ...(isOn(json) && { json: resolveJsonFile(json) }),
    ...(isOn(cloudWatch) && { cloudWatch: resolveCloudWatch('exporters.cloudWatch', cloudWatch) }),
    ...(isOn(datadog) && { datadog: resolveDatadog('exporters.datadog', datadog) }),
    ...(isOn(otlp) && { otlp: resolveOtlp('exporters.otlp', otlp) }),
    ...(isOn(pushgateway) && { pushgateway: resolvePushgateway('exporters.pushgateway', pushgateway) }),
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
