import type { Clock } from '../metrics/clock.js';
import type { Guard } from '../primitives/guard.js';
import type { OperationWaits } from './operation-waits.js';
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

/** The dependencies for measuring the time that callers wait for a connection of a pool. */
export interface PoolWaits {
  readonly clock: Clock;
  readonly guard: Guard;
  /** The operations of the application that wait; undefined if none is recorded. */
  readonly operations: OperationWaits | undefined;
  readonly observe: WaitObserver;
}

/**
 * Measures the time until a method of a pool gives a connection to its callback or resolves with one. A callback is called
 * in the context of its own operation, since whoever gives a connection back calls that of the next caller in the queue.
 *
 * @param stateOf returns the state of the pool, in which an idle connection is there at once; undefined if it is unknown
 * @returns a function that stops the watch
 */
export function watchPoolWait(
  pool: object,
  method: string,
  { clock, guard, operations, observe }: PoolWaits,
  stateOf: () => PoolState | undefined,
): () => void {
  return patchMethod(pool, method, guard, (args): CallObserver => {
    const startedAt = clock.monotonic();
    const queue = operations === undefined || isThereAtOnce(stateOf()) ? undefined : operations;
    const wait = queue?.begin('pool');
    const end = (): void => {
      wait?.end(undefined, false);
      observe((clock.monotonic() - startedAt) / 1000);
    };
    return typeof args[0] === 'function'
      ? { args: withObservedCallback(args, 0, guard, end, queue?.capture()) }
      : { fulfilled: end, rejected: end };
  });
}

/** Returns true if an idle connection is left for the next caller. */
function isThereAtOnce(state: PoolState | undefined): boolean {
  return state !== undefined && state.idle > state.pending;
}
