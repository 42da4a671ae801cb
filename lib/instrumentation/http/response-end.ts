import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { FastifyReplyLike } from './route.js';

/** The status under which a request counts whose client went away before the response was complete. */
const CLIENT_CLOSED_REQUEST = 499;

/** The status under which a request counts whose response the application broke off, whatever its head said. */
const BROKEN_OFF = 500;

/**
 * The status under which a response counts that has ended, in whichever way.
 *
 * @param queued whether it began while an earlier response was still being sent on its connection
 */
export function statusOf(response: ServerResponse, queued: boolean): number {
  return isComplete(response, queued) ? response.statusCode : statusOfIncomplete(response);
}

/** Whether the application said all it had to say and all of it was handed to the connection. */
function isComplete(response: ServerResponse, queued: boolean): boolean {
  // The usual end: said all and let go of its connection. It is told by fields of the response itself, as getters
  // are far away under the prototypes of Express.
  if (response.finished && response.socket === null && !queued) return true;
  // HTTP/2 calls a stream finished that the client has reset, too.
  if (!response.writableEnded) return false;
  // What stands in for a connection, such as in `inject()`, does not tell; there the end is all there is.
  return response.writableFinished || !(response.req.socket instanceof Socket);
}

function statusOfIncomplete(response: ServerResponse): number {
  // Null until destroy() is called, and then whatever it was given; HTTP/2 does not have it.
  const destroyed = 'errored' in response && response.errored !== null;
  const { socket } = response.req;
  const clientLeft = socket.readableEnded || (socket.errored ?? null) !== null;
  return destroyed && !clientLeft ? BROKEN_OFF : CLIENT_CLOSED_REQUEST;
}

/** Whether the response is a stream of server-sent events, which ends when one side has had enough. */
export function isEventStream(response: ServerResponse, reply: FastifyReplyLike | undefined): boolean {
  // An answer whose length was known is no stream, and most are: Node sends the others in chunks, if it may.
  if (response.useChunkedEncodingByDefault && !response.chunkedEncoding) return false;
  const type =
    reply?.getHeader('content-type') ?? response.getHeader('content-type') ?? contentTypeSent(response);
  return typeof type === 'string' && type.startsWith('text/event-stream');
}

/** The content type of a response whose head was written at once, which Node keeps as text only. */
function contentTypeSent(response: ServerResponse & { _header?: string | null }): string | undefined {
  return /\r\ncontent-type: *([^\r]*)/i.exec(response._header ?? '')?.[1];
}
