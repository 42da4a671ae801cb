import { MonitoringOptionsError } from '../options/option-checks.js';
import {
  flag,
  group,
  type OptionEntry,
  type OptionTable,
  readOptions,
  switchedGroup,
} from '../options/option-table.js';
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
import {
  type EmbeddedMetricsExporterOptions,
  type ResolvedEmbeddedMetrics,
  resolveEmbeddedMetrics,
} from './embedded-metrics/embedded-metrics.options.js';
import { type JsonExporterOptions, type ResolvedJson, resolveJson } from './json/json.options.js';
import { type OtlpExporterOptions, type ResolvedOtlp, resolveOtlp } from './otlp/otlp.options.js';
import {
  type NativeHistogramsOptions,
  resolveNativeHistograms,
} from './prometheus/native-histograms.options.js';
import type { PrometheusFormatOptions } from './prometheus/prometheus.exporter.js';
import {
  type PushgatewayExporterOptions,
  type ResolvedPushgateway,
  resolvePushgateway,
} from './pushgateway/pushgateway.options.js';
import {
  type RemoteWriteExporterOptions,
  type ResolvedRemoteWrite,
  resolveRemoteWrite,
} from './remote-write/remote-write.options.js';

/** Options of the exporters. A push exporter is off unless its options are given. */
export interface ExportersOptions {
  /** Options of the Prometheus exporter, which is always on. */
  readonly prometheus?: PrometheusFormatOptions;
  /** Writes to a JSON file; requires `outputFile`. @default false */
  readonly json?: JsonExporterOptions | false;
  /** Pushes to Amazon CloudWatch; requires `namespace` and the package `@aws-sdk/client-cloudwatch`. @default false */
  readonly cloudWatch?: CloudWatchExporterOptions | false;
  /**
   * Writes to the log in the embedded metric format of Amazon CloudWatch, on AWS Lambda and ECS; requires `namespace`.
   * @default false
   */
  readonly embeddedMetrics?: EmbeddedMetricsExporterOptions | false;
  /** Pushes to Datadog; requires `apiKey` or DD_API_KEY. @default false */
  readonly datadog?: DatadogExporterOptions | boolean;
  /** Pushes to an OpenTelemetry collector, in OTLP over HTTP. @default false */
  readonly otlp?: OtlpExporterOptions | boolean;
  /** Pushes to a Pushgateway, for jobs that end before Prometheus would scrape them. @default false */
  readonly pushgateway?: PushgatewayExporterOptions | false;
  /** Sends to a receiver of Prometheus remote write, such as Mimir or VictoriaMetrics; requires `url`. @default false */
  readonly remoteWrite?: RemoteWriteExporterOptions | false;
}

/** The options of the exporters that are on, with every default filled in. */
export interface ResolvedExporters {
  readonly prometheus: PrometheusFormatOptions;
  readonly json?: ResolvedJson;
  readonly cloudWatch?: ResolvedCloudWatch;
  readonly embeddedMetrics?: ResolvedEmbeddedMetrics;
  readonly datadog?: ResolvedDatadog;
  readonly otlp?: ResolvedOtlp;
  readonly pushgateway?: ResolvedPushgateway;
  readonly remoteWrite?: ResolvedRemoteWrite;
}

const PROMETHEUS: OptionTable<
  NonNullable<ExportersOptions['prometheus']>,
  ResolvedExporters['prometheus']
> = {
  createdTimestamps: flag(false),
  // Checked here, for an error with the path of the option, and resolved by the exporter, which a script can create.
  nativeHistograms: group((given: NativeHistogramsOptions | boolean | undefined, option) => {
    resolveNativeHistograms(option, given);
    return given;
  }),
};

export const EXPORTERS: OptionTable<ExportersOptions, ResolvedExporters> = {
  prometheus: group((given: PrometheusFormatOptions = {}, option) => readOptions(option, given, PROMETHEUS)),
  json: ifOn(resolveJsonFile),
  cloudWatch: ifOn(resolveCloudWatch),
  embeddedMetrics: ifOn(resolveEmbeddedMetrics),
  datadog: ifOn((owner, datadog: DatadogExporterOptions) => resolveDatadog(owner, datadog), true),
  otlp: ifOn((owner, otlp: OtlpExporterOptions) => resolveOtlp(owner, otlp), true),
  pushgateway: ifOn(resolvePushgateway),
  remoteWrite: ifOn(resolveRemoteWrite),
};

/** Checks the options of the exporters and applies the defaults. @throws {MonitoringOptionsError} */
export function resolveExporters(exporters: ExportersOptions | false = {}): ResolvedExporters {
  return readOptions('exporters', exporters || {}, EXPORTERS);
}

/**
 * Returns the entry of an option that turns an exporter on by its options.
 *
 * @param takesTrue true if all of them have a default
 */
function ifOn<O, R>(
  resolve: (owner: string, options: O) => R,
  takesTrue = false,
): OptionEntry<R | undefined> {
  return switchedGroup(
    (given: O | false | undefined, option) =>
      given === undefined || given === false ? undefined : resolve(option, given),
    takesTrue,
  );
}

function resolveJsonFile(owner: string, json: JsonExporterOptions): ResolvedJson {
  const resolved = resolveJson(owner, json);
  if (resolved.outputFile !== undefined) return resolved;
  throw new MonitoringOptionsError(
    `\`${owner}.outputFile\` must be a file path; got none. To get the metrics without a file, call \`new JsonExporter(registry).exportAll()\`.`,
  );
}
