import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { Socket } from 'node:net';
import { clientErrorStatusOf } from './client-error.js';
import type { RequestObservation } from './request-observation.js';

/** The status of a request whose client disconnected before the response was complete. */
const CLIENT_CLOSED_REQUEST = 499;

/** The status of a request whose response the server aborted, whichever status it had sent. */
const ABORTED_BY_SERVER = 500;

/** The codes with which a client cancels an HTTP/2 stream: NO_ERROR and CANCEL. */
const CANCEL_CODES: readonly (number | undefined)[] = [0, 8];

/** Returns the status to count for a closed response. */
export function statusOf(response: ServerResponse, { queued, connection }: RequestObservation): number {
  if (isComplete(response, queued)) return response.statusCode;
  // The status of a response that the application wrote to the socket itself is unknown.
  if (wasDetached(response, queued)) return response.statusCode;
  return statusOfIncomplete(response, connection?.endedByClient === true);
}

/** Returns true if the application detached the socket from the response and has written to it. */
function wasDetached(response: ServerResponse, queued: boolean): boolean {
  return response.socket === null && !queued && isOnSocket(response) && response.req.socket.bytesWritten > 0;
}

/** Returns the HTTP/2 stream of a response; undefined for HTTP/1. */
export function http2StreamOf(response: ServerResponse): ServerHttp2Stream | undefined {
  return (response as { readonly stream?: ServerHttp2Stream }).stream;
}

/**
 * Returns true for the placeholder response of an upgraded connection, such as a WebSocket. WebSocket routers pass
 * it through the framework, where it ends with the WebSocket or never.
 */
export function isUpgrade(response: ServerResponse): boolean {
  return (response.req as { readonly upgrade?: unknown } | undefined)?.upgrade === true;
}

/** Returns true if a response has a real socket. Serverless adapters, `inject()` and mocks have none. */
export function isOnSocket(response: ServerResponse): boolean {
  return (response.req as ServerResponse['req'] | undefined)?.socket instanceof Socket;
}

/** Returns true if the application has ended the response and all of it was passed to the connection. */
function isComplete(response: ServerResponse, queued: boolean): boolean {
  // The usual end. These are own fields of the response: getters are slower, far up the prototype chain of Express.
  if (response.finished && response.socket === null && !queued) return true;
  if (!response.writableEnded || wasRefused(response)) return false;
  const stream = http2StreamOf(response);
  // Node also reports a stream as finished that the client has reset.
  if (stream !== undefined) return stream.rstCode === 0;
  // A response without a real socket may never be finished; its end is enough.
  return response.writableFinished || !isOnSocket(response);
}

/** Returns true if Node has ended the connection with a client error while the response was in progress. */
function wasRefused(response: ServerResponse): boolean {
  return (
    response.socket !== null && isOnSocket(response) && clientErrorStatusOf(response.req.socket) !== undefined
  );
}

/**
 * Returns 499 if the client disconnected, the status with which Node refused the request if it did, and that of a server
 * error otherwise.
 */
function statusOfIncomplete(response: ServerResponse, endedByClient: boolean): number {
  const stream = http2StreamOf(response);
  if (stream !== undefined) return isCancelled(response, stream) ? CLIENT_CLOSED_REQUEST : ABORTED_BY_SERVER;
  // `errored` is null until destroy() is called with an error.
  if (!isOnSocket(response)) return response.errored ? ABORTED_BY_SERVER : CLIENT_CLOSED_REQUEST;
  const { socket } = response.req;
  const clientErrorStatus = clientErrorStatusOf(socket);
  // A request timeout aborts a response whose head has already been sent.
  if (clientErrorStatus !== undefined) {
    return clientErrorStatus === 408 && response.headersSent ? ABORTED_BY_SERVER : clientErrorStatus;
  }
  return endedByClient || isConnectionError(socket.errored) ? CLIENT_CLOSED_REQUEST : ABORTED_BY_SERVER;
}

/** Returns true if the client cancelled an HTTP/2 stream or its connection was lost. */
function isCancelled(response: ServerResponse, stream: ServerHttp2Stream): boolean {
  if (isConnectionError(stream.errored)) return true;
  // Node finishes a stream that the client has reset, but not one that the server has destroyed.
  return response.writableFinished && CANCEL_CODES.includes(stream.rstCode);
}

/** Returns true for an error of the network, false for an error with which the application destroyed the socket. */
function isConnectionError(
  error: (Error & { readonly syscall?: string; readonly code?: string }) | null,
): boolean {
  return error?.syscall !== undefined || error?.code?.startsWith('ERR_SSL') === true;
}

/** Returns true for a stream of server-sent events, which lasts until one side closes it. */
export function isEventStream(
  response: ServerResponse,
  { isChunkedByDefault, reply }: RequestObservation,
): boolean {
  // Most responses have a known length and are not chunked; a stream always is, if the client supports it.
  if (isChunkedByDefault && !response.chunkedEncoding) return false;
  const type =
    reply?.getHeader('content-type') ?? response.getHeader('content-type') ?? contentTypeOfHead(response);
  return typeof type === 'string' && type.startsWith('text/event-stream');
}

/** Returns the content type from a head written by writeHead(), which Node keeps as raw text only. */
function contentTypeOfHead(response: ServerResponse & { _header?: string | null }): string | undefined {
  return /\r\ncontent-type: *([^\r]*)/i.exec(response._header ?? '')?.[1];
}
