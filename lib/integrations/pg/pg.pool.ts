import type { Clock } from '../../metrics/clock.js';
import type { Guard } from '../../primitives/guard.js';
import { type PoolState, watchPoolWait, type WaitObserver } from '../pool-state.js';
import type { PgPool } from './pg.discovery.js';

/** Returns the state of a pool. */
export function pgPoolState({ totalCount, idleCount, waitingCount, options }: PgPool): PoolState {
  return { used: totalCount - idleCount, idle: idleCount, pending: waitingCount, max: options.max };
}

/** Measures the time that callers wait for a connection. @returns a function that stops the watch */
export function watchPgPoolWait(pool: PgPool, clock: Clock, guard: Guard, observe: WaitObserver): () => void {
  return watchPoolWait(pool, 'connect', clock, guard, observe);
}
