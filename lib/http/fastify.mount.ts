import type { IncomingMessage, ServerResponse } from 'node:http';
import { watchAnswer } from './answer-watch.js';
import type { EndpointReply } from './endpoint.js';
import { EventStream } from './event-stream.js';
import type { Claim, Respond } from './mount.js';
import { type MountedEndpoint, methodOf } from './route-table.js';
import { bytesOf, sendReply, wholeHeaders } from './send-reply.js';

interface FastifyRequestLike {
  readonly raw: IncomingMessage;
}

interface FastifyReplyLike {
  readonly raw: ServerResponse;
  code(status: number): FastifyReplyLike;
  headers(values: Readonly<Record<string, unknown>>): FastifyReplyLike;
  getHeaders(): Readonly<Record<string, number | string | string[] | undefined>>;
  send(body: unknown): unknown;
  hijack(): FastifyReplyLike;
  readonly sent: boolean;
}

/** Resolves with the body that Fastify is to send, or with the reply if that has been seen to. */
type Handle = (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<Buffer | FastifyReplyLike>;

interface RouterOptions {
  readonly ignoreTrailingSlash?: boolean;
}

interface FastifyLike {
  hasRoute(route: { url: string; method: string }): boolean;
  readonly initialConfig: RouterOptions & { readonly routerOptions?: RouterOptions };
}

/** Fastify, as Nest has it. */
export interface FastifyAdapterLike {
  get(url: string, handle: Handle): unknown;
  head(url: string, handle: Handle): unknown;
  post(url: string, handle: Handle): unknown;
  getInstance(): FastifyLike;
}

/** The methods of the adapter by those of HTTP. */
const REGISTER = { GET: 'get', HEAD: 'head', POST: 'post' } as const;

/** Makes endpoints reachable on Fastify, each as routes of its own. */
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
    const handle: Handle = async (request, reply) => {
      const isAnswered = watchAnswer(reply, 'send');
      const answer = await respond(endpoint, request.raw, reply.raw, [request, reply]);
      return isAnswered() || reply.sent ? reply : send(reply, answer);
    };
    // A router that ignores the slash at the end takes the second for the first and refuses it.
    for (const url of ignoresTrailingSlash(fastify) ? [route] : [route, `${route}/`]) {
      for (const accepted of method === 'GET' ? (['GET', 'HEAD'] as const) : [method]) {
        // GET may have brought HEAD with it, unless `exposeHeadRoutes` is off.
        if (!fastify.hasRoute({ url, method: accepted })) adapter[REGISTER[accepted]](url, handle);
      }
    }
  }
}

function ignoresTrailingSlash({ initialConfig }: FastifyLike): boolean {
  return Boolean(initialConfig.ignoreTrailingSlash || initialConfig.routerOptions?.ignoreTrailingSlash);
}

/**
 * Leaves the sending to Fastify, so that its hooks run and may change headers and body. A stream goes to the response
 * of Node, with the headers that hooks have set before: compression would hold its events back.
 */
function send(reply: FastifyReplyLike, { status, headers, body }: EndpointReply): Buffer | FastifyReplyLike {
  if (body instanceof EventStream) {
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    sendReply(reply.hijack().raw, { status, headers, body });
    return reply;
  }
  const bytes = bytesOf(body);
  reply.code(status).headers(wholeHeaders(headers, bytes));
  return bytes;
}
