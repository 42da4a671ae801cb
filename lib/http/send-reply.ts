import type { ServerResponse } from 'node:http';
import type { EndpointReply } from './endpoint.js';
import { EventStream } from './event-stream.js';
import { StreamBody } from './stream-body.js';

/**
 * Writes a reply to the response of Node, unless it has been sent or the client has disconnected. Express's own
 * `send()` would hash every body for an ETag.
 */
export function sendReply(response: ServerResponse, { status, headers, body }: EndpointReply): void {
  if (response.headersSent || response.destroyed) return;
  if (body instanceof EventStream) {
    // Without these headers, proxies and compression buffer the events.
    response.writeHead(status, {
      ...headers,
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    if (response.req.method === 'HEAD') response.end();
    else body.open(response);
    return;
  }
  if (body instanceof StreamBody) {
    response.writeHead(status, headersWithLength(headers, { byteLength: body.bytes }));
    if (response.req.method === 'HEAD') response.end();
    else body.sendTo(response);
    return;
  }
  if (status === 304) {
    // The length of its body, which it lacks, would be taken for that of the content.
    response.writeHead(status, { 'cache-control': 'no-store', ...headers }).end();
    return;
  }
  const bytes = bytesOf(body);
  response.writeHead(status, headersWithLength(headers, bytes)).end(bytes);
}

/** Returns a body as bytes. */
export function bytesOf(body: string | Buffer): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

/** Returns the headers of a reply whose body is complete. */
export function headersWithLength(
  headers: EndpointReply['headers'],
  { byteLength }: Pick<Buffer, 'byteLength'>,
): Record<string, string> {
  return { 'cache-control': 'no-store', ...headers, 'content-length': String(byteLength) };
}
