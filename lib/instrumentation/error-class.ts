import { boundedLabelValue, BoundedLabelValues } from '../primitives/bounded-label-values.js';

const CLASS_NAME = /^[\w$]+$/;

/** Upper limit for values that come from data instead of code. */
const MAX_CLASSES = 200;

/** Returns the class name of a thrown value: `unknown` for an invalid name, the type for a primitive value. */
export function errorClass(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return typeof thrown;
  try {
    const name: unknown = thrown.constructor.name;
    return typeof name === 'string' && CLASS_NAME.test(name) ? boundedLabelValue(name) : 'unknown';
  } catch {
    return 'unknown';
  }
}

/** The values of an `error` label, bounded in number and length. */
export class ErrorClasses {
  private readonly values = new BoundedLabelValues(MAX_CLASSES);

  /** Returns the label value for a thrown value. */
  of(thrown: unknown): string {
    return this.values.of(errorClass(thrown));
  }
}
