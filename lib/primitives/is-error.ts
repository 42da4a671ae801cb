import { types } from 'node:util';

/**
 * Returns whether a value is an error. One that Node made is, too, in the tests of Jest, where it is no instance of
 * the `Error` that code sees.
 */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value) || value instanceof DOMException;
}
