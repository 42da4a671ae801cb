/**
 * Lets the process end before a timer does, and returns the timer. In a test it may be a number: those of a DOM and the fake
 * timers of Jest's older API have no `unref()`.
 */
export function unref<Timer extends NodeJS.Timeout | NodeJS.Immediate>(timer: Timer): Timer {
  (timer as Partial<Timer> | null)?.unref?.();
  return timer;
}
