import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { Endpoint, EndpointReply, EndpointRequest } from '../../http/endpoint.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Timer } from '../../metrics/timer.js';
import { acceptsGzip } from '../../http/accept-encoding.js';
import { CONTENT_TYPES, negotiateFormat } from './format-negotiation.js';
import type { PrometheusExporter } from './prometheus.exporter.js';

const compress = promisify(gzip);
/** Size from which a reply is compressed, in bytes; a smaller one fits into one packet anyway. */
const MIN_COMPRESSED_BYTES = 1_400;
/** The share of the scraper's timeout that collectors may use; rendering and transport need the rest. */
const COLLECTION_SHARE = 0.8;
/** Shortest time for collectors, in milliseconds, whatever the header says. */
const MIN_COLLECTION_MS = 100;

/** The endpoint for scrapers: `GET /metrics`, with an optional filter, `?name[]=up&name[]=http_requests_total`. */
export class MetricsEndpoint implements Endpoint {
  readonly option = 'metrics';
  readonly restricted = true;

  private readonly seconds: Timer;
  private readonly bytes: Gauge;

  constructor(
    private readonly exporter: PrometheusExporter,
    registry: MetricsRegistry,
    readonly path: string,
    readonly overridable: boolean,
  ) {
    this.seconds = registry.timer(
      'monitoring_scrape_duration_seconds',
      'Duration of a scrape: collection, rendering and compression.',
    );
    this.bytes = registry.gauge(
      'monitoring_scrape_bytes',
      'Size of the last scrape response before compression.',
      { aggregate: 'max' },
    );
  }

  handle(request: EndpointRequest): Promise<EndpointReply> {
    return this.seconds.time(() => this.scrape(request));
  }

  private async scrape({ headers, query }: EndpointRequest): Promise<EndpointReply> {
    const format = negotiateFormat(headers.accept);
    const names = query.getAll('name[]');
    const timeoutMs = collectionTimeoutMs(headers['x-prometheus-scrape-timeout-seconds']);
    const text = Buffer.concat(
      await this.exporter.generate({
        format,
        ...(names.length > 0 && { names }),
        ...(timeoutMs !== undefined && { timeoutMs }),
      }),
    );
    this.bytes.set(text.length);
    const replyHeaders = { 'content-type': CONTENT_TYPES[format], vary: 'accept, accept-encoding' };
    if (text.length < MIN_COMPRESSED_BYTES || !acceptsGzip(headers['accept-encoding'])) {
      return { status: 200, headers: replyHeaders, body: text };
    }
    const body = await compress(text, { level: constants.Z_BEST_SPEED });
    return { status: 200, headers: { ...replyHeaders, 'content-encoding': 'gzip' }, body };
  }
}

/** Returns the part of the scraper's timeout that collectors may use, in milliseconds. */
function collectionTimeoutMs(header: string | string[] | undefined): number | undefined {
  const seconds = Number(header);
  if (!(seconds > 0) || !Number.isFinite(seconds)) return undefined;
  return Math.max(seconds * 1_000 * COLLECTION_SHARE, MIN_COLLECTION_MS);
}
