import { hostname } from 'node:os';
import {
  expectKeys,
  expectOption,
  expectSecret,
  MonitoringOptionsError,
} from '../../options/option-checks.js';
import { fetchOf } from '../push/fetch-option.js';
import type { PushFetch } from '../push/http-answer.js';
import {
  PUSH_OPTION_NAMES,
  type PushExporterOptions,
  type ResolvedPush,
  resolvePush,
} from '../push/push.options.js';
import type { DatadogClient } from './datadog-client.transport.js';

/** Options of a {@link DatadogExporter}. */
export interface DatadogExporterOptions extends PushExporterOptions {
  /** @default DD_API_KEY */
  readonly apiKey?: string;
  /** Taken so that both keys can be kept in one place; to send metrics needs none, so it is never sent. */
  readonly appKey?: string;
  /** @default DD_SITE, or else datadoghq.com */
  readonly site?: DatadogSite;
  /**
   * The two `MetricsApi` of `@datadog/datadog-api-client` with a configuration of your own:
   * `{ v1: new v1.MetricsApi(configuration), v2: new v2.MetricsApi(configuration) }`. Then there is no need of a
   * key here.
   */
  readonly client?: DatadogClient;
  /**
   * `client` sends by `@datadog/datadog-api-client`, which takes seconds and 133 MB to load, before the application
   * listens; `fetch` sends the same without it.
   * @default 'client' if that package is installed, or else 'fetch'
   */
  readonly transport?: 'client' | 'fetch';
  /** Where requests go instead of the site, such as a proxy of your own. @default https://api.<site> */
  readonly url?: string;
  /**
   * The function that sends requests, such as one of `undici` that goes through a proxy. A `client` of yours sends in
   * its own way.
   * @default that of Node
   */
  readonly fetch?: PushFetch;
  /** @default DD_HOSTNAME, or else the name of the machine */
  readonly host?: string;
  /** The tag `service`. @default DD_SERVICE */
  readonly service?: string;
  /** The tag `env`. @default DD_ENV */
  readonly env?: string;
  /** The tag `version`. @default DD_VERSION */
  readonly version?: string;
  /** Further tags of everything that is sent. @default {} */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * `distributions` sends every value of a histogram, for percentiles over all hosts; `counts` only how many there
   * were and their sum, as `<name>_count` and `<name>_sum`.
   * @default 'distributions'
   */
  readonly histograms?: 'distributions' | 'counts';
}

/** The sites that Datadog has. */
export type DatadogSite = (typeof SITES)[number];

/** The options with every default filled in. */
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

const TEXTS = ['host', 'service', 'env', 'version'] as const;
const OPTION_NAMES: readonly (keyof DatadogExporterOptions)[] = [
  'apiKey',
  'appKey',
  'site',
  'client',
  'transport',
  'url',
  'fetch',
  ...TEXTS,
  'tags',
  'histograms',
  ...PUSH_OPTION_NAMES,
];

/**
 * @param owner whose options they are, for the messages
 * @param environment the variables of the process
 * @throws {MonitoringOptionsError} that shows no key
 */
export function resolveDatadog(
  owner: string,
  options: DatadogExporterOptions,
  environment: NodeJS.ProcessEnv = process.env,
): ResolvedDatadog {
  expectKeys(owner, options, OPTION_NAMES);
  const { client, transport, tags = {}, histograms = 'distributions' } = options;
  if (client === undefined) checkKey(`${owner}.apiKey`, options.apiKey ?? environment['DD_API_KEY']);
  else checkClient(`${owner}.client`, client);
  if (options.appKey !== undefined) checkKey(`${owner}.appKey`, options.appKey);
  for (const name of TEXTS) {
    const valid = options[name] === undefined || (typeof options[name] === 'string' && options[name] !== '');
    expectOption(`${owner}.${name}`, options[name], 'a text that is not empty', valid);
  }
  const { intervalMs = 60_000 } = options;
  expectOption(
    `${owner}.intervalMs`,
    intervalMs,
    'at least 1000 milliseconds: Datadog keeps one count a second',
    intervalMs >= 1_000,
  );
  const knownTransport = transport === undefined || transport === 'client' || transport === 'fetch';
  expectOption(`${owner}.transport`, transport, 'client or fetch', knownTransport);
  const knownHistograms = histograms === 'distributions' || histograms === 'counts';
  expectOption(`${owner}.histograms`, histograms, 'distributions or counts', knownHistograms);
  expectOption(`${owner}.tags`, tags, 'an object of texts', isRecordOfTexts(tags));
  const apiKey = options.apiKey ?? environment['DD_API_KEY'];
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
    if (!isServer(url)) {
      throw new MonitoringOptionsError(
        `Expected ${owner}.url to be the URL of a server, without user and password. It is not shown, since it may hold some.`,
      );
    }
    return url.replace(/(?<!\/)\/+$/, '');
  }
  const given = site ?? (environment['DD_SITE'] || SITES[0]);
  const known = (SITES as readonly string[]).includes(given);
  expectOption(`${owner}.site`, given, `one of ${SITES.join(', ')}`, known);
  return `https://api.${given}`;
}

function isServer(url: unknown): url is string {
  if (typeof url !== 'string' || !URL.canParse(url)) return false;
  const { protocol, username, password } = new URL(url);
  return /^https?:$/.test(protocol) && username + password === '';
}

/** A key ends up in a header, where a line break, as it is left over in files, is an error that would show it. */
function checkKey(option: string, key: unknown): void {
  expectSecret(option, key);
  if (/^[!-~]+$/.test(key as string)) return;
  throw new MonitoringOptionsError(
    `Expected ${option} to have only printable characters and no blanks, got others. Does it end with a line break?`,
  );
}

function checkClient(option: string, client: DatadogClient): void {
  const valid =
    typeof client?.v1?.submitDistributionPoints === 'function' &&
    typeof client.v2?.submitMetrics === 'function';
  if (valid) return;
  throw new MonitoringOptionsError(
    `Expected ${option} to be { v1: new v1.MetricsApi(configuration), v2: new v2.MetricsApi(configuration) }, got something else.`,
  );
}

function isRecordOfTexts(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((text) => typeof text === 'string');
}
