import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { exchange, type PushFetch } from '../push/http-exchange.js';
import type { OtlpResourceMetrics, OtlpResponse, OtlpSender } from './otlp.sender.js';

const gzipped = promisify(gzip);

/** The part of `@opentelemetry/otlp-transformer` that is used: the encoders of the official exporters. */
export interface OtlpTransformer {
  readonly ProtobufMetricsSerializer: OtlpSerializer;
  readonly JsonMetricsSerializer: OtlpSerializer;
}

interface OtlpSerializer {
  serializeRequest(metrics: OtlpResourceMetrics): Uint8Array | undefined;
  deserializeResponse(body: Uint8Array): {
    readonly partialSuccess?: {
      readonly rejectedDataPoints?: number | string;
      readonly errorMessage?: string;
    };
  };
}

/** The settings of an {@link OtlpHttpSender}. */
export interface OtlpHttpOptions {
  readonly url: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly compression: 'gzip' | 'none';
  readonly fetch: PushFetch;
}

/**
 * A sender for OTLP over HTTP, with the encoders of the official exporters. Those exporters retry five times on their
 * own, cannot be aborted, and hide `Retry-After` and the number of rejected points.
 */
export class OtlpHttpSender implements OtlpSender {
  readonly #headers: Readonly<Record<string, string>>;
  private readonly serializer: OtlpSerializer;

  constructor(
    transformer: OtlpTransformer,
    private readonly options: OtlpHttpOptions,
    headers: Readonly<Record<string, string>>,
  ) {
    this.#headers = headers;
    this.serializer =
      options.protocol === 'http/json'
        ? transformer.JsonMetricsSerializer
        : transformer.ProtobufMetricsSerializer;
  }

  async send(metrics: OtlpResourceMetrics, signal: AbortSignal): Promise<OtlpResponse> {
    const { url, protocol, compression, fetch } = this.options;
    const encoded = this.serializer.serializeRequest(metrics) ?? new Uint8Array();
    const headers = {
      ...this.#headers,
      'content-type': protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
      ...(compression === 'gzip' && { 'content-encoding': 'gzip' }),
    };
    const body = compression === 'gzip' ? await gzipped(encoded) : encoded;
    const response = await exchange(fetch, { method: 'POST', url, headers, body }, signal);
    return response.status === 200 ? { ...response, ...this.rejectionIn(response.body) } : response;
  }

  private rejectionIn(body: Uint8Array): { readonly text: string; readonly rejectedPoints: number } {
    try {
      const { partialSuccess } = this.serializer.deserializeResponse(body);
      const rejectedPoints = Number(partialSuccess?.rejectedDataPoints ?? 0);
      return { text: partialSuccess?.errorMessage ?? '', rejectedPoints };
    } catch {
      // The request was accepted, but the body has another format.
      return { text: '', rejectedPoints: 0 };
    }
  }
}
