import { assertBuckets } from '../../metrics/buckets.js';
import { MetricDefinitionError } from '../../metrics/metric-definition.error.js';
import { assertLabelNames } from '../../metrics/labels.js';
import { describeValue } from '../../options/option-descriptions.js';
import type { StaticLabels } from '../performance-measurement.js';
import { isRecord } from '../../primitives/is-object.js';

/** Values of labels that are the same for every sample, by label name. */
export type StaticLabelInput = Readonly<Record<string, string | number | boolean>>;

/** Checks the options of a decorator. @throws {MetricDefinitionError} unless they are an object with these keys only */
export function expectOptions(decorator: string, options: unknown, keys: readonly string[]): void {
  expectOption(`Options of ${decorator}`, options, 'an object', isRecord(options));
  // TypeScript passes the prototype of the class to a decorator that is not called.
  if (Object.hasOwn(options as object, 'constructor')) {
    throw new MetricDefinitionError(
      `Options of ${decorator} are missing: write ${decorator} with parentheses.`,
    );
  }
  const unknown = Object.keys(options as object).filter((key) => !keys.includes(key));
  if (unknown.length === 0) return;
  throw new MetricDefinitionError(
    `Options of ${decorator} must have only the keys ${keys.join(', ')}; got ${unknown.join(', ')}.`,
  );
}

/**
 * Returns the label values as strings, sorted by label name.
 *
 * @param reserved label names that the decorator sets itself
 * @throws {MetricDefinitionError} for an invalid or reserved label name, and for an invalid label value
 */
export function checkedLabels(
  decorator: string,
  labels: StaticLabelInput | undefined,
  reserved: readonly string[] = [],
): StaticLabels {
  if (labels === undefined) return {};
  expectOption(`\`labels\` of ${decorator}`, labels, 'an object', isRecord(labels));
  const entries = Object.entries(labels);
  assertLabelNames(
    decorator,
    entries.map(([name]) => name),
  );
  for (const [name, value] of entries) {
    if (reserved.includes(name)) {
      throw new MetricDefinitionError(
        `Label "${name}" of ${decorator} is set by the decorator itself; choose another name.`,
      );
    }
    const isValid = ['string', 'number', 'boolean'].includes(typeof value);
    expectOption(`\`labels.${name}\` of ${decorator}`, value, 'a string, a number or a boolean', isValid);
  }
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, value]) => [name, String(value)]));
}

/** Checks a sample rate and returns it. @throws {MetricDefinitionError} unless it is a number from 0 to 1 */
export function checkedSampleRate(decorator: string, rate: number | undefined): number {
  const isValid = rate === undefined || (typeof rate === 'number' && rate >= 0 && rate <= 1);
  const expected = 'a number from 0 (no call is timed) to 1 (every call is timed)';
  expectOption(`\`sampleRate\` of ${decorator}`, rate, expected, isValid);
  return rate ?? 1;
}

/** Checks buckets and returns them. @throws {MetricDefinitionError} unless they are finite and strictly ascending */
export function checkedBuckets(
  decorator: string,
  buckets: readonly number[] | undefined,
): readonly number[] | undefined {
  if (buckets === undefined) return undefined;
  expectOption(`\`buckets\` of ${decorator}`, buckets, 'an array of numbers', Array.isArray(buckets));
  return assertBuckets(decorator, buckets);
}

/** Checks the value of an option. @throws {MetricDefinitionError} unless the value is valid */
export function expectOption(option: string, value: unknown, expected: string, isValid: boolean): void {
  if (isValid) return;
  throw new MetricDefinitionError(`${option} must be ${expected}; got ${describeValue(value)}.`);
}
