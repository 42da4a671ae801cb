import type { Alert } from '../alert.js';
import type { AlertView } from './alert-group.js';

/** How it goes with telling a handler. */
export interface ChannelStatus {
  readonly handler: string;
  readonly delivered: number;
  readonly failed: number;
  readonly dropped: number;
  readonly waiting: number;
  readonly lastError: string | undefined;
}

/** The way of alerts to one handler. Nothing that the handler does is felt by others. */
export interface Channel {
  readonly status: ChannelStatus;
  /**
   * Tells the handler what it does not know yet; returns at once.
   *
   * @param alerts those that fire, and those that ceased to lately
   */
  offer(alerts: readonly Alert[], view: AlertView, at: number): void;
  /** Moves every time that was noted into the past: the clock was set back. */
  setBack(ms: number): void;
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>;
  /** Gives up what is under way, and takes nothing more. */
  close(): Promise<void>;
}
