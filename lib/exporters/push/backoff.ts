import { MAX_RETRY_AFTER_MS } from '../../primitives/retry-after.js';

/** The limits of a {@link Backoff}, in milliseconds. */
export interface BackoffLimits {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** The pauses after a failure that resolves itself, such as a restart of the remote. */
const FAILURE_PAUSES: BackoffLimits = { firstMs: 1_000, longestMs: 60_000 };
/** The pauses after a failure that somebody has to fix, such as an invalid API key. */
export const REJECTION_PAUSES: BackoffLimits = { firstMs: 2 * 60_000, longestMs: 15 * 60_000 };

/**
 * An exponential backoff with jitter, so that many processes do not retry in step. A pause that the remote asks for, as by
 * `Retry-After` with a 429, is kept if it is longer: for at most an hour, and without jitter.
 */
export class Backoff {
  private failures = 0;

  /** @param random returns a number from 0 up to 1 */
  constructor(
    private readonly random: () => number,
    private readonly limits: BackoffLimits = FAILURE_PAUSES,
  ) {}

  /**
   * Returns the next pause, in milliseconds.
   *
   * @param atLeastMs the pause that the remote asked for, in milliseconds
   */
  next(atLeastMs = 0): number {
    const { firstMs, longestMs } = this.limits;
    const pauseMs = Math.min(firstMs * 2 ** this.failures++, longestMs);
    const requestedMs = Math.min(atLeastMs, MAX_RETRY_AFTER_MS) || 0;
    return Math.max(pauseMs * (0.5 + this.random() / 2), requestedMs);
  }

  /** Starts again from the shortest pause. */
  reset(): void {
    this.failures = 0;
  }
}
