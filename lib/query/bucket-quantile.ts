/**
 * Returns a quantile of a classic histogram as Prometheus estimates it: within a bucket, it assumes values to be spread
 * evenly.
 *
 * @param upperBounds the finite upper bounds, in ascending order
 * @param counts cumulative counts, one for each bound and one for +Inf
 */
export function bucketQuantile(q: number, upperBounds: readonly number[], counts: readonly number[]): number {
  const lastBound = upperBounds.at(-1);
  if (Number.isNaN(q) || lastBound === undefined) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const rising = risingCounts(counts);
  const total = rising.at(-1) ?? 0;
  if (!(total > 0)) return NaN;
  const rank = q * total;
  const bucket = rising.findIndex((count) => count >= rank);
  const upper = upperBounds[bucket];
  const count = rising[bucket];
  if (upper === undefined || count === undefined) return lastBound;
  if (bucket === 0 && upper <= 0) return upper;
  const lower = upperBounds[bucket - 1] ?? 0;
  const below = rising[bucket - 1] ?? 0;
  return lower + (upper - lower) * ((rank - below) / (count - below));
}

/** Returns counts that never fall: extrapolation may leave one slightly below the one before it. */
function risingCounts(counts: readonly number[]): number[] {
  let max = -Infinity;
  return counts.map((count) => (max = Math.max(max, count)));
}

/**
 * Estimates a quantile from the rates of the buckets, without the buckets whose rate is unknown.
 *
 * @param rates the rate of each cumulative bucket, the one for +Inf last; NaN if unknown
 */
export function bucketQuantileOf(q: number, upperBounds: readonly number[], rates: Float64Array): number {
  const all = rates[upperBounds.length] ?? NaN;
  if (Number.isNaN(all)) return NaN;
  const known = upperBounds
    .map((bound, bucket) => ({ bound, rate: rates[bucket] ?? NaN }))
    .filter(({ rate }) => !Number.isNaN(rate));
  return bucketQuantile(
    q,
    known.map(({ bound }) => bound),
    [...known.map(({ rate }) => rate), all],
  );
}
