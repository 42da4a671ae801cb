import { isError } from './is-error.js';

/** Returns the message of a thrown value. Never throws. */
export function messageOf(error: unknown): string {
  try {
    return isError(error) ? error.message : String(error);
  } catch {
    return 'threw a value that cannot be converted to a string';
  }
}
