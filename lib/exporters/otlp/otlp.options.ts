import { randomUUID } from 'node:crypto';
import { hasCredentials, parseHttpUrl } from '../../options/http-url.js';
import {
  expectKeys,
  expectOption,
  expectUnshown,
  expectStrings,
  MonitoringOptionsError,
} from '../../options/option-checks.js';
import { pairsIn, resourceAttributes } from '../conventions/resource-attributes.js';
import { fetchOf } from '../push/fetch-option.js';
import { exporterHeadersOf } from '../push/headers-option.js';
import type { PushFetch } from '../push/http-exchange.js';
import { optionNames } from '../../options/option-table.js';
import { PUSH, type PushExporterOptions, type ResolvedPush, resolvePush } from '../push/push.options.js';
import { MAX_TIMER_DELAY_MS } from '../../primitives/deadline.js';
import { trimEnd } from '../../primitives/trim-end.js';
import type { OtlpMetricExporter } from './otlp-exporter.sender.js';

/** Options of an {@link OtlpExporter}. */
export interface OtlpExporterOptions extends PushExporterOptions {
  /**
   * Interval between pushes, in milliseconds, aligned to the wall clock: with 60 000, at every full minute.
   * @default OTEL_METRIC_EXPORT_INTERVAL, or else 60000
   */
  readonly intervalMs?: number;
  /**
   * Time limit of one request, in milliseconds.
   * @default OTEL_EXPORTER_OTLP_METRICS_TIMEOUT or OTEL_EXPORTER_OTLP_TIMEOUT, or else 10000
   */
  readonly timeoutMs?: number;
  /**
   * URL of the collector, including the path.
   * @default OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, or OTEL_EXPORTER_OTLP_ENDPOINT and `/v1/metrics`, or else
   * http://localhost:4318/v1/metrics
   */
  readonly url?: string;
  /**
   * Additional headers, for example for authentication.
   * @default OTEL_EXPORTER_OTLP_METRICS_HEADERS or OTEL_EXPORTER_OTLP_HEADERS
   */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Encoding of the requests: `http/protobuf` or `http/json`.
   * @default OTEL_EXPORTER_OTLP_METRICS_PROTOCOL or OTEL_EXPORTER_OTLP_PROTOCOL, or else 'http/protobuf'
   */
  readonly protocol?: 'http/protobuf' | 'http/json';
  /**
   * Compression of the requests: `gzip` or `none`.
   * @default OTEL_EXPORTER_OTLP_METRICS_COMPRESSION or OTEL_EXPORTER_OTLP_COMPRESSION, or else 'gzip'
   */
  readonly compression?: 'gzip' | 'none';
  /**
   * Content of each push: `cumulative` for totals since the start, as Prometheus expects, or `delta` for changes.
   * @default OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE, or else 'cumulative'
   */
  readonly temporality?: 'cumulative' | 'delta';
  /**
   * Buckets of histograms: `explicit` as defined, or `exponential` for percentiles that are at most 1 % off.
   * @default OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION, or else 'explicit'
   */
  readonly histograms?: 'explicit' | 'exponential';
  /**
   * Names of the metrics: `otel` for those of OpenTelemetry's semantic conventions, such as `http.server.request.duration`,
   * or `prometheus` for those of Prometheus client libraries, such as `http_request_duration_seconds`.
   * @default 'otel'
   */
  readonly conventions?: 'otel' | 'prometheus';
  /**
   * Value of the resource attribute `service.name`.
   * @default OTEL_SERVICE_NAME, or `service.name` of OTEL_RESOURCE_ATTRIBUTES, or else unknown_service:node
   */
  readonly serviceName?: string;
  /** Additional resource attributes. @default OTEL_RESOURCE_ATTRIBUTES, and a random `service.instance.id` */
  readonly resourceAttributes?: Readonly<Record<string, string>>;
  /**
   * Exporter of the OpenTelemetry SDK that sends instead, such as the `OTLPMetricExporter` for gRPC. It has its own
   * URL, headers, protocol, compression and proxy, and is not shut down.
   */
  readonly exporter?: OtlpMetricExporter;
  /** Function that sends requests, such as a `fetch` of `undici` with a proxy. @default the global fetch */
  readonly fetch?: PushFetch;
}

/** The OTLP options with every default filled in. */
export type ResolvedOtlp = ResolvedPush &
  Omit<OtlpExporterOptions, keyof ResolvedPush> &
  Required<
    Pick<
      OtlpExporterOptions,
      | 'url'
      | 'headers'
      | 'protocol'
      | 'compression'
      | 'temporality'
      | 'histograms'
      | 'conventions'
      | 'resourceAttributes'
      | 'fetch'
    >
  >;

const OPTION_NAMES: readonly (keyof OtlpExporterOptions)[] = [
  'url',
  'headers',
  'protocol',
  'compression',
  'temporality',
  'histograms',
  'conventions',
  'serviceName',
  'resourceAttributes',
  'exporter',
  'fetch',
  ...optionNames(PUSH),
];

