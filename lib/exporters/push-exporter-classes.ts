import type { MetricsSource } from '../metrics/registry.js';
import type { StartedExporter } from './exporters.lifecycle.js';
import type { ResolvedExporters } from './exporters.options.js';
import { LateClass } from './late-class.js';
import type { PushDependencies } from './push/push-dependencies.js';

/** The class of a push exporter with options of type `O`. */
type PushExporterClass<O> = new (
  source: MetricsSource,
  options: O,
  dependencies: PushDependencies,
) => StartedExporter;

/**
 * The classes of the push exporters, by the option that enables them. An application injects an exporter by its class,
 * also one that is off, whose code is never loaded.
 */
export const PUSH_EXPORTERS = {
  json: new LateClass('JsonExporter', async () => (await import('./json/json.exporter.js')).JsonExporter),
  cloudWatch: new LateClass(
    'CloudWatchExporter',
    async () => (await import('./cloudwatch/cloudwatch.exporter.js')).CloudWatchExporter,
  ),
  embeddedMetrics: new LateClass(
    'EmbeddedMetricsExporter',
    async () => (await import('./embedded-metrics/embedded-metrics.exporter.js')).EmbeddedMetricsExporter,
  ),
  datadog: new LateClass(
    'DatadogExporter',
    async () => (await import('./datadog/datadog.exporter.js')).DatadogExporter,
  ),
  otlp: new LateClass('OtlpExporter', async () => (await import('./otlp/otlp.exporter.js')).OtlpExporter),
  pushgateway: new LateClass(
    'PushgatewayExporter',
    async () => (await import('./pushgateway/pushgateway.exporter.js')).PushgatewayExporter,
  ),
  remoteWrite: new LateClass(
    'RemoteWriteExporter',
    async () => (await import('./remote-write/remote-write.exporter.js')).RemoteWriteExporter,
  ),
} satisfies {
  readonly [Name in Exclude<keyof ResolvedExporters, 'prometheus'>]: LateClass<
    PushExporterClass<NonNullable<ResolvedExporters[Name]>>
  >;
};
