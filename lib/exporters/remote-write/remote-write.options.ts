import {
  BASIC_AUTH,
  BEARER_TOKEN,
  expectOneCredential,
  urlWithoutCredentials,
} from '../../options/http-credentials.js';
import {
  expectKeys,
  expectObject,
  expectOption,
  expectUnshown,
  expectSecret,
  MonitoringOptionsError,
  optionalString,
} from '../../options/option-checks.js';
import { flag, group, type OptionTable, readOptions } from '../../options/option-table.js';
import {
  type NativeHistogramsOptions,
  resolveNativeHistograms,
} from '../prometheus/native-histograms.options.js';
import { fetchOf } from '../push/fetch-option.js';
import { exporterHeadersOf } from '../push/headers-option.js';
import type { PushFetch } from '../push/http-exchange.js';
import { PUSH, type PushExporterOptions, type ResolvedPush } from '../push/push.options.js';
import type { AwsCredentialsSource } from './sigv4.signer.js';
import { isLabelName } from '../../metrics/labels.js';

/** Options of a {@link RemoteWriteExporter}. */
export interface RemoteWriteExporterOptions extends PushExporterOptions {
  /** URL of the receiver with its path, such as `https://mimir.example.com/api/v1/push`. */
  readonly url: string;
  /**
   * Labels of all series, which win over those of a series, then called `exported_…`. An empty value leaves a label out.
   * @default `job` from OTEL_SERVICE_NAME or else `nestjs`, and `instance` from the host name and the process id, in a
   * cluster the host name alone; default labels of the registry with these names win over both
   */
  readonly labels?: Readonly<Record<string, string>>;
  /** Additional headers, such as `{ 'X-Scope-OrgID': 'shop' }` for a tenant of Mimir. @default {} */
  readonly headers?: Readonly<Record<string, string>>;
  /** Credentials for basic authentication: `{ username, password }`. @default none */
  readonly basicAuth?: { readonly username: string; readonly password: string };
  /** Token for the header `Authorization: Bearer …`. @default none */
  readonly bearerToken?: string;
  /**
   * Signature of AWS, for Amazon Managed Service for Prometheus; requires the package `@smithy/signature-v4`.
   * @default no signature
   */
  readonly sigV4?: RemoteWriteSigV4Options;
  /**
   * Options of native histograms, which are sent beside the classic buckets, or instead of them with `classic: false`.
   * The receiver must have them enabled.
   * @default false
   */
  readonly nativeHistograms?: NativeHistogramsOptions | boolean;
  /** True to send type, help and unit of each metric at the start, after a change and every minute. @default true */
  readonly metadata?: boolean;
  /**
   * True to end a series that is gone, and at shutdown all series, by a marker, so that queries cease to return them at
   * once and not after five minutes.
   * @default true
   */
  readonly staleMarkers?: boolean;
  /** Function that sends requests, such as a `fetch` of `undici` with a proxy. @default the global fetch */
  readonly fetch?: PushFetch;
}

/** Options of the signature of AWS. */
export interface RemoteWriteSigV4Options {
  /** Region. @default the one in the URL, or else AWS_REGION */
  readonly region?: string;
  /** Name of the service. @default 'aps' */
  readonly service?: string;
  /**
   * Credentials, `{ accessKeyId, secretAccessKey, sessionToken }`, or a function that returns a promise of them.
   * @default those that `@aws-sdk/credential-provider-node` finds, which is required then
   */
  readonly credentials?: AwsCredentialsSource;
}

/** The remote write options with every default filled in. */
export type ResolvedRemoteWrite = ResolvedPush &
  Omit<RemoteWriteExporterOptions, keyof ResolvedPush> &
  Required<
    Pick<
      RemoteWriteExporterOptions,
      'labels' | 'headers' | 'nativeHistograms' | 'metadata' | 'staleMarkers' | 'fetch'
    >
  >;

const RESERVED_LABELS = ['le', 'quantile'];
const AWS_HOST = /^aps-workspaces(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$/;

export const REMOTE_WRITE: OptionTable<RemoteWriteExporterOptions, ResolvedRemoteWrite> = {
  url: group((url: string | undefined, option) => {
    checkUrl(option, url);
    return url as string;
  }),
  labels: group((labels: RemoteWriteExporterOptions['labels'] = {}, option) => {
    checkLabels(option, labels);
    return labels;
  }),
  headers: group((headers: RemoteWriteExporterOptions['headers'] = {}, option) =>
    exporterHeadersOf(option, headers),
  ),
  basicAuth: BASIC_AUTH,
  bearerToken: BEARER_TOKEN,
  sigV4: group((sigV4: RemoteWriteSigV4Options | undefined, option) => {
    if (sigV4 !== undefined) checkSigV4(option, sigV4);
    return sigV4;
  }),
  nativeHistograms: group((native: NativeHistogramsOptions | boolean = false, option) => {
    resolveNativeHistograms(option, native);
    return native;
  }),
  metadata: flag(true),
  staleMarkers: flag(true),
  fetch: group((given: PushFetch | undefined, option) => fetchOf(option, given)),
  ...PUSH,
};

/**
 * Checks the remote write options and applies the defaults.
 *
 * @param owner path of the options for error messages
 * @throws {MonitoringOptionsError} whose message never contains a credential
 */
export function resolveRemoteWrite(owner: string, options: RemoteWriteExporterOptions): ResolvedRemoteWrite {
  const resolved = readOptions(owner, options, REMOTE_WRITE);
  const { basicAuth, bearerToken, sigV4, headers, url } = resolved;
  expectOneCredential(owner, { basicAuth, bearerToken, sigV4 }, headers, 'the receiver');
  if (sigV4 !== undefined && regionOf(sigV4, url) === undefined) {
    throw new MonitoringOptionsError(
      `\`${owner}.sigV4.region\` must be a region such as eu-central-1; neither the option, the URL nor AWS_REGION has one.`,
    );
  }
  return resolved;
}

/** Returns the region of the signature; undefined if there is none. */
export function regionOf(
  { region }: RemoteWriteSigV4Options,
  url: string,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  return region ?? AWS_HOST.exec(new URL(url).hostname)?.[1] ?? (environment['AWS_REGION'] || undefined);
}

function checkUrl(option: string, url: unknown): void {
  const parsed = urlWithoutCredentials(option, url);
  expectOption(
    option,
    url,
    'an http or https URL such as https://mimir.example.com/api/v1/push',
    parsed !== undefined,
  );
}

function checkLabels(option: string, labels: unknown): void {
  expectObject(option, labels);
  for (const [name, value] of Object.entries(labels as object)) {
    const isAllowed = isLabelName(name) && !RESERVED_LABELS.includes(name);
    expectOption(`a key of ${option}`, name, 'a valid label name other than le and quantile', isAllowed);
    expectOption(`${option}.${name}`, value, 'a string', typeof value === 'string');
  }
}

function checkSigV4(option: string, sigV4: RemoteWriteSigV4Options): void {
  expectKeys(option, sigV4, ['region', 'service', 'credentials']);
  optionalString(`${option}.region`, sigV4.region);
  optionalString(`${option}.service`, sigV4.service);
  const { credentials } = sigV4;
  if (credentials === undefined || typeof credentials === 'function') return;
  const isObject = typeof credentials === 'object' && credentials !== null;
  expectUnshown(
    `${option}.credentials`,
    credentials,
    'credentials or a function that returns them',
    isObject,
  );
  expectSecret(`${option}.credentials.accessKeyId`, credentials.accessKeyId);
  expectSecret(`${option}.credentials.secretAccessKey`, credentials.secretAccessKey);
}
