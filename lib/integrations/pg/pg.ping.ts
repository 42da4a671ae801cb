import { ownQuery } from '../own-query.js';
import { abandonOnAbort } from '../abandoned-work.js';
import type { PgClient, PgPool } from './pg.discovery.js';
import { connectPgPool, useOnce } from './pg.pool-client.js';

/** Rejects if the database does not answer. A connection that does not answer is destroyed. */
export async function pingPgPool(pool: PgPool, signal: AbortSignal): Promise<void> {
  const client = await connectPgPool(pool, signal);
  await useOnce(client, () => pingPgClient(client, signal));
}

/** Rejects if the database does not answer on this connection. */
export async function pingPgClient(client: PgClient, signal: AbortSignal): Promise<void> {
  await abandonOnAbort(client.query(ownQuery('SELECT 1')), signal);
}
