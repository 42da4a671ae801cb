import type { MetricsSource } from '../../metrics/registry.js';
import { PROCESS_WARNINGS, type PushDependencies } from '../push/push-dependencies.js';
import { PushExporter } from '../push/push.exporter.js';
import { EmbeddedMetricsDestination } from './embedded-metrics.destination.js';
import { type EmbeddedMetricsExporterOptions, resolveEmbeddedMetrics } from './embedded-metrics.options.js';

/**
 * An exporter that writes the metrics to the log, in the embedded metric format, from which CloudWatch extracts them: on
 * AWS Lambda, and in containers with the log driver `awslogs`. It needs no SDK, no permission and no network.
 */
export class EmbeddedMetricsExporter extends PushExporter {
  protected override readonly hasTimer: boolean;

  /** @throws {MonitoringOptionsError} */
  constructor(
    source: MetricsSource,
    options: EmbeddedMetricsExporterOptions,
    dependencies: PushDependencies = {},
  ) {
    const { intervalMs, stream, ...resolved } = resolveEmbeddedMetrics(
      'the options of EmbeddedMetricsExporter',
      options,
    );
    // A standard output that fails can report nothing, and a log line on it would end the process.
    const logger = stream === undefined ? PROCESS_WARNINGS : dependencies.logger;
    super(
      source,
      new EmbeddedMetricsDestination(resolved, stream),
      { ...resolved, ...(intervalMs !== false && { intervalMs }) },
      { ...dependencies, ...(logger !== undefined && { logger }) },
    );
    this.hasTimer = intervalMs !== false;
  }
}
