import type { MetricsSource } from '../../metrics/registry.js';
import { SafeLogger } from '../../primitives/safe-logger.js';
import { filterMetrics } from '../push/metric-filter.js';
import { PushExporter } from '../push/push.exporter.js';
import { PROCESS_WARNINGS, type PushDependencies } from '../push/push-dependencies.js';
import { CloudWatchDestination } from './cloudwatch.destination.js';
import {
  type CloudWatchExporterOptions,
  type ResolvedCloudWatch,
  resolveCloudWatch,
} from './cloudwatch.options.js';
import { type CloudWatchCost, costOf, costText } from './cost-preview.js';
import type { RegisterTimer } from '../../primitives/register-timer.js';

/** An exporter that pushes the metrics to Amazon CloudWatch, by `@aws-sdk/client-cloudwatch`. */
export class CloudWatchExporter extends PushExporter {
  private readonly options: ResolvedCloudWatch;
  private readonly logger: SafeLogger;

  /** @throws {MonitoringOptionsError} */
  constructor(
    source: MetricsSource,
    options: CloudWatchExporterOptions,
    dependencies: PushDependencies = {},
  ) {
    const resolved = resolveCloudWatch('the options of CloudWatchExporter', options);
    super(source, new CloudWatchDestination(resolved, resolved.client), resolved, dependencies);
    this.options = resolved;
    this.logger = new SafeLogger(dependencies.logger ?? PROCESS_WARNINGS);
  }

  /** Returns the number of custom metrics so far and an estimate of their cost. */
  async previewCost(): Promise<CloudWatchCost> {
    const snapshot = await this.source.collect({ exponential: true });
    return costOf(filterMetrics(snapshot, this.options.metrics), this.options);
  }

  override start(registerTimer?: RegisterTimer): void {
    super.start(registerTimer);
    if (this.options.costPreview) void this.logCostPreview();
  }

  private async logCostPreview(): Promise<void> {
    try {
      this.logger.warn(costText(await this.previewCost()));
    } catch {
      // A preview is not worth an error.
    }
  }
}
