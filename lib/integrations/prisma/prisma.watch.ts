import { listenTo } from '../../primitives/emitter-listener.js';
import { isOwnQuery } from '../own-query.js';
import type { QueryRecorder } from '../queries/query.recorder.js';
import { originalClient, type PrismaClient } from './prisma.discovery.js';

/** The event of a statement that has ended. */
interface PrismaQueryEvent {
  readonly query: string;
  /** Duration in milliseconds. */
  readonly duration: number;
}

/** The names of database systems in OpenTelemetry, by the Prisma providers that differ from them. */
const SYSTEMS: ReadonlyMap<string, string> = new Map([
  ['postgres', 'postgresql'],
  ['sqlserver', 'microsoft.sql_server'],
]);

/**
 * Records the statements of a client with `log: [{ emit: 'event', level: 'query' }]`, without which it emits no events.
 * The events do not show which statements failed.
 *
 * @returns a function that stops the watch
 */
export function watchPrisma(client: PrismaClient, queries: QueryRecorder): () => void {
  const { _activeProvider: provider = 'other_sql' } = client;
  const recorder = queries.forSystem(SYSTEMS.get(provider) ?? provider);
  // An extended client has no $on().
  const original = originalClient(client);
  // Prisma has no method to remove a listener.
  let isActive = true;
  listenTo(
    { on: (_: string, listener: (event: PrismaQueryEvent) => void) => original.$on?.('query', listener) },
    'query',
    queries.guard,
    ({ query, duration }: PrismaQueryEvent) => {
      if (isActive && !isOwnQuery(query)) recorder.endMeasured(query, duration);
    },
  );
  return () => (isActive = false);
}