const HISTOGRAM_AGGREGATIONS: Readonly<Record<string, 'explicit' | 'exponential'>> = {
  explicit_bucket_histogram: 'explicit',
  base2_exponential_bucket_histogram: 'exponential',
};

/**
 * Checks the OTLP options and applies the defaults.
 *
 * @param owner path of the options for error messages
 * @param environment environment variables
 * @throws {MonitoringOptionsError} whose message never contains a header
 */
export function resolveOtlp(
  owner: string,
  options: OtlpExporterOptions,
  environment: NodeJS.ProcessEnv = process.env,
): ResolvedOtlp {
  expectKeys(owner, options, OPTION_NAMES);
  const { serviceName, exporter } = options;
  const variable = (name: string) =>
    environment[`OTEL_EXPORTER_OTLP_METRICS_${name}`] ||
    environment[`OTEL_EXPORTER_OTLP_${name}`] ||
    undefined;
  const choice = <T extends string>(
    name: keyof OtlpExporterOptions,
    given: unknown,
    known: readonly T[],
  ): T => {
    const value = options[name] === null ? null : (given ?? known[0]);
    expectOption(`${owner}.${name}`, value, known.join(' or '), known.includes(value as T));
    return value as T;
  };
  expectOption(
    `${owner}.serviceName`,
    serviceName,
    'a non-empty string',
    serviceName === undefined || (typeof serviceName === 'string' && serviceName !== ''),
  );
  if (exporter !== undefined) {
    const valid = typeof exporter?.export === 'function' && typeof exporter.shutdown === 'function';
    expectUnshown(`${owner}.exporter`, exporter, 'a PushMetricExporter of the OpenTelemetry SDK', valid);
  }
  const histograms =
    options.histograms ??
    HISTOGRAM_AGGREGATIONS[environment['OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION'] ?? ''];
  const preference = environment['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE']?.toLowerCase();
  // In the SDK, `lowmemory` means changes for counters and histograms.
  const temporality = options.temporality ?? (preference === 'lowmemory' ? 'delta' : preference || undefined);
  // The protocol of a given exporter is its own.
  const protocol = options.protocol ?? (exporter === undefined ? variable('PROTOCOL') : undefined);
  // A null is refused, and does not take the default.
  const {
    intervalMs = millisecondsIn(environment['OTEL_METRIC_EXPORT_INTERVAL']),
    timeoutMs = millisecondsIn(variable('TIMEOUT')),
    url = urlIn(environment),
    headers = pairsIn(variable('HEADERS')),
  } = options;
  return {
    ...resolvePush(owner, {
      ...options,
      ...(intervalMs !== undefined && { intervalMs }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    }),
    url: urlOf(`${owner}.url`, url),
    headers: exporterHeadersOf(`${owner}.headers`, headers),
    protocol: choice('protocol', protocol, ['http/protobuf', 'http/json']),
    compression: choice('compression', options.compression ?? variable('COMPRESSION'), ['gzip', 'none']),
    temporality: choice('temporality', temporality, ['cumulative', 'delta']),
    histograms: choice('histograms', histograms, ['explicit', 'exponential']),
    conventions: choice('conventions', options.conventions, ['otel', 'prometheus']),
    fetch: fetchOf(`${owner}.fetch`, options.fetch),
    resourceAttributes: resourceOf(`${owner}.resourceAttributes`, options, environment),
    ...(exporter !== undefined && { exporter }),
  };
}

/** Returns a duration of the environment. As the specification of the SDK says, an invalid one is ignored. */
function millisecondsIn(text: string | undefined): number | undefined {
  const milliseconds = Number(text || NaN);
  return milliseconds >= 1 && milliseconds <= MAX_TIMER_DELAY_MS ? milliseconds : undefined;
}

function urlIn(environment: NodeJS.ProcessEnv): string {
  const forMetrics = environment['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'];
  if (forMetrics) return forMetrics;
  const forAll = environment['OTEL_EXPORTER_OTLP_ENDPOINT'] || 'http://localhost:4318';
  return `${trimEnd(forAll, '/')}/v1/metrics`;
}

function urlOf(option: string, url: unknown): string {
  const parsed = parseHttpUrl(url);
  if (parsed !== undefined && hasCredentials(parsed)) {
    throw new MonitoringOptionsError(
      `\`${option}\` must not contain credentials. Set the option headers instead: { authorization: 'Basic …' }.`,
    );
  }
  expectOption(option, url, 'an http or https URL', parsed !== undefined);
  return url as string;
}

function resourceOf(
  option: string,
  { serviceName, resourceAttributes: given = {} }: OtlpExporterOptions,
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  expectStrings(option, given);
  return {
    // Totals of two processes with the same attributes would contradict each other.
    'service.instance.id': randomUUID(),
    ...resourceAttributes({}, environment),
    ...given,
    ...(serviceName !== undefined && { 'service.name': serviceName }),
  };
}
