import type { IncomingMessage, ServerResponse } from 'node:http';

/** The one `route` of every request that no route of the application matches. */
export const UNMATCHED_ROUTE = '<unmatched>';

interface ExpressRequest extends IncomingMessage {
  route?: { path?: unknown };
  baseUrl?: string;
}

/** The part of a Fastify reply that we read. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  readonly request: { readonly raw: IncomingMessage; readonly routeOptions?: { readonly url?: string } };
  getHeader(name: string): unknown;
}

/**
 * The route template that served a request, such as `/users/:id`, read once the response is over; never a raw
 * URL, whatever a client asks for.
 */
export function routeOf(response: ServerResponse, reply: FastifyReplyLike | undefined): string {
  const template = reply === undefined ? expressTemplate(response.req) : reply.request.routeOptions?.url;
  if (template === undefined || template === '') return UNMATCHED_ROUTE;
  // Nest and its middleware catch what nothing else did by a wildcard of their own.
  if (response.statusCode === 404 && endsInWildcard(template)) return UNMATCHED_ROUTE;
  return template;
}

function expressTemplate(request: ExpressRequest): string | undefined {
  const path = request.route?.path;
  if (path === undefined) return undefined;
  const template = Array.isArray(path) ? path.join('|') : String(path);
  // Express tells what a mounted router was asked for, not the template it is mounted at.
  return request.baseUrl ? `*${template}` : template;
}

function endsInWildcard(template: string): boolean {
  return /\*\w*\}?$/.test(template);
}
