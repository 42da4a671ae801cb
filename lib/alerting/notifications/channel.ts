import type { Alert } from '../alert.js';
import type { EvaluationContext } from './alert-group.js';

/** The delivery status of an alert handler. */
export interface ChannelStatus {
  /** The name of the handler. */
  readonly handler: string;
  /** The number of notifications that were delivered. */
  readonly delivered: number;
  /** The number of notifications that failed after all retries. */
  readonly failed: number;
  /** The number of notifications that were dropped because the queue was full. */
  readonly dropped: number;
  /** The number of notifications that are queued or in flight. */
  readonly waiting: number;
  /** The error of the last notification, unless it succeeded. */
  readonly lastError: string | undefined;
}

/** A delivery channel to one handler. A slow or failing handler has no effect on other channels. */
export interface Channel {
  readonly status: ChannelStatus;
  /**
   * Starts the notifications that are due after an evaluation. Returns without waiting for them.
   *
   * @param alerts the firing and the recently resolved alerts
   */
  update(alerts: readonly Alert[], context: EvaluationContext, at: number): void;
  /** Moves every recorded time into the past, after the wall clock was set back. */
  shiftTimes(ms: number): void;
  /** Resolves when no notification is queued or in flight. */
  settled(): Promise<void>;
  /** Aborts the notifications in flight, starts no further ones, and closes the handler. */
  close(): Promise<void>;
}
