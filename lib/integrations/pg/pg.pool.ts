import { type PoolState, type PoolWaits, watchPoolWait } from '../pool-state.js';
import type { PgPool } from './pg.discovery.js';

/** Returns the state of a pool. */
export function pgPoolState({ totalCount, idleCount, waitingCount, options }: PgPool): PoolState {
  return { used: totalCount - idleCount, idle: idleCount, pending: waitingCount, max: options.max };
}

/** Measures the time that callers wait for a connection. @returns a function that stops the watch */
export function watchPgPoolWait(pool: PgPool, waits: PoolWaits): () => void {
  return watchPoolWait(pool, 'connect', waits, () => pgPoolState(pool));
}
