import type { MetricsSource } from '../../metrics/registry.js';
import { chosen } from '../push/metric-choice.js';
import { PushExporter, type PushSurroundings } from '../push/push.exporter.js';
import type { ResolvedPush } from '../push/push.options.js';
import { PushgatewayClient } from './pushgateway.client.js';
import { PushgatewayDestination } from './pushgateway.destination.js';
import { type PushgatewayExporterOptions, resolvePushgateway } from './pushgateway.options.js';

/** Pushes the metrics of a job that ends before Prometheus would scrape it to a Pushgateway. */
export class PushgatewayExporter extends PushExporter {
  private readonly client: PushgatewayClient;
  private readonly resolved: ResolvedPush;
  private readonly group: PushgatewayDestination;

  /** @throws {MonitoringOptionsError} */
  constructor(
    private readonly metricsOf: MetricsSource,
    options: PushgatewayExporterOptions,
    surroundings: PushSurroundings = {},
  ) {
    const { url, jobName, groupings, basicAuth, fetch, ...push } = resolvePushgateway(
      'the options of PushgatewayExporter',
      options,
    );
    const client = new PushgatewayClient({ url, jobName, groupings, fetch, ...(basicAuth && { basicAuth }) });
    const group = new PushgatewayDestination(client, ['job', ...Object.keys(groupings)]);
    super(metricsOf, group, push, surroundings);
    this.client = client;
    this.resolved = push;
    this.group = group;
  }

  /**
   * Replaces all metrics of the group by those of now, as {@link exportAll} does.
   *
   * @throws {PushError} if they were not taken
   */
  push(): Promise<void> {
    return this.exportAll();
  }

  /**
   * Replaces the metrics of the group that have the same names as those of now, and leaves the others.
   *
   * @throws {PushError} if they were not taken
   */
  async pushAdd(): Promise<void> {
    const snapshot = chosen(await this.metricsOf.collect(), this.resolved.metrics);
    await this.group.add(snapshot, AbortSignal.timeout(this.resolved.timeoutMs));
  }

  /**
   * Removes the group, so that Prometheus sees its metrics no more.
   *
   * @throws {PushError} if it was not removed
   */
  async delete(): Promise<void> {
    await this.client.request('DELETE', undefined, AbortSignal.timeout(this.resolved.timeoutMs));
  }
}
