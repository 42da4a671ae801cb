import { MetricDefinitionError } from './errors.js';

/** What a label may be set to: coerced to a string, `null` and `undefined` to the empty one. */
export type LabelValue = string | number | boolean | bigint | null | undefined;

/** One value for each label name of a metric. */
export type Labels<L extends string> = Readonly<Record<L, LabelValue>>;

/** The label that marks the one series in which samples beyond the series limit are summed. */
export const OVERFLOW_LABEL = 'monitoring_overflow';

/** The data model of Prometheus, as exporters before version 3 of it understand it. */
export const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const RESERVED_LABELS = new Set(['le', 'quantile', OVERFLOW_LABEL]);
const NEEDS_ESCAPE = /["\\\n]/;

/**
 * Checks label names as the Prometheus data model defines them.
 *
 * @throws {MetricDefinitionError} for a malformed, reserved or repeated name
 */
export function assertLabelNames(owner: string, names: readonly string[]): void {
  for (const name of names) {
    if (typeof name !== 'string' || !LABEL_NAME.test(name)) {
      throw new MetricDefinitionError(
        `Expected label names of ${owner} to match ${LABEL_NAME.source}, got ${JSON.stringify(name)}.`,
      );
    }
    if (name.startsWith('__') || RESERVED_LABELS.has(name)) {
      throw new MetricDefinitionError(
        `Label "${name}" of ${owner} is reserved for the exposition format or for this library: choose another name.`,
      );
    }
  }
  if (new Set(names).size !== names.length) {
    throw new MetricDefinitionError(`Label names of ${owner} repeat: ${names.join(', ')}.`);
  }
}

/**
 * Turns what was passed as a label value into the string that identifies the series. Lone surrogates become
 * U+FFFD, as they would on the wire: two values that look the same there are the same series here.
 */
export function toLabelString(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : String(value);
  return text.isWellFormed() ? text : text.toWellFormed();
}

/** Renders `name="value"` with the escapes that text 0.0.4 and OpenMetrics 1.0 share. */
export function renderLabel(name: string, value: string): string {
  return `${name}="${NEEDS_ESCAPE.test(value) ? escapeLabelValue(value) : value}"`;
}

function escapeLabelValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
