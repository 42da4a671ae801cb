import type { Clock } from '../../metrics/clock.js';
import type { Guard } from '../../primitives/guard.js';
import { type PoolState, watchPoolWait, type WaitObserver } from '../pool-state.js';
import type { Knex } from './knex.discovery.js';

/** Returns how many connections of the pool are in use, idle and waited for; undefined while Knex has no pool. */
export function knexPoolState({ client: { pool } }: Knex): PoolState | undefined {
  if (pool === undefined) return undefined;
  return { used: pool.numUsed(), idle: pool.numFree(), pending: pool.numPendingAcquires(), max: pool.max };
}

/** Takes the time that statements wait for a connection. @returns a function that ends it */
export function watchKnexPoolWait(
  { client }: Knex,
  clock: Clock,
  guard: Guard,
  observe: WaitObserver,
): () => void {
  return watchPoolWait(client, 'acquireConnection', clock, guard, observe);
}
