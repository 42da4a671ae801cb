import type { PushError } from './push-destination.js';

/**
 * Returns the reaction to a response with this HTTP status. Missing permission and redirects need somebody to
 * intervene; an overloaded or restarting remote accepts the request later.
 */
export function remedyFor(status: number): PushError['remedy'] {
  if (status === 401 || status === 403 || status === 407 || (status >= 300 && status < 400)) return 'stop';
  return status === 408 || status === 429 || status < 200 || status >= 500 ? 'retry' : 'drop';
}
