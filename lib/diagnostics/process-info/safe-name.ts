import { redactAndCut } from '../../primitives/redact.js';

/** Maximum length of a name, in UTF-16 code units. */
const MAX_LENGTH = 200;

/**
 * Returns a name from the application without secrets: an injection token may be a text from a configuration.
 *
 * @param maxLength in UTF-16 code units
 */
export function safeName(name: unknown, maxLength = MAX_LENGTH): string {
  return typeof name === 'string' ? redactAndCut(name, maxLength) : '';
}
