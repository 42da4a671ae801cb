import { assertBuckets } from '../../metrics/buckets.js';
import { MetricDefinitionError } from '../../metrics/errors.js';
import { assertLabelNames } from '../../metrics/labels.js';
import type { StaticLabels } from '../performance-measurement.js';

/** What may be given as the value of a label that does not change. */
export type StaticLabelInput = Readonly<Record<string, string | number | boolean>>;

/** @throws {MetricDefinitionError} unless it is an object with these keys alone */
export function expectOptions(decorator: string, options: unknown, keys: readonly string[]): void {
  const isObject = typeof options === 'object' && options !== null && !Array.isArray(options);
  expectOption(`the options of ${decorator}`, options, 'an object', isObject);
  const unknown = Object.keys(options as object).filter((key) => !keys.includes(key));
  if (unknown.length === 0) return;
  throw new MetricDefinitionError(
    `Expected the options of ${decorator} to have only the keys ${keys.join(', ')}, got ${unknown.join(', ')}.`,
  );
}

/**
 * The labels as they will be recorded, sorted by name.
 *
 * @param taken label names that the decorator sets itself
 * @throws {MetricDefinitionError} for names or values that cannot be labels
 */
export function checkedLabels(
  decorator: string,
  labels: StaticLabelInput | undefined,
  taken: readonly string[] = [],
): StaticLabels {
  if (labels === undefined) return {};
  const option = `labels of ${decorator}`;
  expectOption(
    option,
    labels,
    'an object',
    typeof labels === 'object' && labels !== null && !Array.isArray(labels),
  );
  const entries = Object.entries(labels);
  assertLabelNames(
    decorator,
    entries.map(([name]) => name),
  );
  for (const [name, value] of entries) {
    if (taken.includes(name)) {
      throw new MetricDefinitionError(
        `Label "${name}" of ${decorator} is set from what happens: choose another name.`,
      );
    }
    const isValue = ['string', 'number', 'boolean'].includes(typeof value);
    expectOption(`label ${name} of ${decorator}`, value, 'a string, a number or a boolean', isValue);
  }
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, value]) => [name, String(value)]));
}

/** @throws {MetricDefinitionError} unless it is a number from 0 to 1 */
export function checkedSampleRate(decorator: string, rate: number | undefined): number {
  const valid = rate === undefined || (typeof rate === 'number' && rate >= 0 && rate <= 1);
  expectOption(`sampleRate of ${decorator}`, rate, 'a number from 0 (time no call) to 1 (time each)', valid);
  return rate ?? 1;
}

/** @throws {MetricDefinitionError} unless they are finite upper bounds in strictly ascending order */
export function checkedBuckets(
  decorator: string,
  buckets: readonly number[] | undefined,
): readonly number[] | undefined {
  if (buckets === undefined) return undefined;
  expectOption(`buckets of ${decorator}`, buckets, 'an array', Array.isArray(buckets));
  return assertBuckets(decorator, buckets);
}

/** @throws {MetricDefinitionError} if it is not valid */
export function expectOption(option: string, value: unknown, expected: string, valid: boolean): void {
  if (valid) return;
  throw new MetricDefinitionError(
    `Expected ${option} to be ${expected}, got ${typeof value === 'string' ? `"${value}"` : String(value)} (${typeof value}).`,
  );
}
