import type { MetricsInterval } from '../push/metrics-interval.js';
import { type PushDestination, PushError, type PushRequest } from '../push/push-destination.js';
import { RejectedPoints } from '../push/partial-success.js';
import { remedyFor } from '../push/status-remedy.js';
import { countTimestampOf, datadogRequests, splitPayload } from './datadog-payloads.js';
import type { DatadogPayload, DatadogPayloadOptions } from './datadog-series.js';
import type { DatadogResponse, DatadogTransport } from './datadog.transport.js';

const MINUTE_MS = 60 * 1_000;
const MAX_TEXT_LENGTH = 300;
/** Largest lead over the clock, in seconds; beyond it the clock was set back. Datadog rejects ten minutes and more. */
const MAX_SECONDS_AHEAD = 5 * 60;

/** Datadog as a destination of pushes, by any transport. */
export class DatadogDestination implements PushDestination {
  readonly name = 'datadog';
  /** Datadog accepts data up to an hour old; counts carry the start of their interval, and the request takes time. */
  readonly maxAgeMs = 54 * MINUTE_MS;

  /** Timestamp of the last interval, in seconds since the Unix epoch. */
  private lastTimestamp = -Infinity;
  private transport: DatadogTransport | undefined;

  /**
   * @param createTransport loads the transport, which may take seconds
   * @param redact removes the API key from a text
   */
  constructor(
    private readonly options: DatadogPayloadOptions,
    private readonly createTransport: () => Promise<DatadogTransport>,
    private readonly redact: (text: string) => string = (text) => text,
  ) {}

  /** Encodes an interval with a timestamp of its own, even if intervals are shorter than a second. */
  encode(interval: MetricsInterval): readonly PushRequest[] {
    const timestamp = countTimestampOf(interval);
    const isUsed = timestamp <= this.lastTimestamp && this.lastTimestamp - timestamp < MAX_SECONDS_AHEAD;
    this.lastTimestamp = isUsed ? this.lastTimestamp + 1 : timestamp;
    return datadogRequests(interval, this.options, this.lastTimestamp);
  }

  async open(): Promise<void> {
    await this.openTransport();
  }

  async send(request: PushRequest, signal: AbortSignal): Promise<void | readonly PushRequest[]> {
    if (request instanceof RejectedPoints) throw request.asError();
    const transport = await this.openTransport();
    const payload = request.payload as DatadogPayload;
    const response = await transport.send(payload, signal);
    if (response.status >= 200 && response.status < 300) return undefined;
    const pieces = response.status === 413 ? splitPayload(payload) : [];
    if (pieces.length > 0) return pieces;
    throw this.errorOf(response);
  }

  split({ payload }: PushRequest): readonly PushRequest[] {
    return splitPayload(payload as DatadogPayload | undefined);
  }

  private async openTransport(): Promise<DatadogTransport> {
    return (this.transport ??= await this.createTransport());
  }

  private errorOf({ status, text, retryAfterMs }: DatadogResponse): PushError {
    const shown = this.redact(text).slice(0, MAX_TEXT_LENGTH);
    return new PushError(`${explanationOf(status)} (${status} ${shown})`, remedyFor(status), retryAfterMs);
  }
}

function explanationOf(status: number): string {
  if (status === 401 || status === 403) {
    return 'Datadog does not accept the API key; check that it belongs to the configured site';
  }
  if (status === 407) return 'A proxy on the way to Datadog requires credentials';
  if (status >= 300 && status < 400) return 'Datadog redirected the request; check the option site';
  return remedyFor(status) === 'retry' ? 'Datadog is not available' : 'Datadog rejected the request';
}
