/** Samples of one series, oldest first. */
export interface Samples {
  /** Milliseconds since the Unix epoch. */
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** A window over the samples of one series. */
export interface SampleWindow extends Samples {
  /** The index of the first sample in the window. */
  readonly first: number;
  /** The index after the last sample in the window. */
  readonly end: number;
  readonly startMs: number;
  readonly endMs: number;
}
