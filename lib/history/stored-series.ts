import type { ExponentialHistory } from './exponential-history.js';

/** Marks a sample that was not taken: the previous one still counts as the current value. */
export const MISSING = NaN;
/** Marks a sample in which the series no longer existed. The registry holds finite numbers only. */
export const STALE = -Infinity;

/** One series over time. A histogram has one column for each cumulative bucket and one for the sum. */
export interface StoredSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** The samples, `width` columns for each slot of the ring. */
  values: Float64Array;
  exponential: ExponentialHistory | undefined;
  /** The creation time in the registry, by which a series that was created again is recognized. */
  createdAt: number;
  /** The last time at which the series was zero: its creation. -Infinity if that is unknown. */
  zeroAt: number;
  /** The zero times before that one, as far back as samples are kept; undefined for nearly every series. */
  earlierZeroTimes: readonly number[] | undefined;
  /** The smallest value that a histogram has observed; NaN without any. */
  min: number;
  /** The largest value that a histogram has observed; NaN without any. */
  max: number;
  /** The number of the last sample that contained the series. */
  lastSample: number;
}

const NO_TIMES: readonly number[] = [];

/** Returns the times at which a series was zero, oldest first. */
export function zeroTimesOf({ zeroAt, earlierZeroTimes = NO_TIMES }: StoredSeries): readonly number[] {
  return [...earlierZeroTimes, zeroAt];
}
