import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { exchange, type PushFetch } from '../push/http-answer.js';
import type { OtlpAnswer, OtlpResourceMetrics, OtlpSender } from './otlp.sender.js';

const gzipped = promisify(gzip);

/** What is used of `@opentelemetry/otlp-transformer`: the encoders of the official exporters. */
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

export interface OtlpHttpOptions {
  readonly url: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly compression: 'gzip' | 'none';
  readonly fetch: PushFetch;
}

/**
 * OTLP over HTTP. It encodes as the official exporters do, but sends once and tells everything of the answer: those
 * try five times on their own, cannot be aborted and keep `Retry-After` and what was rejected to themselves.
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

  async send(metrics: OtlpResourceMetrics, signal: AbortSignal): Promise<OtlpAnswer> {
    const { url, protocol, compression, fetch } = this.options;
    const encoded = this.serializer.serializeRequest(metrics) ?? new Uint8Array();
    const headers = {
      ...this.#headers,
      'content-type': protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
      ...(compression === 'gzip' && { 'content-encoding': 'gzip' }),
    };
    const body = compression === 'gzip' ? await gzipped(encoded) : encoded;
    const answer = await exchange(fetch, { method: 'POST', url, headers, body }, signal);
    return answer.status === 200 ? { ...answer, ...this.rejectionIn(answer.body) } : answer;
  }

  private rejectionIn(body: Uint8Array): { readonly text: string; readonly rejectedPoints: number } {
    try {
      const { partialSuccess } = this.serializer.deserializeResponse(body);
      const rejectedPoints = Number(partialSuccess?.rejectedDataPoints ?? 0);
      return { text: partialSuccess?.errorMessage ?? '', rejectedPoints };
    } catch {
      // It was taken, and what was said to it is in another format.
      return { text: '', rejectedPoints: 0 };
    }
  }
}
