/**
 * The quantile of a classic histogram as Prometheus estimates it: within the bucket that holds it, values are
 * taken to be spread evenly.
 *
 * @param upperBounds the finite ones, in ascending order
 * @param counts how many values were at or below each bound; one more than there are bounds
 */
export function bucketQuantile(q: number, upperBounds: readonly number[], counts: readonly number[]): number {
  if (Number.isNaN(q) || upperBounds.length === 0) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const rising = risingCounts(counts);
  const total = rising.at(-1) ?? 0;
  if (!(total > 0)) return NaN;
  const rank = q * total;
  const bucket = rising.findIndex((count, i) => i === rising.length - 1 || count >= rank);
  if (bucket === rising.length - 1) return upperBounds.at(-1)!;
  const upper = upperBounds[bucket];
  if (bucket === 0 && upper <= 0) return upper;
  const lower = bucket === 0 ? 0 : upperBounds[bucket - 1];
  const below = bucket === 0 ? 0 : rising[bucket - 1];
  return lower + (upper - lower) * ((rank - below) / (rising[bucket] - below));
}

/** Extrapolation may leave a count a little below the one before it. */
function risingCounts(counts: readonly number[]): number[] {
  let most = -Infinity;
  return counts.map((count) => (most = Math.max(most, count)));
}

/**
 * Estimates the quantile from rates of buckets as Prometheus does, with those that have one at all.
 *
 * @param rates how fast the count at or below each bound went up, the last one without bound; NaN if unknown
 */
export function bucketQuantileOf(q: number, upperBounds: readonly number[], rates: Float64Array): number {
  const all = rates[upperBounds.length];
  if (Number.isNaN(all)) return NaN;
  const there = [...upperBounds.keys()].filter((bucket) => !Number.isNaN(rates[bucket]));
  return bucketQuantile(
    q,
    there.map((bucket) => upperBounds[bucket]),
    [...there.map((bucket) => rates[bucket]), all],
  );
}
