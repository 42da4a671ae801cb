/** A source of time. Inject one of your own to control time in a test. */
export interface Clock {
  /** Returns the wall-clock time for timestamps, in milliseconds since the Unix epoch. */
  now(): number;
  /** Returns a time for durations, in milliseconds since an arbitrary start. It never goes backwards. */
  monotonic(): number;
}

/** Looked up once, since `performance` is a getter of the global object. */
const { performance } = globalThis;

/** The system clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
