import type { Clock } from '../../metrics/clock.js';
import { patchMethod } from '../method-patch.js';
import type { PoolState, WaitObserver } from '../pool-state.js';
import type { Mysql2Pool } from './mysql2.discovery.js';

type Callback = (...values: unknown[]) => void;

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

/** Takes the time that clients of the pool wait for a connection. @returns how to end that */
export function watchMysql2PoolWait(pool: Mysql2Pool, clock: Clock, observe: WaitObserver): () => void {
  return patchMethod(
    pool,
    'getConnection',
    (original) =>
      function (this: unknown, ...args) {
        const [callback] = args as unknown as [Callback];
        const startedAt = clock.monotonic();
        const timed: Callback = function (this: unknown, ...values) {
          observe((clock.monotonic() - startedAt) / 1000);
          callback.apply(this, values);
        };
        return original.call(this, timed as never);
      },
  );
}
