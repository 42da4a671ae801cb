import type { Clock } from '../../metrics/clock.js';
import { pause } from '../../primitives/deadline.js';
import { NotificationError } from './notification.js';

/** The pause before the first retry; each further one is twice as long. */
const FIRST_PAUSE_MS = 500;
/** Maximum length of a requested pause that a notification waits out; after a longer one, a later evaluation retries. */
const MAX_WAIT_MS = 10_000;
/** The time without attempts after a notification failed with all its retries, and the maximum backoff. */
export const RECOVERY_MS = 60_000;

/** The retry schedule of one receiver: exponential backoff, and the pauses that the receiver asks for. */
export class RetrySchedule {
  /** The requested pause that notifications wait out. */
  private requestedPause: Promise<void> | undefined;
  /** The end of the requested pause, in milliseconds since the Unix epoch. */
  private pausedUntil = -Infinity;

  /**
   * @param retries the maximum number of retries
   * @param clock the clock of the evaluations
   * @param signal ends every pause, and all retries
   */
  constructor(
    private readonly retries: number,
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
  ) {}

  /** Returns true while the receiver wants no requests. */
  isPaused(at: number): boolean {
    return at < this.pausedUntil;
  }

  /** Moves the end of the requested pause into the past, after the wall clock was set back. */
  shiftTimes(ms: number): void {
    this.pausedUntil -= ms;
  }

  /** Resolves when the requested pause is over. */
  async resumed(): Promise<void> {
    await this.requestedPause;
  }

  /** Returns the pause before the next attempt, in milliseconds; undefined if there is no further attempt. */
  pauseAfter(error: unknown, attempt: number): number | undefined {
    if (this.signal.aborted) return undefined;
    const { mayRetry = true, retryAfterMs = 0 } = error instanceof NotificationError ? error : {};
    const isTooLong = retryAfterMs > MAX_WAIT_MS;
    if (isTooLong) this.pausedUntil = Math.max(this.pausedUntil, this.clock.now() + retryAfterMs);
    if (!mayRetry || isTooLong || attempt >= this.retries) return undefined;
    // A requested pause applies to every group.
    if (retryAfterMs > 0) this.requestedPause = this.pause(retryAfterMs);
    return Math.max(Math.min(FIRST_PAUSE_MS * 2 ** attempt, RECOVERY_MS), retryAfterMs);
  }

  /** Resolves after a time, or when the signal is aborted. */
  pause(ms: number): Promise<void> {
    return pause(ms, { signal: this.signal, background: true });
  }
}
