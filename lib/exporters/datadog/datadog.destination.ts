import type { MetricsInterval } from '../push/metrics-interval.js';
import { type PushDestination, PushError, type PushRequest } from '../push/push-destination.js';
import { Refusal } from '../push/refusal.js';
import { remedyFor } from '../push/status-remedy.js';
import {
  countedAt,
  type DatadogPayload,
  type DatadogPayloadOptions,
  datadogRequests,
  halvesOf,
} from './datadog-payloads.js';
import type { DatadogAnswer, DatadogTransport } from './datadog.transport.js';

const MINUTE_MS = 60 * 1_000;
const TEXT_LENGTH = 300;
/** Further ahead, the clock has been set back; Datadog takes nothing of more than ten minutes from now. */
const SECONDS_AHEAD = 5 * 60;

/** Datadog, by whatever takes requests there. */
export class DatadogDestination implements PushDestination {
  readonly name = 'datadog';
  /** Datadog takes an hour; counts are told where their interval began, and there has to be time to get there. */
  readonly maxAgeMs = 54 * MINUTE_MS;

  /** Of the last interval. */
  private lastSecond = -Infinity;
  private transport: DatadogTransport | undefined;

  /**
   * @param makeTransport may take seconds
   * @param apiKey only to be kept out of messages
   */
  constructor(
    private readonly options: DatadogPayloadOptions,
    private readonly makeTransport: () => Promise<DatadogTransport>,
    private readonly hideSecrets: (text: string) => string = (text) => text,
  ) {}

  /** Each interval has a second of its own, even if they are shorter than that. */
  encode(interval: MetricsInterval): readonly PushRequest[] {
    const second = countedAt(interval);
    const isTaken = second <= this.lastSecond && this.lastSecond - second < SECONDS_AHEAD;
    this.lastSecond = isTaken ? this.lastSecond + 1 : second;
    return datadogRequests(interval, this.options, this.lastSecond);
  }

  async open(): Promise<void> {
    this.transport ??= await this.makeTransport();
  }

  async send(request: PushRequest, signal: AbortSignal): Promise<void | readonly PushRequest[]> {
    if (request instanceof Refusal) throw request.asError();
    await this.open();
    const payload = request.payload as DatadogPayload;
    const answer = await this.transport!.send(payload, signal);
    if (answer.status >= 200 && answer.status < 300) return undefined;
    const halves = answer.status === 413 ? halvesOf(payload) : undefined;
    if (halves !== undefined) return halves;
    throw this.errorOf(answer);
  }

  split({ payload }: PushRequest): readonly PushRequest[] {
    return halvesOf(payload as DatadogPayload | undefined) ?? [];
  }

  private errorOf({ status, text, retryAfterMs }: DatadogAnswer): PushError {
    const said = this.hideSecrets(text).slice(0, TEXT_LENGTH);
    return new PushError(`${explanationOf(status)} (${status} ${said})`, remedyFor(status), retryAfterMs);
  }
}

function explanationOf(status: number): string {
  if (status === 401 || status === 403) return 'Datadog does not accept the API key: is it one of this site?';
  if (status === 407) return 'A proxy on the way to Datadog wants credentials';
  if (status >= 300 && status < 400) return 'Datadog is elsewhere: is the site right?';
  return remedyFor(status) === 'retry' ? 'Datadog did not take it now' : 'Datadog refused it';
}
