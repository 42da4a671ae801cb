import { MAX_RETRY_AFTER_MS } from '../../primitives/retry-after.js';

/** The pauses of a {@link Backoff}, in milliseconds. */
export interface BackoffLimits {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** For what passes by itself, such as a remote that restarts. */
export const FAILURE_PAUSES: BackoffLimits = { firstMs: 1_000, longestMs: 60_000 };
/** For what passes when somebody acts, such as a key that is not valid. */
export const REFUSAL_PAUSES: BackoffLimits = { firstMs: 2 * 60_000, longestMs: 15 * 60_000 };

/** The pauses between attempts: twice as long each time, up to a limit, and never in step with other processes. */
export class Backoff {
  private failures = 0;

  /** @param random from 0 up to 1 */
  constructor(
    private readonly random: () => number,
    private readonly limits: BackoffLimits = FAILURE_PAUSES,
  ) {}

  /**
   * Returns the next pause, in milliseconds.
   *
   * @param atLeastMs the pause that the remote asked for
   */
  next(atLeastMs = 0): number {
    const { firstMs, longestMs } = this.limits;
    const pauseMs = Math.min(firstMs * 2 ** this.failures++, longestMs);
    const askedMs = Math.min(atLeastMs, MAX_RETRY_AFTER_MS) || 0;
    return Math.max(pauseMs * (0.5 + this.random() / 2), askedMs);
  }

  reset(): void {
    this.failures = 0;
  }
}
