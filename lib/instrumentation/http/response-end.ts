import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { Socket } from 'node:net';
import { refusalOf } from './refused-request.js';
import type { FastifyReplyLike } from './route.js';

/** The status under which a request counts whose client went away before the response was complete. */
const CLIENT_CLOSED_REQUEST = 499;

/** The status under which a request counts whose response the server broke off, whatever its head said. */
const BROKEN_OFF = 500;

/** The codes by which a client resets a stream of HTTP/2 that it does not need any more: NO_ERROR and CANCEL. */
const GIVEN_UP: readonly (number | undefined)[] = [0, 8];

/**
 * Returns the status under which a response counts that is closed, in whichever way.
 *
 * @param queued true if it began while an earlier response was still being sent on its connection
 */
export function statusOf(response: ServerResponse, queued: boolean): number {
  if (isComplete(response, queued)) return response.statusCode;
  // What the application sends by the connection itself does not tell its status.
  return wasDetached(response, queued) ? response.statusCode : statusOfIncomplete(response);
}

/** Returns whether the application took the connection from the response, and has sent something by it. */
function wasDetached(response: ServerResponse, queued: boolean): boolean {
  return response.socket === null && !queued && isOnSocket(response) && response.req.socket.bytesWritten > 0;
}

/** Returns the stream of a response over HTTP/2. */
export function http2StreamOf(response: ServerResponse): ServerHttp2Stream | undefined {
  return (response as { readonly stream?: ServerHttp2Stream }).stream;
}

/**
 * Returns whether a response stands in for what a connection becomes that is upgraded, such as a web socket: routers of
 * web sockets send those through the framework, where such a response never ends, or only with the web socket.
 */
export function isUpgrade(response: ServerResponse): boolean {
  return (response.req as { readonly upgrade?: unknown } | undefined)?.upgrade === true;
}

/** Returns whether a response goes to a real connection; serverless adapters, `inject()` and mocks have none. */
export function isOnSocket(response: ServerResponse): boolean {
  return (response.req as ServerResponse['req'] | undefined)?.socket instanceof Socket;
}

/** Returns whether the application said all it had to say and all of it was handed to the connection. */
function isComplete(response: ServerResponse, queued: boolean): boolean {
  // The usual end: said all and let go of its connection. Fields of the response itself tell, as getters are far away
  // under the prototypes of Express.
  if (response.finished && response.socket === null && !queued) return true;
  if (!response.writableEnded) return false;
  const stream = http2StreamOf(response);
  // Node calls a stream finished that the client has reset, too.
  if (stream !== undefined) return stream.rstCode === 0;
  // What stands in for a connection does not tell; there the end is all there is.
  return response.writableFinished || !isOnSocket(response);
}

/** Tells who broke the response off: 499 is only for clients that left. */
function statusOfIncomplete(response: ServerResponse): number {
  const stream = http2StreamOf(response);
  if (stream !== undefined) return hasLeft(response, stream) ? CLIENT_CLOSED_REQUEST : BROKEN_OFF;
  // Null until destroy() is called, and then whatever it was given.
  if (!isOnSocket(response)) return response.errored ? BROKEN_OFF : CLIENT_CLOSED_REQUEST;
  const { socket } = response.req;
  const refusal = refusalOf(socket);
  // A response that had begun was cut by the server, whose patience with the request was at its end.
  if (refusal !== undefined) return refusal === 408 && response.headersSent ? BROKEN_OFF : refusal;
  return socket.readableEnded || isLoss(socket.errored) ? CLIENT_CLOSED_REQUEST : BROKEN_OFF;
}

/** Returns whether the client of a stream of HTTP/2 gave it up, or its connection was lost. */
function hasLeft(response: ServerResponse, stream: ServerHttp2Stream): boolean {
  if (isLoss(stream.errored)) return true;
  // Node ends what the client has reset. What the server destroys does not come to its end.
  return response.writableFinished && GIVEN_UP.includes(stream.rstCode);
}

/** Returns whether an error is one of the network, and not one that the application destroyed the connection with. */
function isLoss(error: (Error & { readonly syscall?: string; readonly code?: string }) | null): boolean {
  return error?.syscall !== undefined || error?.code?.startsWith('ERR_SSL') === true;
}

/** Returns whether the response is a stream of server-sent events, which ends when one side has had enough. */
export function isEventStream(response: ServerResponse, reply: FastifyReplyLike | undefined): boolean {
  // An answer whose length was known is no stream, and most are: Node sends the others in chunks, if it may.
  if (response.useChunkedEncodingByDefault && !response.chunkedEncoding) return false;
  const type =
    reply?.getHeader('content-type') ?? response.getHeader('content-type') ?? contentTypeSent(response);
  return typeof type === 'string' && type.startsWith('text/event-stream');
}

/** Returns the content type of a response whose head was written at once, which Node keeps as text only. */
function contentTypeSent(response: ServerResponse & { _header?: string | null }): string | undefined {
  return /\r\ncontent-type: *([^\r]*)/i.exec(response._header ?? '')?.[1];
}
