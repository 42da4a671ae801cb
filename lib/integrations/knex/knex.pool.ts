import type { Clock } from '../../metrics/clock.js';
import { patchMethod } from '../method-patch.js';
import type { PoolState, WaitObserver } from '../pool-state.js';
import type { Knex } from './knex.discovery.js';

/** Undefined where Knex has no pool any more. */
export function knexPoolState({ client: { pool } }: Knex): PoolState | undefined {
  if (pool === undefined) return undefined;
  return { used: pool.numUsed(), idle: pool.numFree(), pending: pool.numPendingAcquires(), max: pool.max };
}

/** Takes the time that statements wait for a connection. @returns how to end that */
export function watchKnexPoolWait({ client }: Knex, clock: Clock, observe: WaitObserver): () => void {
  return patchMethod(
    client,
    'acquireConnection',
    (original) =>
      function (this: unknown, ...args) {
        const startedAt = clock.monotonic();
        return (original.apply(this, args) as Promise<unknown>).finally(() =>
          observe((clock.monotonic() - startedAt) / 1000),
        );
      },
  );
}
