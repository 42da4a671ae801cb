import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { messageOf } from '../../primitives/error-message.js';
import { exchange, type PushFetch } from '../push/http-exchange.js';
import { PushError } from '../push/push-destination.js';
import { OtlpJsonEncoder } from './otlp-json.js';
import { OtlpProtobufEncoder } from './otlp-protobuf.js';
import { type OtlpRejection, rejectionInJson, rejectionInProtobuf } from './otlp-rejection.js';
import type { OtlpResourceMetrics, OtlpResponse, OtlpSender } from './otlp.sender.js';

const gzipped = promisify(gzip);

/** The settings of an {@link OtlpHttpSender}. */
export interface OtlpHttpOptions {
  readonly url: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly compression: 'gzip' | 'none';
  readonly fetch: PushFetch;
}

/** The encoding of requests and responses. */
interface OtlpFormat {
  readonly contentType: string;
  encode(metrics: OtlpResourceMetrics): Uint8Array;
  rejectionIn(body: Uint8Array): OtlpRejection;
}

/**
 * A sender for OTLP over HTTP. The official exporters retry five times on their own, cannot be aborted, and hide
 * `Retry-After` and the number of rejected points; their encoders write no exemplars.
 */
export class OtlpHttpSender implements OtlpSender {
  readonly #headers: Readonly<Record<string, string>>;
  private readonly format: OtlpFormat;

  constructor(
    private readonly options: OtlpHttpOptions,
    headers: Readonly<Record<string, string>>,
  ) {
    this.#headers = headers;
    this.format = options.protocol === 'http/json' ? jsonFormat() : protobufFormat();
  }

  async send(metrics: OtlpResourceMetrics, signal: AbortSignal): Promise<OtlpResponse> {
    const { url, compression, fetch } = this.options;
    const encoded = this.encode(metrics);
    const headers = {
      ...this.#headers,
      'content-type': this.format.contentType,
      ...(compression === 'gzip' && { 'content-encoding': 'gzip' }),
    };
    const body = compression === 'gzip' ? await gzipped(encoded) : encoded;
    const response = await exchange(fetch, { method: 'POST', url, headers, body }, signal);
    return response.status === 200 ? { ...response, ...this.format.rejectionIn(response.body) } : response;
  }

  /** @throws {PushError} if a number cannot be encoded, such as a count that is no integer; another attempt would not help */
  private encode(metrics: OtlpResourceMetrics): Uint8Array {
    try {
      return this.format.encode(metrics);
    } catch (error) {
      throw new PushError(`The metrics cannot be encoded: ${messageOf(error)}`, 'drop', undefined, {
        cause: error,
      });
    }
  }
}

function protobufFormat(): OtlpFormat {
  const encoder = new OtlpProtobufEncoder();
  return {
    contentType: 'application/x-protobuf',
    encode: (metrics) => encoder.encode(metrics),
    rejectionIn: rejectionInProtobuf,
  };
}

function jsonFormat(): OtlpFormat {
  const encoder = new OtlpJsonEncoder();
  return {
    contentType: 'application/json',
    encode: (metrics) => encoder.encode(metrics),
    rejectionIn: rejectionInJson,
  };
}
