import type { Clock } from '../metrics/clock.js';

/**
 * A clock that stands still until the test moves it. It is what monitoring reads the time from, not what wakes it:
 * timers of Node belong to the fake timers of Jest, Vitest or `node:test`.
 */
export class FakeClock implements Clock {
  private passedMs = 0;
  private jumpedMs = 0;

  /** @param startMs the wall-clock time that it shows at first, in milliseconds since the Unix epoch */
  constructor(private readonly startMs = 1_700_000_000_000) {}

  /** Wall-clock time in milliseconds since the Unix epoch. */
  now(): number {
    return this.startMs + this.passedMs + this.jumpedMs;
  }

  /** Milliseconds that passed; it starts elsewhere than {@link now}, so that mistaking one for the other shows. */
  monotonic(): number {
    return 5_000 + this.passedMs;
  }

  /**
   * Lets time pass, on the wall and for durations.
   *
   * @param ms milliseconds
   * @throws {RangeError} if they are negative or no number: time does not go back
   */
  advance(ms: number): void {
    if (!(Number.isFinite(ms) && ms >= 0)) {
      throw new RangeError(
        `Expected advance() to get milliseconds from 0 up, got ${ms}. To put the clock back, use jumpTo().`,
      );
    }
    this.passedMs += ms;
  }

  /**
   * Sets the clock on the wall, forwards or back, as an administrator would; durations are not touched.
   *
   * @param nowMs milliseconds since the Unix epoch
   */
  jumpTo(nowMs: number): void {
    this.jumpedMs = nowMs - this.startMs - this.passedMs;
  }
}
