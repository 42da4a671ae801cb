import type { OtlpMetric } from './otlp-points.js';

/** The content of one request: the `ResourceMetrics` of the OpenTelemetry SDK, as far as its encoders read them. */
export interface OtlpResourceMetrics {
  readonly resource: { readonly attributes: Record<string, string> };
  readonly scopeMetrics: { readonly scope: { readonly name: string }; readonly metrics: OtlpMetric[] }[];
}

/** The response of a collector to a request. */
export interface OtlpResponse {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs?: number;
  /** Number of points that the collector rejected of a request that it accepted. */
  readonly rejectedPoints?: number;
}

/** A way to send requests to a collector. */
export interface OtlpSender {
  /** @throws {Error} if no response arrived */
  send(metrics: OtlpResourceMetrics, signal: AbortSignal): Promise<OtlpResponse>;
}
