import { authorizationOf } from '../../primitives/authorization.js';
import { hostname } from 'node:os';
import type { MetricsSource } from '../../metrics/registry.js';
import type { RegisterTimer } from '../../primitives/register-timer.js';
import { SafeLogger } from '../../primitives/safe-logger.js';
import { PushExporter } from '../push/push.exporter.js';
import { PROCESS_WARNINGS, type PushDependencies } from '../push/push-dependencies.js';
import { RemoteWriteDestination } from './remote-write.destination.js';
import {
  regionOf,
  type RemoteWriteExporterOptions,
  type ResolvedRemoteWrite,
  resolveRemoteWrite,
} from './remote-write.options.js';
import { shareInstance } from './shared-instance.js';
import type { SigV4Settings } from './sigv4.signer.js';

/** An exporter that sends the metrics to a receiver of Prometheus remote write, such as Mimir or VictoriaMetrics. */
export class RemoteWriteExporter extends PushExporter {
  private readonly warnIfShared: () => () => void;
  private endSharing: (() => void) | undefined;

  /** @throws {MonitoringOptionsError} */
  constructor(
    source: MetricsSource,
    options: RemoteWriteExporterOptions,
    dependencies: PushDependencies = {},
  ) {
    const resolved = resolveRemoteWrite('the options of RemoteWriteExporter', options);
    const { url, fetch, labels, nativeHistograms, metadata, staleMarkers } = resolved;
    // In a cluster, whichever worker leads pushes the series of all of them.
    const defaults = defaultLabels(dependencies.isLeader !== undefined);
    const series = { labels, defaults, nativeHistograms, metadata, staleMarkers };
    const sigV4 = sigV4Of(resolved);
    super(
      source,
      new RemoteWriteDestination({ url, fetch, series, ...(sigV4 && { sigV4 }) }, headersOf(resolved)),
      resolved,
      dependencies,
    );
    const logger = new SafeLogger(dependencies.logger ?? PROCESS_WARNINGS);
    const own = { ...defaults, ...labels };
    this.warnIfShared = () => {
      if (labels['instance'] !== undefined) return () => undefined;
      const { isShared, end } = shareInstance(source, url, own);
      if (isShared && source.snapshot().defaultLabels['instance'] === undefined) {
        logger.warn(
          `Exporter \`remote_write\`: another application of this process pushes to the same receiver as the instance ${JSON.stringify(own.instance)}, so that their series contradict each other. Set the option \`labels: { instance }\` of one of them.`,
        );
      }
      return end;
    };
  }

  override start(registerTimer?: RegisterTimer): void {
    this.endSharing ??= this.warnIfShared();
    super.start(registerTimer);
  }

  override shutdown(): Promise<void> {
    return super.shutdown().finally(() => this.endSharing?.());
  }
}

function defaultLabels(isCluster: boolean): { readonly job: string; readonly instance: string } {
  const job = process.env['OTEL_SERVICE_NAME'] || 'nestjs';
  return { job, instance: isCluster ? hostname() : `${hostname()}:${process.pid}` };
}

function sigV4Of({ sigV4, url }: ResolvedRemoteWrite): SigV4Settings | undefined {
  if (sigV4 === undefined) return undefined;
  const { service = 'aps', credentials } = sigV4;
  return { service, region: regionOf(sigV4, url) ?? '', ...(credentials && { credentials }) };
}

function headersOf({ headers, basicAuth, bearerToken }: ResolvedRemoteWrite): Record<string, string> {
  const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return { ...Object.fromEntries(lowerCase), ...authorizationOf({ basicAuth, bearerToken }) };
}
