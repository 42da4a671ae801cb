import { LIBRARY_VERSION } from '../../primitives/library-version.js';
import { inTimeSlices } from '../../primitives/time-slices.js';
import { exchange, type HttpResponse, type PushFetch } from '../push/http-exchange.js';
import type { MetricsInterval } from '../push/metrics-interval.js';
import { type PushDestination, PushError, type PushRequest } from '../push/push-destination.js';
import { remedyFor } from '../push/status-remedy.js';
import { type SigV4Settings, SigV4Signer } from './sigv4.signer.js';
import { splitWriteRequest, type WriteRequestPayload } from './write-request.js';
import { WriteRequestEncoder, type WriteRequestsOptions } from './write-requests.js';

const HEADERS = {
  'content-encoding': 'snappy',
  'content-type': 'application/x-protobuf',
  'user-agent': `nestjs-monitoring/${LIBRARY_VERSION}`,
  'x-prometheus-remote-write-version': '0.1.0',
} as const;

/** Statuses of a URL at which no receiver listens, so that somebody has to correct it. */
const WRONG_URL = new Set([404, 405]);
/** Messages about a time that is too far in the past for all samples of a request, which have the same time. */
const TOO_OLD = /out of bounds|too[ -]old/i;

/** The settings of a {@link RemoteWriteDestination}. */
export interface RemoteWriteSettings {
  readonly url: string;
  readonly fetch: PushFetch;
  readonly sigV4?: SigV4Settings;
  readonly series: WriteRequestsOptions;
}

/**
 * A receiver of Prometheus remote write 1.0 as a destination of pushes.
 *
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec/
 */
export class RemoteWriteDestination implements PushDestination {
  readonly name = 'remote_write';

  readonly #headers: Readonly<Record<string, string>>;
  readonly #sigV4: SigV4Settings | undefined;
  private readonly url: URL;
  private readonly fetch: PushFetch;
  private readonly encoder: WriteRequestEncoder;
  private signer: Promise<SigV4Signer> | undefined;
  /** Requests of which every sample is rejected, so that there is no use in splitting them. */
  private readonly hopeless = new WeakSet<PushRequest>();

  /** @param headers additional headers, with lower-case names */
  constructor({ url, fetch, sigV4, series }: RemoteWriteSettings, headers: Readonly<Record<string, string>>) {
    this.url = new URL(url);
    this.fetch = fetch;
    this.#sigV4 = sigV4;
    this.#headers = { ...headers, ...HEADERS };
    this.encoder = new WriteRequestEncoder(series);
  }

  encode({ snapshot }: MetricsInterval): Promise<readonly PushRequest[]> {
    return inTimeSlices(this.encoder.encode(snapshot));
  }

  encodeEnd(now: number): Promise<readonly PushRequest[]> {
    return inTimeSlices(this.encoder.encodeEnd(now));
  }

  async open(): Promise<void> {
    await this.loadSigner();
  }

  async send(request: PushRequest, signal: AbortSignal): Promise<void | readonly PushRequest[]> {
    const { body, isMetadata } = request.payload as WriteRequestPayload;
    const signer = await this.loadSigner();
    const headers = signer === undefined ? this.#headers : await signer.sign(this.url, this.#headers, body);
    const post = { method: 'POST', url: this.url.href, headers, body };
    const response = await exchange(this.fetch, post, signal);
    const { status, text } = response;
    if (isMetadata && remedyFor(status) === 'drop') this.encoder.metadataSettled();
    if (status >= 200 && status < 300) return undefined;
    if (status === 413) {
      const halves = this.split(request);
      if (halves.length > 0) return halves;
    }
    if (status === 400 && TOO_OLD.test(text)) this.hopeless.add(request);
    throw errorOf(response);
  }

  split(request: PushRequest): readonly PushRequest[] {
    return this.hopeless.has(request) ? [] : splitWriteRequest(request, this.encoder.compressor);
  }

  /** Returns the signer; undefined if requests are not signed. */
  private async loadSigner(): Promise<SigV4Signer | undefined> {
    if (this.#sigV4 === undefined) return undefined;
    this.signer ??= SigV4Signer.load(this.#sigV4).catch((error: unknown) => {
      this.signer = undefined;
      throw error;
    });
    return this.signer;
  }
}

function errorOf({ status, text, retryAfterMs }: HttpResponse): PushError {
  const remedy = WRONG_URL.has(status) ? 'stop' : remedyFor(status);
  const advice = remedy === 'stop' ? '; check the options url, headers and credentials' : '';
  return new PushError(`The receiver responded with ${status} ${text}${advice}`, remedy, retryAfterMs);
}
