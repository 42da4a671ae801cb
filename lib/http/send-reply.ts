import type { ServerResponse } from 'node:http';
import type { EndpointReply } from './endpoint.js';
import { EventStream } from './event-stream.js';

/**
 * Answers by the response of Node, unless a guard has answered already or nobody waits any more. Not by Express's own
 * send(): it would hash every answer for an ETag.
 */
export function sendReply(response: ServerResponse, { status, headers, body }: EndpointReply): void {
  if (response.headersSent || response.destroyed) return;
  if (body instanceof EventStream) {
    // Proxies and compression hold back the events of a stream unless these headers forbid it.
    response.writeHead(status, {
      ...headers,
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    if (response.req.method === 'HEAD') response.end();
    else body.open(response);
    return;
  }
  const bytes = bytesOf(body);
  response.writeHead(status, wholeHeaders(headers, bytes)).end(bytes);
}

/** What is sent of a body that is there as a whole. */
export function bytesOf(body: string | Buffer): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

/** The headers of such a body. */
export function wholeHeaders(
  headers: EndpointReply['headers'],
  { byteLength }: Buffer,
): Record<string, string> {
  return { 'cache-control': 'no-store', ...headers, 'content-length': String(byteLength) };
}
