import type { IncomingMessage, ServerResponse } from 'node:http';
import { watchResponse } from './response-watch.js';
import type { Endpoint, EndpointReply } from './endpoint.js';
import { EventStream } from './event-stream.js';
import { StreamBody } from './stream-body.js';
import type { Claim, Respond } from './mount.js';
import { type MountedEndpoint, methodOf } from './route-table.js';
import { bytesOf, sendReply, headersWithLength } from './send-reply.js';

/** The part of a request of Fastify that is used. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
}

/** The part of a reply of Fastify that is used. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  code(status: number): FastifyReplyLike;
  headers(values: Readonly<Record<string, unknown>>): FastifyReplyLike;
  getHeaders(): Readonly<Record<string, number | string | string[] | undefined>>;
  send(body: unknown): unknown;
  hijack(): FastifyReplyLike;
  readonly sent: boolean;
}

/** A handler of a route. It resolves with the body for Fastify to send, or with the reply if the response has been sent. */
type Handle = (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<Buffer | FastifyReplyLike>;

interface RouterOptions {
  readonly ignoreTrailingSlash?: boolean;
}

interface FastifyLike {
  hasRoute(route: { url: string; method: string }): boolean;
  readonly initialConfig: RouterOptions & { readonly routerOptions?: RouterOptions };
}

/** The part of the Fastify adapter of Nest that is used. */
export interface FastifyAdapterLike {
  get(url: string, handle: Handle): unknown;
  head(url: string, handle: Handle): unknown;
  post(url: string, handle: Handle): unknown;
  getInstance(): FastifyLike;
}

/** Methods of the adapter by HTTP method. */
const REGISTER = { GET: 'get', HEAD: 'head', POST: 'post' } as const;

/** Registers the endpoints on Fastify, each with its own routes. */
export function mountOnFastify(
  adapter: FastifyAdapterLike,
  endpoints: readonly MountedEndpoint[],
  claim: Claim,
  respond: Respond,
): void {
  const fastify = adapter.getInstance();
  for (const mounted of endpoints) {
    const { endpoint, route } = mounted;
    const method = methodOf(endpoint);
    if (!claim(mounted, fastify.hasRoute({ url: route, method }))) continue;
    const handle: Handle = async (request, reply) =>
      (await bodyOnFastify(endpoint, request, reply, respond)) ?? reply;
    // A router that ignores trailing slashes rejects the second URL as a duplicate.
    for (const url of ignoresTrailingSlash(fastify) ? [route] : [route, `${route}/`]) {
      for (const accepted of method === 'GET' ? (['GET', 'HEAD'] as const) : [method]) {
        // GET registers HEAD too, unless `exposeHeadRoutes` is off.
        if (!fastify.hasRoute({ url, method: accepted })) adapter[REGISTER[accepted]](url, handle);
      }
    }
  }
}

/** Sends the reply of an endpoint, unless a guard sends the response itself. Resolves once it has been sent. */
export async function replyOnFastify(
  endpoint: Endpoint,
  request: FastifyRequestLike,
  reply: FastifyReplyLike,
  respond: Respond,
): Promise<void> {
  const body = await bodyOnFastify(endpoint, request, reply, respond);
  if (body !== undefined) reply.send(body);
  // Fastify sends what a handler returns, unless the response has been sent by then.
  await (reply as FastifyReplyLike & PromiseLike<void>);
}

/** Sets status and headers, and returns the body to send; undefined if the response has been sent. */
async function bodyOnFastify(
  endpoint: Endpoint,
  request: FastifyRequestLike,
  reply: FastifyReplyLike,
  respond: Respond,
): Promise<Buffer | undefined> {
  const isSent = watchResponse(reply, 'send');
  const response = await respond(endpoint, request.raw, reply.raw, [request, reply]);
  return isSent() || reply.sent ? undefined : prepare(reply, response);
}

function ignoresTrailingSlash({ initialConfig }: FastifyLike): boolean {
  return Boolean(initialConfig.ignoreTrailingSlash || initialConfig.routerOptions?.ignoreTrailingSlash);
}

/**
 * Prepares a reply and returns the body for Fastify to send, so that its hooks may change headers and body. A
 * stream bypasses Fastify, with the headers that hooks have set, since compression would buffer it.
 */
function prepare(reply: FastifyReplyLike, { status, headers, body }: EndpointReply): Buffer | undefined {
  if (body instanceof EventStream || body instanceof StreamBody) {
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    sendReply(reply.hijack().raw, { status, headers, body });
    return undefined;
  }
  const bytes = bytesOf(body);
  reply.code(status).headers(headersWithLength(headers, bytes));
  return bytes;
}
