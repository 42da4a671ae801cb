import { listenTo } from '../../primitives/emitter-listener.js';
import { isOwnQuery } from '../own-query.js';
import type { QueryRecorder } from '../queries/query-recorder.js';
import { originalClient, type PrismaClient } from './prisma.discovery.js';

interface PrismaQueryEvent {
  readonly query: string;
  /** In milliseconds. */
  readonly duration: number;
}

/** The names of databases in OpenTelemetry, by those in Prisma, where these differ. */
const SYSTEMS: ReadonlyMap<string, string> = new Map([
  ['postgres', 'postgresql'],
  ['sqlserver', 'microsoft.sql_server'],
]);

/**
 * Counts the statements of a client that is made with `log: [{ emit: 'event', level: 'query' }]`; another one tells
 * nobody of them. Prisma does not tell either which ones fail.
 *
 * @returns a function that ends it
 */
export function watchPrisma(client: PrismaClient, queries: QueryRecorder): () => void {
  const { _activeProvider: provider = 'other_sql' } = client;
  const recorder = queries.forSystem(SYSTEMS.get(provider) ?? provider);
  // A client that extends another one takes no listeners.
  const original = originalClient(client);
  // A listener cannot be taken away again.
  let active = true;
  listenTo(
    { on: (_: string, listener: (event: PrismaQueryEvent) => void) => original.$on?.('query', listener) },
    'query',
    queries.guard,
    ({ query, duration }: PrismaQueryEvent) => {
      if (active && !isOwnQuery(query)) recorder.end(query, recorder.now() - duration);
    },
  );
  return () => (active = false);
}
