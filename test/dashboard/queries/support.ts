import { ApiError } from '../../../lib/dashboard/dashboard-api.endpoints.js';
import type { DashboardSources } from '../../../lib/dashboard/dashboard-sources.js';
import { type QueryContext, queryContext } from '../../../lib/dashboard/queries/query-context.js';
import { past } from '../../history/support.js';

/** Returns the context of queries over an application that has the given sources and nothing else. */
export function contextOf(own: Partial<Record<keyof DashboardSources, unknown>> = {}): QueryContext {
  const { registry, history, clock } = past();
  const alerts = { vitals: () => [] };
  const instance = { id: 'web-1:17:1', host: 'web-1', pid: 17, startedAt: 1 };
  const sources = { registry, history, alerts, clock, instance, hasAuth: false, ...own };
  return queryContext(sources as unknown as DashboardSources);
}

/** Returns the status and the message with which a query is refused. */
export async function refusalOf(ask: () => unknown): Promise<readonly [status: number, message: string]> {
  try {
    await ask();
  } catch (error) {
    if (error instanceof ApiError) return [error.status, error.message];
    throw error;
  }
  throw new Error('The query was answered.');
}

/** Returns the parameters of a request. */
export function parameters(text: string): URLSearchParams {
  return new URLSearchParams(text);
}
