const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** How long to leave a remote alone that fails: twice as long each time, up to a minute, and never in step with others. */
export class Backoff {
  private failures = 0;

  /** @param random from 0 up to 1 */
  constructor(private readonly random: () => number) {}

  /** @param atLeastMs what the remote asked for */
  next(atLeastMs = 0): number {
    const longestMs = Math.min(FIRST_MS * 2 ** this.failures++, LONGEST_MS);
    return Math.max(longestMs * (0.5 + this.random() / 2), atLeastMs);
  }

  reset(): void {
    this.failures = 0;
  }
}
