import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExpressRoutes } from './express-routes.js';

/** The `route` of every request that no route of the application matches. */
export const UNMATCHED_ROUTE = '<unmatched>';

/** The part of a Fastify reply that is used. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  readonly request: { readonly raw: IncomingMessage; readonly routeOptions?: { readonly url?: string } };
  getHeader(name: string): unknown;
}

/**
 * Returns the template of the route that served a request, such as `/users/:id`. It is never a raw URL, which would
 * let clients create series. Call it once the response has ended.
 */
export function routeOf(
  response: ServerResponse,
  reply: FastifyReplyLike | undefined,
  express: ExpressRoutes,
): string {
  const template = reply === undefined ? express.templateOf(response.req) : reply.request.routeOptions?.url;
  return template === undefined || template === '' ? UNMATCHED_ROUTE : template;
}
