import { hasMethods } from '../object-shape.js';
import { ownQuery } from '../own-query.js';
import { abandonOnAbort } from '../abandoned-work.js';
import type { PrismaClient } from './prisma.discovery.js';

/** Rejects if the database does not answer. */
export async function pingPrisma(client: PrismaClient, signal: AbortSignal): Promise<void> {
  await abandonOnAbort(sendPing(client), signal);
}

async function sendPing(client: PrismaClient): Promise<void> {
  const isMongo = client._activeProvider === 'mongodb' || !hasMethods(client, '$queryRawUnsafe');
  if (isMongo) await client.$runCommandRaw?.({ ping: 1 });
  else await client.$queryRawUnsafe?.(ownQuery('SELECT 1'));
}
