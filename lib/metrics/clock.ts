/** The two readings of time that monitoring needs; inject another one to own time in a test. */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch, for timestamps. */
  now(): number;
  /** Milliseconds from an arbitrary start that never go backwards, for durations. */
  monotonic(): number;
}

/** `performance` is a getter of the global object; what it gives is looked up once. */
const { performance } = globalThis;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
