import type { Clock } from '../../metrics/clock.js';
import type { Guard } from '../../primitives/guard.js';
import { type PoolState, watchPoolWait, type WaitObserver } from '../pool-state.js';
import type { Knex } from './knex.discovery.js';

/** Returns the state of the pool; undefined while Knex has none. */
export function knexPoolState({ client: { pool } }: Knex): PoolState | undefined {
  if (pool === undefined) return undefined;
  return { used: pool.numUsed(), idle: pool.numFree(), pending: pool.numPendingAcquires(), max: pool.max };
}

/** Measures the time that statements wait for a connection. @returns a function that stops the watch */
export function watchKnexPoolWait(
  { client }: Knex,
  clock: Clock,
  guard: Guard,
  observe: WaitObserver,
): () => void {
  return watchPoolWait(client, 'acquireConnection', clock, guard, observe);
}
