import { type PoolState, type PoolWaits, watchPoolWait } from '../pool-state.js';
import type { Knex } from './knex.discovery.js';

/** Returns the state of the pool; undefined while Knex has none. */
export function knexPoolState({ client: { pool } }: Knex): PoolState | undefined {
  if (pool === undefined) return undefined;
  return { used: pool.numUsed(), idle: pool.numFree(), pending: pool.numPendingAcquires(), max: pool.max };
}

/** Measures the time that statements wait for a connection. @returns a function that stops the watch */
export function watchKnexPoolWait(knex: Knex, waits: PoolWaits): () => void {
  return watchPoolWait(knex.client, 'acquireConnection', waits, () => knexPoolState(knex));
}
