// The push exporters with their code, for the door of the exporters. The main door must not load them.
import { CloudWatchExporter as CloudWatch } from './cloudwatch/cloudwatch.exporter.js';
import { DatadogExporter as Datadog } from './datadog/datadog.exporter.js';
import { EmbeddedMetricsExporter as EmbeddedMetrics } from './embedded-metrics/embedded-metrics.exporter.js';
import { JsonExporter as Json } from './json/json.exporter.js';
import { OtlpExporter as Otlp } from './otlp/otlp.exporter.js';
import { PushgatewayExporter as Pushgateway } from './pushgateway/pushgateway.exporter.js';
import { RemoteWriteExporter as RemoteWrite } from './remote-write/remote-write.exporter.js';
import { PUSH_EXPORTERS } from './push-exporter-classes.js';

/** An exporter that pushes the metrics to Amazon CloudWatch, by `@aws-sdk/client-cloudwatch`. */
export const CloudWatchExporter = PUSH_EXPORTERS.cloudWatch.implementedBy(CloudWatch);
export type CloudWatchExporter = CloudWatch;

/** An exporter that pushes the metrics to Datadog. */
export const DatadogExporter = PUSH_EXPORTERS.datadog.implementedBy(Datadog);
export type DatadogExporter = Datadog;

/**
 * An exporter that writes the metrics to the log, in the embedded metric format, from which CloudWatch extracts them: on
 * AWS Lambda, and in containers with the log driver `awslogs`. It needs no SDK, no permission and no network.
 */
export const EmbeddedMetricsExporter = PUSH_EXPORTERS.embeddedMetrics.implementedBy(EmbeddedMetrics);
export type EmbeddedMetricsExporter = EmbeddedMetrics;

/** An exporter that writes the metrics to a JSON file, or returns them as an object. */
export const JsonExporter = PUSH_EXPORTERS.json.implementedBy(Json);
export type JsonExporter = Json;

/** An exporter that pushes the metrics to an OpenTelemetry collector by OTLP, with their exemplars. */
export const OtlpExporter = PUSH_EXPORTERS.otlp.implementedBy(Otlp);
export type OtlpExporter = Otlp;

/** An exporter that pushes the metrics to a Pushgateway, for jobs that end before Prometheus would scrape them. */
export const PushgatewayExporter = PUSH_EXPORTERS.pushgateway.implementedBy(Pushgateway);
export type PushgatewayExporter = Pushgateway;

/** An exporter that sends the metrics to a receiver of Prometheus remote write, such as Mimir or VictoriaMetrics. */
export const RemoteWriteExporter = PUSH_EXPORTERS.remoteWrite.implementedBy(RemoteWrite);
export type RemoteWriteExporter = RemoteWrite;
