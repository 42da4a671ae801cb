import { isError } from './is-error.js';

/** The most causes of causes that are read. */
const MAX_DEPTH = 5;

/**
 * Returns the code of a network error or of its cause, such as `ECONNREFUSED`; undefined if it has none. The message of
 * such an error may contain a secret address, and its code does not.
 */
export function networkErrorCode(error: unknown): string | undefined {
  for (let cause = error, depth = 0; isError(cause) && depth < MAX_DEPTH; cause = cause.cause, depth++) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return undefined;
}
