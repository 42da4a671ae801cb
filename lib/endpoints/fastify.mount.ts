import type { IncomingMessage, ServerResponse } from 'node:http';
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
  send(body: Buffer): unknown;
  hijack(): unknown;
  readonly sent: boolean;
}

type Handle = (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<void>;

/** Fastify, as Nest has it. */
export interface FastifyAdapterLike {
  get(url: string, handle: Handle): unknown;
  post(url: string, handle: Handle): unknown;
  getInstance(): { hasRoute(route: { url: string; method: string }): boolean };
}

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
    const handle: Handle = async (request, reply) =>
      send(reply, await respond(endpoint, request.raw, reply.raw, [request, reply]));
    for (const url of [route, `${route}/`]) {
      // With `ignoreTrailingSlash`, the first is both.
      if (fastify.hasRoute({ url, method })) continue;
      if (method === 'POST') adapter.post(url, handle);
      else adapter.get(url, handle);
    }
  }
}

/** By Fastify, so that its hooks run and may add headers; a stream is none of its business. */
function send(reply: FastifyReplyLike, answer: EndpointReply): void {
  // A guard has answered already.
  if (reply.sent) return;
  if (answer.body instanceof EventStream) {
    reply.hijack();
    sendReply(reply.raw, answer);
    return;
  }
  const bytes = bytesOf(answer.body);
  reply.code(answer.status).headers(wholeHeaders(answer.headers, bytes)).send(bytes);
}
