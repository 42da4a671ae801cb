import { MetricDefinitionError } from './metric-definition.error.js';

/**
 * Upper bounds in seconds that suit most web services: the defaults of the Prometheus client libraries. They are the
 * classic buckets of an exposition; `percentile()` reads the buckets of `exponential-histogram.ts`.
 */
export const DEFAULT_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Returns `count` upper bounds that are `width` apart and begin at `start`.
 *
 * @throws {MetricDefinitionError} if `width` is not positive or `count` is not a whole number of at least 1
 */
export function linearBuckets(start: number, width: number, count: number): number[] {
  assertAbove('width', width, 0);
  assertCount(count);
  return Array.from({ length: count }, (_, i) => start + i * width);
}

/**
 * Returns `count` upper bounds that begin at `start` and are each `factor` times the one before.
 *
 * @throws {MetricDefinitionError} if `start` is not positive, `factor` is not above 1 or `count` is not a whole number of
 *   at least 1
 */
export function exponentialBuckets(start: number, factor: number, count: number): number[] {
  assertAbove('start', start, 0);
  assertAbove('factor', factor, 1);
  assertCount(count);
  return Array.from({ length: count }, (_, i) => start * factor ** i);
}

/**
 * Checks upper bounds and returns a copy without the implied last one, +Inf.
 *
 * @param minCount minimum number of finite bounds
 * @throws {MetricDefinitionError} unless the bounds are finite numbers in strictly ascending order
 */
export function assertBuckets(owner: string, buckets: readonly number[], minCount = 1): readonly number[] {
  const bounds = buckets.at(-1) === Infinity ? buckets.slice(0, -1) : buckets.slice();
  const valid =
    bounds.length >= minCount &&
    bounds.every((bound, i) => Number.isFinite(bound) && bound > (bounds[i - 1] ?? -Infinity));
  if (!valid) {
    throw new MetricDefinitionError(
      `\`buckets\` of ${owner} must be finite upper bounds in strictly ascending order; got [${buckets.join(', ')}].`,
    );
  }
  return bounds;
}

function assertAbove(name: string, value: number, limit: number): void {
  if (!(value > limit && value < Infinity)) {
    throw new MetricDefinitionError(
      `\`${name}\` of the buckets must be a number above ${limit}; got ${value}.`,
    );
  }
}

function assertCount(count: number): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new MetricDefinitionError(
      `\`count\` of the buckets must be a whole number of at least 1; got ${count}.`,
    );
  }
}
