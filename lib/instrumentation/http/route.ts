import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExpressRoutes } from './express-routes.js';

/** The one `route` of every request that no route of the application matches. */
export const UNMATCHED_ROUTE = '<unmatched>';

/** The part of a Fastify reply that we read. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  readonly request: { readonly raw: IncomingMessage; readonly routeOptions?: { readonly url?: string } };
  getHeader(name: string): unknown;
}

/**
 * Returns the route template that served a request, such as `/users/:id`, read once the response is over; never a raw
 * URL, whatever a client asks for.
 */
export function routeOf(
  response: ServerResponse,
  reply: FastifyReplyLike | undefined,
  express: ExpressRoutes,
): string {
  const template = reply === undefined ? express.templateOf(response.req) : reply.request.routeOptions?.url;
  return template === undefined || template === '' ? UNMATCHED_ROUTE : template;
}
