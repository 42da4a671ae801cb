import type { ExponentialBuckets } from '../../metrics/exponential-histogram.js';
import type { HistogramInterval } from './metrics-interval.js';
import { largest, smallest } from '../../primitives/extremes.js';

/** Distinct values in ascending order, each with its number of occurrences. */
export interface WeightedValues {
  readonly values: readonly number[];
  /** Number of occurrences of the value at the same index. */
  readonly counts: readonly number[];
}

/** A value with its number of occurrences. */
export type WeightedValue = readonly [value: number, count: number];

/** Returns each value together with its number of occurrences. */
export function pairsOf({ values, counts }: WeightedValues): WeightedValue[] {
  return values.map((value, i) => [value, counts[i] ?? 0]);
}

/** More precise than any bucket, and short as text. */
const DIGITS = 12;

type Observed = Pick<HistogramInterval, 'delta' | 'min' | 'max'>;

interface Bucket {
  /** -1 for a bucket of negative values, 0 for that of zero, 1 for one of positive values. */
  readonly sign: number;
  readonly index: number;
  readonly count: number;
}

/**
 * Returns the values observed in several series together, for remotes that expect values instead of buckets. The counts
 * are exact. A value is the middle of its bucket, which is at most 0.55 % off; neighbouring buckets are merged until
 * there are at most `limit`. The values are corrected so that they add up to the true sum.
 */
export function bucketMidpoints(observed: readonly Observed[], limit = Infinity): WeightedValues {
  let scale = observed[0]?.delta.exponential.scale ?? 0;
  let buckets = merged(observed.flatMap(bucketsOf).toSorted(byValue));
  while (buckets.length > limit) {
    buckets = merged(buckets.map((bucket) => ({ ...bucket, index: Math.floor(bucket.index / 2) })));
    scale--;
  }
  const counts = buckets.map(({ count }) => count);
  const { min, max, sum } = extent(observed);
  const middles = buckets.map(({ sign, index }) =>
    Math.min(Math.max(sign * middleOf(index, scale), min), max),
  );
  const share = correction({ values: middles, counts }, sum, scale);
  return { values: middles.map((value) => rounded(value + Math.abs(value) * share)), counts };
}

function bucketsOf({ delta }: Observed): Bucket[] {
  const { negative, zeroCount, positive } = delta.exponential;
  const zero = zeroCount > 0 ? [{ sign: 0, index: 0, count: zeroCount }] : [];
  return [...bucketsOfSign(-1, negative), ...zero, ...bucketsOfSign(1, positive)];
}

function bucketsOfSign(sign: number, { offset, counts }: ExponentialBuckets): Bucket[] {
  return counts.flatMap((count, i) => (count > 0 ? [{ sign, index: offset + i, count }] : []));
}

function byValue(a: Bucket, b: Bucket): number {
  return a.sign - b.sign || a.sign * (a.index - b.index);
}

/** Merges neighbours with the same sign and index. */
function merged(buckets: readonly Bucket[]): Bucket[] {
  const distinct: Bucket[] = [];
  for (const bucket of buckets) {
    const last = distinct.at(-1);
    if (last?.sign === bucket.sign && last.index === bucket.index) {
      distinct[distinct.length - 1] = { ...last, count: last.count + bucket.count };
    } else distinct.push(bucket);
  }
  return distinct;
}

function extent(observed: readonly Observed[]) {
  const withValues = observed.filter(({ delta }) => delta.count > 0);
  return {
    min: smallest(withValues.map(({ min }) => min)),
    max: largest(withValues.map(({ max }) => max)),
    sum: withValues.reduce((total, { delta }) => total + delta.sum, 0),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

/** Returns the value at the same relative distance from both bounds of a bucket. */
function middleOf(index: number, scale: number): number {
  const width = 2 ** -scale;
  const lower = 2 ** (index * width);
  const upper = 2 ** ((index + 1) * width);
  return (2 * lower * upper) / (lower + upper);
}

/**
 * Returns the share of its magnitude by which each value is moved, all in the same direction, so that they add up to
 * the sum. Returns 0 for a sum beyond what the buckets allow, which has lost its digits next to a far greater total.
 */
function correction(weighted: WeightedValues, sum: number, scale: number): number {
  let total = 0;
  let magnitude = 0;
  for (const [value, count] of pairsOf(weighted)) {
    total += value * count;
    magnitude += Math.abs(value) * count;
  }
  const share = (sum - total) / magnitude;
  // The distance from the middle of a bucket to its upper bound, plus rounding.
  const limit = (2 ** (2 ** -scale) - 1) / 2 + 1e-9;
  const { values } = weighted;
  const isMixed = (values[0] ?? 0) < 0 && (values.at(-1) ?? 0) > 0;
  // No value may change its sign.
  return Math.abs(share) <= limit && !(isMixed && Math.abs(share) >= 1) ? share : 0;
}
