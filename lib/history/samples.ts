/** Samples of one series, oldest first. */
export interface Samples {
  /** Milliseconds since the Unix epoch. */
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** A window over the samples of one series. */
export interface SampleWindow extends Samples {
  /** The index of the first sample in the window, and that of the first one after it. */
  readonly first: number;
  readonly end: number;
  readonly startMs: number;
  readonly endMs: number;
}
