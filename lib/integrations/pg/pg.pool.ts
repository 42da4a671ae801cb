import type { Clock } from '../../metrics/clock.js';
import type { Guard } from '../../primitives/guard.js';
import { type PoolState, watchPoolWait, type WaitObserver } from '../pool-state.js';
import type { PgPool } from './pg.discovery.js';

/** Returns how many connections of a pool are in use, idle and waited for. */
export function pgPoolState({ totalCount, idleCount, waitingCount, options }: PgPool): PoolState {
  return { used: totalCount - idleCount, idle: idleCount, pending: waitingCount, max: options.max };
}

/** Takes the time that clients of the pool wait for a connection. @returns a function that ends it */
export function watchPgPoolWait(pool: PgPool, clock: Clock, guard: Guard, observe: WaitObserver): () => void {
  return watchPoolWait(pool, 'connect', clock, guard, observe);
}
