import type { MetricsSource } from '../../metrics/registry.js';
import { findPackage } from '../../primitives/optional-package.js';
import { loadPeerDependency } from '../push/peer-dependency.js';
import { PushExporter } from '../push/push.exporter.js';
import type { PushDependencies } from '../push/push-dependencies.js';
import { redactValues } from '../push/redact-response.js';
import {
  DatadogClientTransport,
  DatadogGivenClientTransport,
  type DatadogPackage,
} from './datadog-client.transport.js';
import { DatadogFetchTransport } from './datadog-fetch.transport.js';
import { DatadogDestination } from './datadog.destination.js';
import { type DatadogExporterOptions, type ResolvedDatadog, resolveDatadog } from './datadog.options.js';
import type { DatadogTransport } from './datadog.transport.js';

const PACKAGE = '@datadog/datadog-api-client';

/** An exporter that pushes the metrics to Datadog. */
export class DatadogExporter extends PushExporter {
  /** @throws {MonitoringOptionsError} */
  constructor(
    source: MetricsSource,
    options: DatadogExporterOptions = {},
    dependencies: PushDependencies = {},
  ) {
    const resolved = resolveDatadog('the options of DatadogExporter', options);
    const { apiKey } = resolved;
    const secrets = apiKey ? [apiKey] : [];
    super(
      source,
      new DatadogDestination(
        withoutSecrets(resolved),
        () => transportFor(resolved),
        (text) => redactValues(text, secrets),
      ),
      withoutSecrets(resolved),
      dependencies,
    );
  }
}

/** Returns the options that may be kept where a dump or a log could show them. */
function withoutSecrets({ apiKey: _apiKey, appKey: _appKey, client: _client, ...rest }: ResolvedDatadog) {
  return rest;
}

async function transportFor({
  client,
  transport,
  url,
  apiKey = '',
  fetch,
}: ResolvedDatadog): Promise<DatadogTransport> {
  if (client !== undefined) return new DatadogGivenClientTransport(client);
  if (transport === 'fetch') return new DatadogFetchTransport(url, apiKey, fetch);
  const datadog =
    transport === 'client'
      ? await loadPeerDependency<DatadogPackage>(PACKAGE, 'The Datadog exporter with the transport client')
      : await findPackage<DatadogPackage>(PACKAGE);
  if (datadog === undefined) return new DatadogFetchTransport(url, apiKey, fetch);
  return new DatadogClientTransport(datadog, url, apiKey, fetch);
}
