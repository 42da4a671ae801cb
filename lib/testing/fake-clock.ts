import type { Clock } from '../metrics/clock.js';

/**
 * A clock that the test controls. Monitoring reads the time from it. Timers do not depend on it: control them with the
 * fake timers of Jest, Vitest or `node:test`.
 */
export class FakeClock implements Clock {
  private elapsedMs = 0;
  private jumpedMs = 0;

  /** @param startMs the initial wall-clock time, in milliseconds since the Unix epoch */
  constructor(private readonly startMs = 1_700_000_000_000) {}

  /** Returns the wall-clock time, in milliseconds since the Unix epoch. */
  now(): number {
    return this.startMs + this.elapsedMs + this.jumpedMs;
  }

  /** Returns the monotonic time, in milliseconds. Its origin differs from that of {@link now}, so that tests detect a mix-up. */
  monotonic(): number {
    return 5_000 + this.elapsedMs;
  }

  /**
   * Advances the wall-clock time and the monotonic time.
   *
   * @param ms a time in milliseconds
   * @throws {RangeError} if the time is negative or not finite
   */
  advance(ms: number): void {
    if (!(Number.isFinite(ms) && ms >= 0)) {
      throw new RangeError(
        `advance() must be called with a number of milliseconds of at least 0; got ${ms}. Call jumpTo() to set the clock back.`,
      );
    }
    this.elapsedMs += ms;
  }

  /**
   * Sets the wall-clock time, forwards or back. The monotonic time stays unchanged.
   *
   * @param nowMs a time in milliseconds since the Unix epoch
   * @throws {RangeError} if the time is not finite
   */
  jumpTo(nowMs: number): void {
    if (!Number.isFinite(nowMs)) {
      throw new RangeError(
        `jumpTo() must be called with a number of milliseconds since the Unix epoch; got ${nowMs}.`,
      );
    }
    this.jumpedMs = nowMs - this.startMs - this.elapsedMs;
  }
}
