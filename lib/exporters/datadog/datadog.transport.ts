import type { DatadogPayload } from './datadog-series.js';

/** The response of Datadog to a request. */
export interface DatadogResponse {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs?: number;
}

/** Header in which Datadog says the seconds until it accepts requests again. */
export const PAUSE_HEADER = 'x-ratelimit-reset';

/** A way to send requests to Datadog. */
export interface DatadogTransport {
  /** @throws {Error} if no response arrived */
  send(payload: DatadogPayload, signal: AbortSignal): Promise<DatadogResponse>;
}
