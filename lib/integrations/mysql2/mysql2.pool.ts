import type { Clock } from '../../metrics/clock.js';
import type { Guard } from '../../primitives/guard.js';
import { type PoolState, watchPoolWait, type WaitObserver } from '../pool-state.js';
import type { Mysql2Pool } from './mysql2.discovery.js';

/** Returns how many connections of a pool are in use, idle and waited for. */
export function mysql2PoolState(pool: Mysql2Pool): PoolState {
  const idle = pool._freeConnections.length;
  return {
    used: pool._allConnections.length - idle,
    idle,
    pending: pool._connectionQueue.length,
    // 0 is no limit.
    max: pool.config.connectionLimit || undefined,
  };
}

/** Takes the time that clients of the pool wait for a connection. @returns a function that ends it */
export function watchMysql2PoolWait(
  pool: Mysql2Pool,
  clock: Clock,
  guard: Guard,
  observe: WaitObserver,
): () => void {
  return watchPoolWait(pool, 'getConnection', clock, guard, observe);
}
