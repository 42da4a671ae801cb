import { types } from 'node:util';

/** Returns true for an error, also of another realm: in Jest, an error of Node.js is no instance of the global `Error`. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value) || value instanceof DOMException;
}
