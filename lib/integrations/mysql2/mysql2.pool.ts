import { type PoolState, type PoolWaits, watchPoolWait } from '../pool-state.js';
import type { Mysql2Pool } from './mysql2.discovery.js';

/** Returns the state of a pool. */
export function mysql2PoolState(pool: Mysql2Pool): PoolState {
  const idle = pool._freeConnections.length;
  return {
    used: pool._allConnections.length - idle,
    idle,
    pending: pool._connectionQueue.length,
    // 0 means no limit.
    max: pool.config.connectionLimit || undefined,
  };
}

/** Measures the time that callers wait for a connection. @returns a function that stops the watch */
export function watchMysql2PoolWait(pool: Mysql2Pool, waits: PoolWaits): () => void {
  return watchPoolWait(pool, 'getConnection', waits, () => mysql2PoolState(pool));
}
