import type { ApplicationObjects } from '../application-objects.integration.js';
import type { ObjectMatch, ObjectQuery } from '../object-search.js';
import { hasMethods } from '../object-shape.js';

/** The used part of a generated `PrismaClient`. */
export interface PrismaClient {
  /** Such as `postgresql` or `mongodb`. */
  readonly _activeProvider?: string;
  /** The client behind a proxy or an extended client. */
  readonly _originalClient?: unknown;
  $on?(event: 'query', listener: (event: { query: string; duration: number }) => void): unknown;
  /** The engine and its configuration: that of Prisma 7 runs in JavaScript, and older ones in a library or process. */
  readonly _engine?: { readonly name?: unknown };
  readonly _engineConfig?: { readonly logQueries?: unknown };
  /** Missing with MongoDB. */
  $queryRawUnsafe?(sql: string): Promise<unknown>;
  /** Only with MongoDB. */
  $runCommandRaw?(command: object): Promise<unknown>;
}

/** The query of {@link findPrismaClients}. */
export const PRISMA_CLIENTS: ObjectQuery<PrismaClient> = {
  marks: ['$transaction'],
  is: isPrismaClient,
  identityOf: originalClient,
};

/** Returns the clients of the application. A client and its proxies and extensions count once. */
export function findPrismaClients(objects: ApplicationObjects): ObjectMatch<PrismaClient>[] {
  return objects.find(PRISMA_CLIENTS);
}

/** Returns the client behind a proxy or an extended client, or the client itself. */
export function originalClient(client: PrismaClient): PrismaClient {
  const { _originalClient: original } = client;
  return typeof original === 'object' && original !== null ? original : client;
}

function isPrismaClient(candidate: object): candidate is PrismaClient {
  return hasMethods(candidate, '$connect', '$disconnect', '$transaction');
}
