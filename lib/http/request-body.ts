import type { IncomingMessage } from 'node:http';

/** What is sent to us is small. */
const MAX_BODY_BYTES = 64 * 1024;

/** Thrown for what was sent and cannot be read; answered with 400. */
export class BadRequestBody extends Error {
  override readonly name = 'BadRequestBody';
}

/**
 * What was sent with a request, read as JSON.
 *
 * @param request of Express or Fastify, which may have read the body already
 * @throws {BadRequestBody} if it is no JSON, or too long
 */
export async function jsonBodyOf(request: unknown): Promise<unknown> {
  const { body, raw } = request as { readonly body?: unknown; readonly raw?: IncomingMessage };
  if (body !== undefined) return body;
  const text = await textOf(raw ?? (request as IncomingMessage));
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequestBody('Expected a body in JSON.');
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.byteLength;
    if (bytes > MAX_BODY_BYTES)
      throw new BadRequestBody(`Expected a body of at most ${MAX_BODY_BYTES} bytes.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
