import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { Endpoint, EndpointReply, EndpointRequest } from '../../http/endpoint.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Timer } from '../../metrics/timer.js';
import { acceptsGzip, CONTENT_TYPES, negotiateFormat } from './negotiation.js';
import type { PrometheusExporter } from './prometheus.exporter.js';

const compress = promisify(gzip);
/** A reply that fits one packet is not worth compressing. */
const SMALLEST_COMPRESSED = 1_400;
/** The share of the scraper's time-out that collectors may use; rendering and the way back need the rest. */
const COLLECTING_SHARE = 0.8;
/** No scraper needs less, and anybody may send the header. */
const SHORTEST_COLLECTING_MS = 100;

/** Answers scrapers: `GET /metrics`, optionally for some metrics only, `?name[]=up&name[]=http_requests_total`. */
export class MetricsEndpoint implements Endpoint {
  readonly option = 'metrics';
  readonly restricted = true;

  private readonly seconds: Timer;
  private readonly bytes: Gauge;

  constructor(
    private readonly exporter: PrometheusExporter,
    registry: MetricsRegistry,
    readonly path: string,
    readonly yields: boolean,
  ) {
    this.seconds = registry.timer(
      'monitoring_scrape_duration_seconds',
      'How long it took to collect, render and compress the metrics for a scrape.',
    );
    this.bytes = registry.gauge('monitoring_scrape_bytes', 'Size of the last scrape before compression.');
  }

  handle(request: EndpointRequest): Promise<EndpointReply> {
    return this.seconds.time(() => this.scrape(request));
  }

  private async scrape({ headers, query }: EndpointRequest): Promise<EndpointReply> {
    const format = negotiateFormat(headers.accept);
    const names = query.getAll('name[]');
    const timeoutMs = collectingMs(headers['x-prometheus-scrape-timeout-seconds']);
    const text = Buffer.concat(
      await this.exporter.generate({
        format,
        ...(names.length > 0 && { names }),
        ...(timeoutMs !== undefined && { timeoutMs }),
      }),
    );
    this.bytes.set(text.length);
    const replyHeaders = { 'content-type': CONTENT_TYPES[format], vary: 'accept, accept-encoding' };
    if (text.length < SMALLEST_COMPRESSED || !acceptsGzip(headers['accept-encoding'])) {
      return { status: 200, headers: replyHeaders, body: text };
    }
    const body = await compress(text, { level: constants.Z_BEST_SPEED });
    return { status: 200, headers: { ...replyHeaders, 'content-encoding': 'gzip' }, body };
  }
}

/** Returns the part of the scraper's time-out that is for collecting, in milliseconds. */
function collectingMs(header: string | string[] | undefined): number | undefined {
  const seconds = Number(header);
  if (!(seconds > 0) || !Number.isFinite(seconds)) return undefined;
  return Math.max(seconds * 1_000 * COLLECTING_SHARE, SHORTEST_COLLECTING_MS);
}
