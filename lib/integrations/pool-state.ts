import type { Clock } from '../metrics/clock.js';
import type { Guard } from '../primitives/guard.js';
import { type CallObserver, patchMethod, withObservedCallback } from '../primitives/method-patch.js';

/** The state of a connection pool of any library. */
export interface PoolState {
  readonly used: number;
  readonly idle: number;
  /** Number of callers that wait for a connection. */
  readonly pending: number;
  /** Maximum number of connections; undefined if there is no limit. */
  readonly max?: number | undefined;
}

/** A receiver of the time that a caller waited for a connection, in seconds. */
export type WaitObserver = (seconds: number) => void;

/**
 * Measures the time until a method of a pool gives a connection to its callback or resolves with one.
 *
 * @returns a function that stops the watch
 */
export function watchPoolWait(
  pool: object,
  method: string,
  clock: Clock,
  guard: Guard,
  observe: WaitObserver,
): () => void {
  return patchMethod(pool, method, guard, (args): CallObserver => {
    const startedAt = clock.monotonic();
    const end = (): void => observe((clock.monotonic() - startedAt) / 1000);
    return typeof args[0] === 'function'
      ? { args: withObservedCallback(args, 0, guard, end) }
      : { fulfilled: end, rejected: end };
  });
}
