import { bucketMidpoints, pairsOf } from '../push/bucket-midpoints.js';
import type { HistogramInterval } from '../push/metrics-interval.js';

/** Greatest magnitude that CloudWatch accepts; the smallest is its inverse. */
const MAX_MAGNITUDE = 2 ** 360;

/** Returns 0 for a value below the smallest magnitude that CloudWatch accepts. */
export function zeroIfTiny(value: number): number {
  return Math.abs(value) < 1 / MAX_MAGNITUDE ? 0 : value;
}

/** Returns true for a value that CloudWatch accepts. */
export function isStorableNumber(value: number): boolean {
  // Comparisons with NaN are false, so it is not storable.
  return Math.abs(value) <= MAX_MAGNITUDE;
}

/** Returns the numbers of occurrences of the values observed in several series, by at most `limit` distinct values. */
export function storableValues(
  histograms: readonly HistogramInterval[],
  limit: number,
): ReadonlyMap<number, number> {
  const countOf = new Map<number, number>();
  // Several tiny values may become zero, and CloudWatch rejects duplicates.
  for (const [exact, count] of pairsOf(bucketMidpoints(histograms, limit))) {
    const value = zeroIfTiny(exact);
    countOf.set(value, (countOf.get(value) ?? 0) + count);
  }
  return countOf;
}
