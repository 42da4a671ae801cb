import { classifySql } from '../queries/query-class.js';
import { isOwnQuery } from '../own-query.js';
import type { QueryRecorder } from '../queries/query-recorder.js';
import type { PrismaClient } from './prisma.discovery.js';

interface PrismaQueryEvent {
  readonly query: string;
  /** In milliseconds. */
  readonly duration: number;
}

const SYSTEMS: Readonly<Record<string, string>> = {
  postgres: 'postgresql',
  sqlserver: 'microsoft.sql_server',
};

/**
 * Counts the statements of a client that is made with `log: [{ emit: 'event', level: 'query' }]`; another one tells
 * nobody of them. Prisma does not tell either which ones fail. @returns how to end that
 */
export function watchPrisma(client: PrismaClient, queries: QueryRecorder): () => void {
  const { _activeProvider: provider = 'other_sql' } = client;
  const recorder = queries.forSystem(SYSTEMS[provider] ?? provider);
  // A listener cannot be taken away again.
  let active = true;
  client.$on?.('query', ({ query, duration }: PrismaQueryEvent) => {
    if (active && !isOwnQuery(query)) recorder.endAfter(classifySql(query), duration);
  });
  return () => (active = false);
}
