import { MetricDefinitionError } from './errors.js';

/** Upper bounds, in seconds, that fit most web services: the defaults of the Prometheus client libraries. */
export const DEFAULT_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * `count` upper bounds, `width` apart, the first at `start`.
 *
 * @throws {MetricDefinitionError} if `width` is not positive or `count` is not a whole number from 1 up
 */
export function linearBuckets(start: number, width: number, count: number): number[] {
  assertPositive('width', width);
  assertCount(count);
  return Array.from({ length: count }, (_, i) => start + i * width);
}

/**
 * `count` upper bounds, each `factor` times the one before, the first at `start`.
 *
 * @throws {MetricDefinitionError} if `start` is not positive, `factor` is not above 1 or `count` not from 1 up
 */
export function exponentialBuckets(start: number, factor: number, count: number): number[] {
  assertPositive('start', start);
  assertPositive('factor - 1', factor - 1);
  assertCount(count);
  return Array.from({ length: count }, (_, i) => start * factor ** i);
}

/**
 * Checks upper bounds and returns a copy without the implied last one, +Inf.
 *
 * @throws {MetricDefinitionError} unless they are finite numbers in strictly ascending order
 */
export function assertBuckets(owner: string, buckets: readonly number[]): readonly number[] {
  const bounds = buckets.at(-1) === Infinity ? buckets.slice(0, -1) : buckets.slice();
  const valid =
    bounds.length > 0 &&
    bounds.every((bound, i) => Number.isFinite(bound) && (i === 0 || bounds[i - 1] < bound));
  if (!valid) {
    throw new MetricDefinitionError(
      `Expected buckets of ${owner} to be finite upper bounds in strictly ascending order, got [${buckets.join(', ')}].`,
    );
  }
  return bounds;
}

function assertPositive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) {
    throw new MetricDefinitionError(`Expected ${name} of the buckets to be above 0, got ${value}.`);
  }
}

function assertCount(count: number): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new MetricDefinitionError(`Expected a count of buckets from 1 up, got ${count}.`);
  }
}
