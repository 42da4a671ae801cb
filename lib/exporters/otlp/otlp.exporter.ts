import { conventionOfAll } from '../../metrics/conventions/conventions.js';
import type { MetricsSource } from '../../metrics/registry.js';
import { ConventionalMetrics } from '../conventions/conventional-metrics.js';
import { PushExporter } from '../push/push.exporter.js';
import type { PushDependencies } from '../push/push-dependencies.js';
import { redactValues } from '../push/redact-response.js';
import { OtlpExporterSender } from './otlp-exporter.sender.js';
import { OtlpHttpSender } from './otlp-http.sender.js';
import { OtlpDestination } from './otlp.destination.js';
import { type OtlpExporterOptions, type ResolvedOtlp, resolveOtlp } from './otlp.options.js';
import type { OtlpSender } from './otlp.sender.js';

/** An exporter that pushes the metrics to an OpenTelemetry collector by OTLP, with their exemplars. */
export class OtlpExporter extends PushExporter {
  /** @throws {MonitoringOptionsError} */
  constructor(source: MetricsSource, options: OtlpExporterOptions = {}, dependencies: PushDependencies = {}) {
    const resolved = resolveOtlp('the options of OtlpExporter', options);
    const { headers, temporality, histograms, resourceAttributes: resource } = resolved;
    const secrets = Object.values(headers).filter((value) => value !== '');
    super(
      resolved.conventions === 'otel' && !(source instanceof ConventionalMetrics)
        ? new ConventionalMetrics(source, conventionOfAll('otel'), dependencies)
        : source,
      new OtlpDestination({ temporality, histograms, resource }, senderFor(resolved), (text) =>
        redactValues(text, secrets),
      ),
      resolved,
      dependencies,
    );
  }
}

function senderFor(options: ResolvedOtlp): OtlpSender {
  if (options.exporter !== undefined) return new OtlpExporterSender(options.exporter);
  const { url, protocol, compression, fetch, headers } = options;
  return new OtlpHttpSender({ url, protocol, compression, fetch }, headers);
}
