import { medianOf } from '../../primitives/median.js';

/** A value at a time. */
export interface TimedValue {
  /** Milliseconds since an arbitrary start. */
  readonly at: number;
  readonly value: number;
}

/** The trend of values over time. */
export interface Trend {
  /** Change per millisecond: the median of the slopes between all pairs of values, after Theil and Sen. */
  readonly slope: number;
  /** Evenness of the trend after Mann and Kendall, in standard deviations of values without a trend. */
  readonly z: number;
}

/**
 * Returns the trend of some values, in the order of their times. It compares all pairs of values, so that a few outliers
 * change little, and assumes no distribution.
 */
export function trendOf(values: readonly TimedValue[]): Trend {
  const slopes: number[] = [];
  let balance = 0;
  values.forEach((later, index) => {
    for (const earlier of values.slice(0, index)) {
      const change = later.value - earlier.value;
      balance += Math.sign(change);
      slopes.push(change / (later.at - earlier.at));
    }
  });
  const { length } = values;
  const deviation = Math.sqrt((length * (length - 1) * (2 * length + 5)) / 18);
  // By one less, since the balance is a whole number and the normal distribution is not.
  const excess = Math.sign(balance) * Math.max(0, Math.abs(balance) - 1);
  return { slope: slopes.length > 0 ? medianOf(slopes) : 0, z: deviation > 0 ? excess / deviation : 0 };
}
