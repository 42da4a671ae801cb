import { hostname } from 'node:os';
import type { MetricsSource } from '../../metrics/registry.js';
import { PushExporter } from '../push/push.exporter.js';
import type { PushDependencies } from '../push/push-dependencies.js';
import { RemoteWriteDestination } from './remote-write.destination.js';
import {
  regionOf,
  type RemoteWriteExporterOptions,
  type ResolvedRemoteWrite,
  resolveRemoteWrite,
} from './remote-write.options.js';
import type { SigV4Settings } from './sigv4.signer.js';

/** An exporter that sends the metrics to a receiver of Prometheus remote write, such as Mimir or VictoriaMetrics. */
export class RemoteWriteExporter extends PushExporter {
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
  const { username, password } = basicAuth ?? {};
  return {
    ...Object.fromEntries(lowerCase),
    ...(basicAuth && {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    }),
    ...(bearerToken !== undefined && { authorization: `Bearer ${bearerToken}` }),
  };
}
