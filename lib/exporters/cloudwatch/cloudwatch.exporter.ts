import type { MetricsSource } from '../../metrics/registry.js';
import { chosen } from '../push/metric-choice.js';
import type { NameTimer } from '../push/push.beat.js';
import { PushExporter, type PushSurroundings } from '../push/push.exporter.js';
import { CloudWatchDestination } from './cloudwatch.destination.js';
import {
  type CloudWatchExporterOptions,
  type ResolvedCloudWatch,
  resolveCloudWatch,
} from './cloudwatch.options.js';
import { type CloudWatchCost, costOf, costText } from './cost-preview.js';

/** Pushes the metrics to Amazon CloudWatch, by `@aws-sdk/client-cloudwatch`. */
export class CloudWatchExporter extends PushExporter {
  private readonly options: ResolvedCloudWatch;

  /** @throws {MonitoringOptionsError} */
  constructor(
    private readonly metricsSource: MetricsSource,
    options: CloudWatchExporterOptions,
    private readonly around: PushSurroundings = {},
  ) {
    const resolved = resolveCloudWatch('the options of CloudWatchExporter', options);
    super(metricsSource, new CloudWatchDestination(resolved, resolved.client), resolved, around);
    this.options = resolved;
  }

  /** How many custom metrics there are so far, and what they would cost. */
  async previewCost(): Promise<CloudWatchCost> {
    const snapshot = await this.metricsSource.collect({ exponential: true });
    return costOf(chosen(snapshot, this.options.metrics), this.options);
  }

  override start(nameTimer?: NameTimer): void {
    super.start(nameTimer);
    if (this.options.costPreview) void this.sayCost();
  }

  private async sayCost(): Promise<void> {
    try {
      const text = costText(await this.previewCost());
      if (this.around.logger) this.around.logger.warn(text);
      else process.emitWarning(text, 'MonitoringWarning');
    } catch {
      // It was only a preview.
    }
  }
}
