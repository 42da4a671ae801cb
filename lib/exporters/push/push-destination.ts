import { messageOf } from '../../primitives/error-message.js';
import type { MetricsInterval } from './metrics-interval.js';

/** One request of a push: the unit that is accepted, repeated or dropped as a whole. */
export interface PushRequest {
  /** Content of the request, which only the destination that encoded it reads. */
  readonly payload: unknown;
  /** Approximate memory while the request is in the queue, in bytes. */
  readonly bytes: number;
  /** Number of data points, for the counts of sent and dropped points. */
  readonly points: number;
}

/** A remote that metrics are pushed to. */
export interface PushDestination {
  /** Value of the label `exporter` of the `monitoring_exporter_*` metrics. */
  readonly name: string;
  /** Age from which the remote rejects data, in milliseconds; older intervals are dropped. @default Infinity */
  readonly maxAgeMs?: number;
  /** True if each push contains everything, so that only the latest is worth sending. @default false */
  readonly supersedes?: boolean;
  /** True if the destination is on this machine, so that pushes need not be spread over time. @default false */
  readonly local?: boolean;
  /**
   * Encodes an interval as requests that each respect the limits of the remote. Called once per interval, in order. The
   * encoding of many series yields to the event loop and returns a promise.
   */
  encode(interval: MetricsInterval): readonly PushRequest[] | Promise<readonly PushRequest[]>;
  /**
   * Encodes what follows the last interval of a process that nobody continues, such as markers that end its series.
   * Called at most once, at shutdown, and not on a worker that is not the leader or has a successor.
   *
   * @param now time, in milliseconds since the Unix epoch
   */
  encodeEnd?(now: number): readonly PushRequest[] | Promise<readonly PushRequest[]>;
  /**
   * Sends one request.
   *
   * @returns nothing once the remote has accepted it; or the smaller requests to send instead, if it was too large
   * @throws {PushError} if it was not accepted; any other error is treated as `retry`
   */
  send(request: PushRequest, signal: AbortSignal): Promise<void | readonly PushRequest[]>;
  /**
   * Splits a rejected request into smaller ones that are sent instead, so that only the rejected data points are lost.
   * Called a limited number of times per request.
   *
   * @returns an empty array if the request cannot be split
   */
  split?(request: PushRequest): readonly PushRequest[];
  /** Prepares the first push, for example by loading an SDK. */
  open?(): Promise<void>;
  /** Releases connections. */
  close?(): Promise<void>;
}

/** The possible reactions to a request that was not accepted. */
const REMEDIES = ['retry', 'drop', 'stop'] as const;

/** The reason for which a request was not accepted, and the reaction to it. */
export class PushError extends Error {
  override readonly name = 'PushError';

  constructor(
    message: string,
    /**
     * `retry`: send the request again soon. `drop`: the remote will never accept it. `stop`: the remote accepts nothing
     * until somebody intervenes; the exporter retries every few minutes.
     */
    readonly remedy: (typeof REMEDIES)[number],
    /** Pause that the remote asked for, in milliseconds from now. */
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Returns an error of a destination as a {@link PushError}; one without a remedy becomes `retry`. */
export function toPushError(error: unknown): PushError {
  const { remedy, retryAfterMs } = (error ?? {}) as Partial<PushError>;
  const known = REMEDIES.find((one) => one === remedy) ?? 'retry';
  if (error instanceof PushError && error.remedy === known) return error;
  // The error may come from another copy of this library.
  const retryAfter = typeof retryAfterMs === 'number' ? retryAfterMs : undefined;
  return new PushError(messageOf(error), known, retryAfter, { cause: error });
}
