import { hostname } from 'node:os';
import { hasCredentials, parseHttpUrl } from '../../options/http-url.js';
import {
  expectKeys,
  expectOption,
  expectSecret,
  expectStrings,
  MonitoringOptionsError,
} from '../../options/option-checks.js';
import { fetchOf } from '../push/fetch-option.js';
import type { PushFetch } from '../push/http-exchange.js';
import { optionNames } from '../../options/option-table.js';
import { PUSH, type PushExporterOptions, type ResolvedPush, resolvePush } from '../push/push.options.js';
import { trimEnd } from '../../primitives/trim-end.js';
import type { DatadogClient } from './datadog-client.transport.js';

/** Options of a {@link DatadogExporter}. */
export interface DatadogExporterOptions extends PushExporterOptions {
  /** API key. @default DD_API_KEY */
  readonly apiKey?: string;
  /** Application key. Accepted so that both keys can be configured in one place; it is never sent. */
  readonly appKey?: string;
  /** Datadog site, such as `datadoghq.eu` or `us3.datadoghq.com`. @default DD_SITE, or else datadoghq.com */
  readonly site?: DatadogSite;
  /**
   * The two `MetricsApi` of `@datadog/datadog-api-client` with your own configuration:
   * `{ v1: new v1.MetricsApi(configuration), v2: new v2.MetricsApi(configuration) }`. With a client, no key is needed
   * here.
   */
  readonly client?: DatadogClient;
  /**
   * Transport of the requests. `client` uses `@datadog/datadog-api-client`, which takes seconds and 133 MB to load
   * before the application listens; `fetch` sends the same requests without it.
   * @default 'client' if that package is installed, or else 'fetch'
   */
  readonly transport?: 'client' | 'fetch';
  /** Base URL of the API, for example of a proxy. @default https://api.<site> */
  readonly url?: string;
  /**
   * Function that sends requests, such as a `fetch` of `undici` with a proxy. A `client` does not use it.
   * @default the global fetch
   */
  readonly fetch?: PushFetch;
  /** Host name of every series. @default DD_HOSTNAME, or else the name of the machine */
  readonly host?: string;
  /** Value of the tag `service`. @default DD_SERVICE */
  readonly service?: string;
  /** Value of the tag `env`. @default DD_ENV */
  readonly env?: string;
  /** Value of the tag `version`. @default DD_VERSION */
  readonly version?: string;
  /** Additional tags of every series, such as `{ team: 'checkout' }`. @default {} */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * Encoding of histograms. `distributions` sends every value, for percentiles over all hosts; `counts` sends the count
   * and the sum only, as `<name>_count` and `<name>_sum`.
   * @default 'distributions'
   */
  readonly histograms?: 'distributions' | 'counts';
}

/** A site of Datadog. */
export type DatadogSite = (typeof SITES)[number];

/** The Datadog options with every default filled in. */
export type ResolvedDatadog = ResolvedPush &
  Omit<DatadogExporterOptions, keyof ResolvedPush> &
  Required<Pick<DatadogExporterOptions, 'url' | 'fetch' | 'host' | 'tags' | 'histograms'>>;

const SITES = [
  'datadoghq.com',
  'us3.datadoghq.com',
  'us5.datadoghq.com',
  'datadoghq.eu',
  'ap1.datadoghq.com',
  'ap2.datadoghq.com',
  'uk1.datadoghq.com',
  'ddog-gov.com',
  'us2.ddog-gov.com',
] as const;

const STRING_OPTIONS = ['host', 'service', 'env', 'version'] as const;
const OPTION_NAMES: readonly (keyof DatadogExporterOptions)[] = [
  'apiKey',
  'appKey',
  'site',
  'client',
  'transport',
  'url',
  'fetch',
  ...STRING_OPTIONS,
  'tags',
  'histograms',
  ...optionNames(PUSH),
];

