import type { ExponentialBuckets } from '../../metrics/exponential-histogram.js';
import type { HistogramInterval } from './metrics-interval.js';

/** Distinct values in ascending order, and how often each occurred. */
export interface WeightedValues {
  readonly values: readonly number[];
  readonly counts: readonly number[];
}

const DIGITS = 12;

type Observed = Pick<HistogramInterval, 'delta' | 'min' | 'max'>;

interface Bucket {
  /** Negative for the values below zero. */
  readonly sign: number;
  readonly index: number;
  readonly count: number;
}

/**
 * What was observed in some series together, for remotes that want values instead of buckets. The counts are
 * exact. A value is the middle of its bucket, so at most 0.55 % off, if there are no more buckets than `limit`;
 * otherwise neighbours are merged until there are not. The values are corrected to add up to the true sum.
 */
export function weightedValues(observed: readonly Observed[], limit = Infinity): WeightedValues {
  let scale = observed[0]?.delta.exponential.scale ?? 0;
  let buckets = joined(observed.flatMap(bucketsOf).toSorted(byValue));
  while (buckets.length > limit) {
    buckets = joined(buckets.map((bucket) => ({ ...bucket, index: Math.floor(bucket.index / 2) })));
    scale--;
  }
  const counts = buckets.map(({ count }) => count);
  const { min, max, sum } = extent(observed);
  const middles = buckets.map(({ sign, index }) =>
    Math.min(Math.max(sign * middleOf(index, scale), min), max),
  );
  const share = correction(middles, counts, sum, scale);
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

/** Makes one of neighbours that are the same bucket. */
function joined(buckets: readonly Bucket[]): Bucket[] {
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
    min: Math.min(...withValues.map(({ min }) => min)),
    max: Math.max(...withValues.map(({ max }) => max)),
    sum: withValues.reduce((total, { delta }) => total + delta.sum, 0),
  };
}

/** What is more exact than any bucket, and short to write. */
function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

/** The value whose relative distance to both bounds of the bucket is the same. */
function middleOf(index: number, scale: number): number {
  const width = 2 ** -scale;
  const lower = 2 ** (index * width);
  const upper = 2 ** ((index + 1) * width);
  return (2 * lower * upper) / (lower + upper);
}

/**
 * Returns the share of its magnitude that each value is moved by, all in the same direction, so that they add up to
 * the sum. A sum that lost its digits beside a far greater total says nothing of them.
 */
function correction(
  values: readonly number[],
  counts: readonly number[],
  sum: number,
  scale: number,
): number {
  let total = 0;
  let magnitude = 0;
  for (const [i, value] of values.entries()) {
    total += value * counts[i];
    magnitude += Math.abs(value) * counts[i];
  }
  const share = (sum - total) / magnitude;
  // From the middle of a bucket to its upper bound, and what rounding adds.
  const mostOff = (2 ** (2 ** -scale) - 1) / 2 + 1e-9;
  const isMixed = values[0] < 0 && values.at(-1)! > 0;
  // No value may change its sign.
  return Math.abs(share) <= mostOff && !(isMixed && Math.abs(share) >= 1) ? share : 0;
}
