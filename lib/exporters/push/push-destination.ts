import type { MetricsInterval } from './metrics-interval.js';

/** One request of a push: the smallest thing that is acknowledged, sent again or dropped as a whole. */
export interface PushRequest {
  /** What is sent; only the destination that encoded it looks inside. */
  readonly payload: unknown;
  /** How much memory it takes while it waits, about, in bytes. */
  readonly bytes: number;
  /** How many data points it has, for the counts of what was sent and what was dropped. */
  readonly points: number;
}

/** A remote that metrics are pushed to. */
export interface PushDestination {
  /** What it is called in `monitoring_exporter_*{exporter}`. */
  readonly name: string;
  /** Older intervals are refused by the remote and dropped instead of sent, in milliseconds. @default Infinity */
  readonly maxAgeMs?: number;
  /** Whether each push says all that the ones before it said, so that only the latest is worth sending. @default false */
  readonly supersedes?: boolean;
  /** Whether it is on this machine, so that there is no rush of many senders to avoid. @default false */
  readonly local?: boolean;
  /**
   * Everything that is to be said of an interval, cut into requests that each keep the limits of the remote. Called
   * once for each interval, in their order.
   */
  encode(interval: MetricsInterval): readonly PushRequest[];
  /**
   * Sends one request.
   *
   * @returns when the remote has taken it; or the smaller requests to send in its place, if it was too large
   * @throws {PushError} if it was not taken; any other error is one to retry after
   */
  send(request: PushRequest, signal: AbortSignal): Promise<void | readonly PushRequest[]>;
  /**
   * Cuts a request that the remote has refused into smaller ones, which are sent in its place: so only the data
   * points that it refuses are lost. A request is cut a limited number of times.
   *
   * @returns none if it cannot be cut
   */
  split?(request: PushRequest): readonly PushRequest[];
  /** Gets ready before the first push, such as loading an SDK. */
  open?(): Promise<void>;
  /** Lets go of connections. */
  close?(): Promise<void>;
}

/** What may be done about a request that was not taken. */
export const REMEDIES = ['retry', 'drop', 'stop'] as const;

/** Why a request was not taken, and what may be done about it. */
export class PushError extends Error {
  override readonly name = 'PushError';

  constructor(
    message: string,
    /**
     * `retry`: the same again soon. `drop`: it will never be taken. `stop`: nothing will until somebody acts, so it is
     * tried again every few minutes.
     */
    readonly remedy: (typeof REMEDIES)[number],
    /** When the remote asked to be left alone until, in milliseconds from now. */
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