/**
 * Checks the Datadog options and applies the defaults.
 *
 * @param owner path of the options for error messages
 * @param environment environment variables
 * @throws {MonitoringOptionsError} whose message never contains a key
 */
export function resolveDatadog(
  owner: string,
  options: DatadogExporterOptions,
  environment: NodeJS.ProcessEnv = process.env,
): ResolvedDatadog {
  expectKeys(owner, options, OPTION_NAMES);
  const { client, transport, tags = {}, histograms = 'distributions' } = options;
  const { apiKey = environment['DD_API_KEY'] } = options;
  if (client === undefined) checkKey(`${owner}.apiKey`, apiKey);
  else checkClient(`${owner}.client`, client);
  if (options.appKey !== undefined) checkKey(`${owner}.appKey`, options.appKey);
  for (const name of STRING_OPTIONS) {
    const valid = options[name] === undefined || (typeof options[name] === 'string' && options[name] !== '');
    expectOption(`${owner}.${name}`, options[name], 'a non-empty string', valid);
  }
  const { intervalMs = 60_000 } = options;
  expectOption(
    `${owner}.intervalMs`,
    intervalMs,
    'at least 1000 milliseconds, since Datadog keeps one count per second',
    intervalMs >= 1_000,
  );
  const knownTransport = transport === undefined || transport === 'client' || transport === 'fetch';
  expectOption(`${owner}.transport`, transport, '"client" or "fetch"', knownTransport);
  const knownHistograms = histograms === 'distributions' || histograms === 'counts';
  expectOption(`${owner}.histograms`, histograms, '"distributions" or "counts"', knownHistograms);
  expectStrings(`${owner}.tags`, tags);
  const constant = {
    service: options.service ?? environment['DD_SERVICE'],
    env: options.env ?? environment['DD_ENV'],
    version: options.version ?? environment['DD_VERSION'],
  };
  return {
    ...resolvePush(owner, options),
    ...(client !== undefined && { client }),
    ...(apiKey !== undefined && { apiKey }),
    ...(transport !== undefined && { transport }),
    url: urlOf(owner, options, environment),
    fetch: fetchOf(`${owner}.fetch`, options.fetch),
    host: options.host ?? (environment['DD_HOSTNAME'] || hostname()),
    tags: { ...tags, ...Object.fromEntries(Object.entries(constant).filter(([, value]) => value)) } as Record<
      string,
      string
    >,
    histograms,
  };
}

function urlOf(owner: string, { url, site }: DatadogExporterOptions, environment: NodeJS.ProcessEnv): string {
  if (url !== undefined) {
    const parsed = parseHttpUrl(url);
    if (parsed === undefined || hasCredentials(parsed)) {
      throw new MonitoringOptionsError(
        `\`${owner}.url\` must be an http or https URL without user and password; the value given is not shown, since it may contain them.`,
      );
    }
    return trimEnd(url, '/');
  }
  const given = site ?? (environment['DD_SITE'] || SITES[0]);
  const known = (SITES as readonly string[]).includes(given);
  expectOption(`${owner}.site`, given, `one of ${SITES.join(', ')}`, known);
  return `https://api.${given}`;
}

/** Rejects a key that is not a valid header value, such as one with a trailing line break; that error would show it. */
function checkKey(option: string, key: unknown): void {
  expectSecret(option, key);
  if (/^[!-~]+$/.test(key as string)) return;
  throw new MonitoringOptionsError(
    `\`${option}\` must contain only printable ASCII characters without spaces. Check for a trailing line break.`,
  );
}

function checkClient(option: string, client: DatadogClient): void {
  const valid =
    typeof client?.v1?.submitDistributionPoints === 'function' &&
    typeof client.v2?.submitMetrics === 'function';
  if (valid) return;
  throw new MonitoringOptionsError(
    `\`${option}\` must be { v1: new v1.MetricsApi(configuration), v2: new v2.MetricsApi(configuration) }; got an object without these methods.`,
  );
}
