import type { OtlpMetric } from './otlp-metrics.js';

/** What is sent at once: the `ResourceMetrics` of the OpenTelemetry SDK, as far as its encoders look at them. */
export interface OtlpResourceMetrics {
  readonly resource: { readonly attributes: Record<string, string> };
  readonly scopeMetrics: { readonly scope: { readonly name: string }; readonly metrics: OtlpMetric[] }[];
}

/** What a collector said to a request. */
export interface OtlpAnswer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs?: number;
  /** How many points it did not take though it took the rest. */
  readonly rejectedPoints?: number;
}

/** How requests get to a collector. */
export interface OtlpSender {
  /** @throws {Error} if there was no answer */
  send(metrics: OtlpResourceMetrics, signal: AbortSignal): Promise<OtlpAnswer>;
}
