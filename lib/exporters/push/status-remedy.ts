import type { PushError } from './push-destination.js';

/**
 * Returns what may be done about a request that was answered with this HTTP status. Without permission, or with an
 * address that has moved, nothing is taken until somebody acts; a remote that is busy or restarts takes it soon.
 */
export function remedyFor(status: number): PushError['remedy'] {
  if (status === 401 || status === 403 || status === 407 || (status >= 300 && status < 400)) return 'stop';
  return status === 408 || status === 429 || status < 200 || status >= 500 ? 'retry' : 'drop';
}
