import type { FamilyHistory } from '../history/family-history.js';
import { LOOKBACK_MS } from '../history/family-reader.js';
import type { Samples } from '../history/samples.js';
import type { StoredSeries } from '../history/stored-series.js';

/** The observations of a histogram by bucket, between each two of several times. */
export interface BucketCounts {
  /** The finite upper bounds. There is one bucket more, for what is above the last of them. */
  readonly upperBounds: readonly number[];
  /** The counts of each bucket: of observations in it alone, one count for each time but the first. */
  readonly counts: readonly Float64Array[];
}

/**
 * Counts the observations in each bucket between each two successive times, resets included and without extrapolation.
 * Yields after each series.
 *
 * @param moments milliseconds since the Unix epoch, in ascending order
 */
export function* bucketCounts(
  family: FamilyHistory,
  matching: readonly StoredSeries[],
  moments: readonly number[],
): Generator<void, BucketCounts, void> {
  const { upperBounds } = family;
  const columns = Math.max(0, moments.length - 1);
  const counts = Array.from({ length: upperBounds.length + 1 }, () => new Float64Array(columns));
  const [start = 0] = moments;
  for (const series of matching) {
    for (const [bucket, totals] of counts.entries()) {
      const samples = family.reader.samples(series, bucket, start - LOOKBACK_MS, moments.at(-1) ?? 0, true);
      addIncreases(totals, samples, moments);
    }
    yield;
  }
  // Each bucket of a histogram contains the one below it.
  for (let bucket = counts.length - 1; bucket > 0; bucket--) {
    const below = counts[bucket - 1];
    counts[bucket] = counts[bucket]!.map((count, i) => Math.max(0, count - (below?.[i] ?? 0)));
  }
  return { upperBounds, counts };
}

/** Adds the increase of a counter between each two successive times. After a lower value it has begun again from zero. */
function addIncreases(totals: Float64Array, { times, values }: Samples, moments: readonly number[]): void {
  let before: number | undefined;
  let column = -1;
  for (const [i, time] of times.entries()) {
    while (time > (moments[column + 1] ?? Infinity)) column++;
    const value = values[i] ?? NaN;
    if (before !== undefined && column >= 0) {
      totals[column] = (totals[column] ?? 0) + (value < before ? value : value - before);
    }
    before = value;
  }
}
