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

/** Options of the exporters. A push exporter is off unless its options are given. */
export interface ExportersOptions {
  /** Options of the Prometheus exporter, which is always on. */
  readonly prometheus?: {
    /** Adds `_created` samples, the creation times of counter and histogram series, to OpenMetrics. @default false */
    readonly created?: boolean;
  };
  /** Writes to a JSON file; requires `outputFile`. @default false */
  readonly json?: JsonExporterOptions | false;
  /** Pushes to Amazon CloudWatch; requires `namespace` and the package `@aws-sdk/client-cloudwatch`. @default false */
  readonly cloudWatch?: CloudWatchExporterOptions | false;
  /** Pushes to Datadog; requires `apiKey` or DD_API_KEY. @default false */
  readonly datadog?: DatadogExporterOptions | false;
  /** Pushes to an OpenTelemetry collector; requires the package `@opentelemetry/otlp-transformer`. @default false */
  readonly otlp?: OtlpExporterOptions | false;
  /** Pushes to a Pushgateway, for jobs that end before Prometheus would scrape them. @default false */
  readonly pushgateway?: PushgatewayExporterOptions | false;
}

/** The options of the exporters that are on, with all defaults applied. */
export interface ResolvedExporters {
  readonly prometheus: { readonly created: boolean };
  readonly json?: ResolvedJson;
  readonly cloudWatch?: ResolvedCloudWatch;
  readonly datadog?: ResolvedDatadog;
  readonly otlp?: ResolvedOtlp;
  readonly pushgateway?: ResolvedPushgateway;
}

/** Checks the options of the bridges. @throws {MonitoringOptionsError} */
export function resolveBridges(bridges: BridgesOptions = {}): BridgesOptions {
  expectKeys('bridges', bridges, ['promClient']);
  const { promClient } = bridges;
  if (promClient === undefined) return {};
  const valid = typeof (promClient as Partial<PromClientRegistry> | null)?.getMetricsAsJSON === 'function';
  expectOption('bridges.promClient', promClient, 'a prom-client registry, such as `register`', valid);
  return { promClient };
}

/** Checks the options of the exporters and applies the defaults. @throws {MonitoringOptionsError} */
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
    '`exporters.json.outputFile` must be a file path; got none. To get the metrics without a file, call `new JsonExporter(registry).exportAll()`.',
  );
}
