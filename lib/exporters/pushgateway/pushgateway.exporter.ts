import { authorizationOf } from '../../primitives/authorization.js';
import type { MetricsSource } from '../../metrics/registry.js';
import { filterMetrics } from '../push/metric-filter.js';
import { PushExporter } from '../push/push.exporter.js';
import type { PushDependencies } from '../push/push-dependencies.js';
import { PushgatewayClient } from './pushgateway.client.js';
import { PushgatewayDestination } from './pushgateway.destination.js';
import { type PushgatewayExporterOptions, resolvePushgateway } from './pushgateway.options.js';

/** An exporter that pushes the metrics to a Pushgateway, for jobs that end before Prometheus would scrape them. */
export class PushgatewayExporter extends PushExporter {
  private readonly client: PushgatewayClient;
  private readonly group: PushgatewayDestination;

  /** @throws {MonitoringOptionsError} */
  constructor(
    source: MetricsSource,
    options: PushgatewayExporterOptions,
    dependencies: PushDependencies = {},
  ) {
    const { url, jobName, groupings, headers, basicAuth, bearerToken, fetch, ...push } = resolvePushgateway(
      'the options of PushgatewayExporter',
      options,
    );
    const client = new PushgatewayClient(
      { url, jobName, groupings, fetch },
      { ...headers, ...authorizationOf({ basicAuth, bearerToken }) },
    );
    const group = new PushgatewayDestination(client, ['job', ...Object.keys(groupings)]);
    super(source, group, push, dependencies);
    this.client = client;
    this.group = group;
  }

  /**
   * Replaces all metrics of the group by the current ones, as {@link exportAll} does.
   *
   * @throws {PushError} if the push was not accepted
   */
  push(): Promise<void> {
    return this.exportAll();
  }

  /**
   * Replaces the metrics of the group that have the names of the current ones, and keeps the others.
   *
   * @throws {PushError} if the push was not accepted
   */
  async pushAdd(): Promise<void> {
    const snapshot = filterMetrics(await this.source.collect(), this.pushOptions.metrics);
    await this.group.add(snapshot, AbortSignal.timeout(this.pushOptions.timeoutMs));
  }

  /**
   * Removes the group, so that Prometheus no longer sees its metrics.
   *
   * @throws {PushError} if it was not removed
   */
  async delete(): Promise<void> {
    await this.client.request('DELETE', undefined, AbortSignal.timeout(this.pushOptions.timeoutMs));
  }
}
