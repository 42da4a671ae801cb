import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { ownQuery } from '../own-query.js';
import { hasMethods } from '../structure.js';
import { untilAborted } from '../until-aborted.js';

/** What is used of a generated `PrismaClient`. */
export interface PrismaClient {
  /** Such as `postgresql` or `mongodb`. */
  readonly _activeProvider?: string;
  /** The client itself, where this is a proxy of it or extends it. */
  readonly _originalClient?: unknown;
  $on?(event: 'query', listener: (event: { query: string; duration: number }) => void): unknown;
  /** Not with MongoDB. */
  $queryRawUnsafe?(sql: string): Promise<unknown>;
  /** Only with MongoDB. */
  $runCommandRaw?(command: object): Promise<unknown>;
}

/** Returns the clients of the application, each once: an application has a proxy of it, or one that extends it. */
export function findPrismaClients(objects: ApplicationObjects): Found<PrismaClient>[] {
  return objects.find({ is: isPrismaClient, identityOf: originalClient });
}

/** Returns the client that others are a proxy of, or extend. */
export function originalClient(client: PrismaClient): PrismaClient {
  const { _originalClient: original } = client;
  return typeof original === 'object' && original !== null ? original : client;
}

/** Whether the database answers; rejects if not. */
export async function pingPrisma(client: PrismaClient, signal: AbortSignal): Promise<void> {
  // Prisma only sends a statement when it is waited for.
  await untilAborted(Promise.resolve(sendPing(client)), signal);
}

function isPrismaClient(candidate: object): candidate is PrismaClient {
  return hasMethods(candidate, '$connect', '$disconnect', '$transaction');
}

async function sendPing(client: PrismaClient): Promise<void> {
  const isMongo = client._activeProvider === 'mongodb' || !hasMethods(client, '$queryRawUnsafe');
  if (isMongo) await client.$runCommandRaw?.({ ping: 1 });
  else await client.$queryRawUnsafe?.(ownQuery('SELECT 1'));
}
