import type { IncomingMessage } from 'node:http';

/** Size limit of a request body, in bytes. */
const MAX_BODY_BYTES = 64 * 1024;

/** An error for a request body that is not valid; the reply is 400. */
export class BadRequestBody extends Error {
  override readonly name = 'BadRequestBody';
}

/**
 * Parses the body of a request as JSON.
 *
 * @param request the request of Node, Express or Fastify, whose body parser may have read it already
 * @throws {BadRequestBody} if the body is not JSON, or too large
 */
export async function jsonBodyOf(request: unknown): Promise<unknown> {
  const { body, raw } = request as { readonly body?: unknown; readonly raw?: IncomingMessage };
  if (body !== undefined) return body;
  const text = await textOf(raw ?? (request as IncomingMessage));
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequestBody('The request body must be JSON.');
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.byteLength;
    if (bytes > MAX_BODY_BYTES)
      throw new BadRequestBody(`The request body must be at most ${MAX_BODY_BYTES} bytes.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
