import type { DatadogPayload } from './datadog-payloads.js';

/** What Datadog said to a request. */
export interface DatadogAnswer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs?: number;
}

/** How requests get to Datadog. */
export interface DatadogTransport {
  /** @throws {Error} if there was no answer */
  send(payload: DatadogPayload, signal: AbortSignal): Promise<DatadogAnswer>;
}
