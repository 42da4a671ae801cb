import { createRequire } from 'node:module';

export type Json = Readonly<Record<string, unknown>>;

interface Message {
  decode(bytes: Uint8Array): unknown;
  fromObject(object: object): unknown;
  toObject(message: unknown, options: object): Json;
  encode(message: object): { finish(): Uint8Array };
}

// Newer versions of the official encoder come without a decoder.
const { opentelemetry } = createRequire(import.meta.url)('otlpdec/build/src/generated/root.js') as {
  opentelemetry: {
    proto: {
      collector: {
        metrics: { v1: Record<'ExportMetricsServiceRequest' | 'ExportMetricsServiceResponse', Message> };
      };
    };
  };
};
export const { ExportMetricsServiceRequest, ExportMetricsServiceResponse } =
  opentelemetry.proto.collector.metrics.v1;

/** Every field, with its default where none was written; 64-bit integers are strings, bytes hexadecimal. */
const EVERYTHING = { longs: String, arrays: true, defaults: true, bytes: Array };

/** Decodes a request in protobuf as the official model does. */
export function decodedRequest(bytes: Uint8Array): Json {
  return objectOf(ExportMetricsServiceRequest.decode(bytes));
}

/** Reads a request in JSON into the official model. Its ids are hexadecimal, where other protobuf in JSON has base64. */
export function requestOfJson(json: string): Json {
  const parsed: unknown = JSON.parse(json, (key, value: unknown) => {
    if (key === 'traceId' || key === 'spanId') return [...Buffer.from(value as string, 'hex')];
    return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : value;
  });
  return objectOf(ExportMetricsServiceRequest.fromObject(parsed as object));
}

function objectOf(message: unknown): Json {
  return ExportMetricsServiceRequest.toObject(message, EVERYTHING);
}
