import { shownAnswer } from './shown-answer.js';

/** How a remote answered, as far as it matters. */
export interface HttpAnswer {
  readonly status: number;
  /** The beginning of what it said, for a message, without the credentials that it was sent. */
  readonly text: string;
  readonly body: Uint8Array;
  /** When it asked to be left alone until, in milliseconds from now. */
  readonly retryAfterMs?: number;
}

/**
 * Posts something. A redirection is not followed: it might lead credentials elsewhere.
 *
 * @throws {Error} if there was no answer
 */
export async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  try {
    const init = { method: 'POST', headers, body, signal, redirect: 'manual' } as const;
    return await answerOf(await fetch(url, init), headers);
  } catch (error) {
    signal.throwIfAborted();
    // What fetch throws says nothing; the cause does.
    const { cause } = error as Error;
    throw new Error(cause instanceof Error ? cause.message : 'there was no answer', { cause: error });
  }
}

async function answerOf(response: Response, sent: Readonly<Record<string, string>>): Promise<HttpAnswer> {
  const body = new Uint8Array(await response.arrayBuffer());
  const text = shownAnswer(new TextDecoder().decode(body), sent);
  const retryAfter = retryAfterMs(response.headers);
  return {
    status: response.status,
    text,
    body,
    ...(retryAfter !== undefined && { retryAfterMs: retryAfter }),
  };
}

/** What `Retry-After` says, or the `X-RateLimit-Reset` of Datadog. */
export function retryAfterMs(headers: { get(name: string): string | null }): number | undefined {
  const value = headers.get('retry-after') ?? headers.get('x-ratelimit-reset');
  if (value === null || value === '') return undefined;
  const seconds = Number(value);
  const ms = Number.isNaN(seconds) ? Date.parse(value) - Date.now() : seconds * 1_000;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
