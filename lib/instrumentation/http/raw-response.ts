import type { ServerResponse } from 'node:http';

/** Returns the Node response that a framework response wraps: Fastify wraps it, Express extends it. */
export function rawResponse(response: unknown): ServerResponse {
  const { raw } = response as { readonly raw?: ServerResponse };
  return raw ?? (response as ServerResponse);
}
