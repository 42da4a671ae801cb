import type { Clock } from '../../metrics/clock.js';
import { patchMethod } from '../method-patch.js';
import type { PoolState, WaitObserver } from '../pool-state.js';
import type { PgPool } from './pg.discovery.js';

type Callback = (...values: unknown[]) => void;

export function pgPoolState({ totalCount, idleCount, waitingCount, options }: PgPool): PoolState {
  return { used: totalCount - idleCount, idle: idleCount, pending: waitingCount, max: options.max };
}

/** Takes the time that clients of the pool wait for a connection. @returns how to end that */
export function watchPgPoolWait(pool: PgPool, clock: Clock, observe: WaitObserver): () => void {
  return patchMethod(
    pool,
    'connect',
    (original) =>
      function (this: unknown, ...args) {
        const startedAt = clock.monotonic();
        const end = (): void => observe((clock.monotonic() - startedAt) / 1000);
        const [callback] = args as unknown[];
        if (typeof callback === 'function') {
          const timed: Callback = function (this: unknown, ...values) {
            end();
            (callback as Callback).apply(this, values);
          };
          return original.call(this, timed as never);
        }
        return (original.apply(this, args) as Promise<unknown>).finally(end);
      },
  );
}
