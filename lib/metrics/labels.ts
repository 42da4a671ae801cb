import { MetricDefinitionError } from './metric-definition.error.js';

/** A label value. It is converted to a string; `null` and `undefined` become the empty string. */
export type LabelValue = string | number | boolean | bigint | null | undefined;

/** One value for each label name of a metric. */
export type Labels<L extends string> = Readonly<Record<L, LabelValue>>;

/** The label that marks the overflow series, which sums the samples beyond the series limit. */
export const OVERFLOW_LABEL = 'monitoring_overflow';

/** The maximum number of label names of a metric with open labels. */
export const OPEN_LABELS_LIMIT = 64;

/** The pattern of label names in the Prometheus data model before version 3. */
export const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** The names that Prometheus keeps for itself begin so. */
const RESERVED_PREFIX = '__';
const RESERVED_LABELS = new Set(['le', 'quantile', OVERFLOW_LABEL]);

/**
 * Checks label names as the Prometheus data model defines them.
 *
 * @throws {MetricDefinitionError} for a malformed, reserved or repeated name
 */
export function assertLabelNames(owner: string, names: readonly string[]): void {
  for (const name of names) {
    if (typeof name !== 'string' || !LABEL_NAME.test(name)) {
      throw new MetricDefinitionError(
        `${JSON.stringify(name)} is not a valid label name of ${owner}. Use letters, digits and underscores, and no digit first.`,
      );
    }
    if (name.startsWith(RESERVED_PREFIX) || RESERVED_LABELS.has(name)) {
      throw new MetricDefinitionError(
        `The label name "${name}" of ${owner} is reserved by the exposition format or this library. Choose another name.`,
      );
    }
  }
  if (new Set(names).size !== names.length) {
    throw new MetricDefinitionError(
      `${owner} has a label name twice: ${names.join(', ')}. Remove the duplicate.`,
    );
  }
}

/** Tells whether a label of a series in Prometheus may have this name. */
export function isLabelName(name: unknown): name is string {
  return typeof name === 'string' && LABEL_NAME.test(name) && !name.startsWith(RESERVED_PREFIX);
}

/** Returns labels without the empty ones, which are equal to absent ones. */
export function withoutEmptyLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}

/**
 * Converts a label value to the string that identifies the series. Lone surrogates become U+FFFD, as they do in UTF-8,
 * so that two values that look the same in an exposition are the same series.
 */
export function toLabelString(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : String(value);
  return text.isWellFormed() ? text : text.toWellFormed();
}
