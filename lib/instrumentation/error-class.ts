import { boundedLabelValue, LabelValues } from '../primitives/label-values.js';

const CLASS_NAME = /^[\w$]+$/;

/** An application has as many as its code has classes; more are made of data. */
const MAX_CLASSES = 200;

/** Returns the class of what was thrown, whatever the error says: `unknown` if it has no name that is one. */
export function errorClass(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return typeof thrown;
  try {
    const name: unknown = thrown.constructor.name;
    return typeof name === 'string' && CLASS_NAME.test(name) ? boundedLabelValue(name) : 'unknown';
  } catch {
    return 'unknown';
  }
}

/** The values of a label for the classes of errors, bounded in number and length. */
export class ErrorClasses {
  private readonly values = new LabelValues(MAX_CLASSES);

  /** Returns the label for what was thrown. */
  of(thrown: unknown): string {
    return this.values.of(errorClass(thrown));
  }
}
