import { parseRetryAfter } from '../../primitives/retry-after.js';
import { shownAnswer } from './shown-answer.js';

/** A request to a remote, as `fetch` takes it. */
export interface PushFetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
  readonly redirect: 'manual';
}

/** The part of a `Response` that is used of it. */
export interface PushFetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** A function like `fetch`, such as that of `undici` with a dispatcher for a proxy. */
export type PushFetch = (url: string, init: PushFetchInit) => Promise<PushFetchResponse>;

/** A request to a remote. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** The response of a remote, as far as it matters. */
export interface HttpAnswer {
  readonly status: number;
  /** The beginning of its text, for a message, without the credentials that the remote was sent. */
  readonly text: string;
  /** The beginning of its body, up to {@link LONGEST_BODY_BYTES}. */
  readonly body: Uint8Array;
  /** The time to leave the remote alone, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** No more is read of the body of a response; the rest is cancelled. */
export const LONGEST_BODY_BYTES = 16 * 1024;
/** Time limit of a body once its head has arrived, in milliseconds. */
const LONGEST_BODY_MS = 1_000;

/**
 * Sends one request and reads the beginning of the response. A redirection is not followed: it might lead
 * credentials elsewhere. The head alone decides: a body that breaks off or never ends changes nothing.
 *
 * @throws {Error} if there was no head of a response
 */
export async function exchange(
  fetch: PushFetch,
  { method, url, headers, body }: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const ending = new AbortController();
  const response = await headOf(signal, () =>
    fetch(url, {
      method,
      // What is not compressed cannot grow.
      headers: { ...headers, 'accept-encoding': 'identity' },
      ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
      signal: AbortSignal.any([signal, ending.signal]),
      redirect: 'manual',
    }),
  );
  const beginning = await beginningOf(response.body, signal, ending);
  const retryAfterMs = retryAfterMsIn(response.headers);
  return {
    status: response.status,
    text: shownAnswer(new TextDecoder().decode(beginning), headers),
    body: beginning,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** Reads `Retry-After`, or the `X-RateLimit-Reset` of Datadog, in milliseconds from now. */
export function retryAfterMsIn(headers: { get(name: string): string | null }): number | undefined {
  return parseRetryAfter(headers.get('retry-after') ?? headers.get('x-ratelimit-reset'), Date.now());
}

async function headOf(
  signal: AbortSignal,
  fetch: () => Promise<PushFetchResponse>,
): Promise<PushFetchResponse> {
  try {
    const response = await fetch();
    if (typeof response?.status !== 'number') throw new Error('fetch returned no response');
    return response;
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(reasonOf(error), { cause: error });
  }
}

/**
 * Reads a body up to its limits of length and time. Never rejects: what broke off is what there is.
 *
 * @param ending aborted if the body has not ended, so that its connection is closed
 */
export async function beginningOf(
  body: AsyncIterable<Uint8Array> | null | undefined,
  signal: AbortSignal,
  ending: AbortController,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  let timer: NodeJS.Timeout | undefined;
  let stop: (() => void) | undefined;
  const over = new Promise<'over'>((resolve) => {
    stop = () => resolve('over');
    timer = setTimeout(stop, LONGEST_BODY_MS);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
  try {
    const iterator = body?.[Symbol.asyncIterator]();
    const next = async () => (iterator === undefined ? 'ended' : Promise.race([iterator.next(), over]));
    let piece = await next();
    while (typeof piece === 'object' && piece.done !== true && length < LONGEST_BODY_BYTES) {
      pieces.push(piece.value);
      length += piece.value.length;
      if (length < LONGEST_BODY_BYTES) piece = await next();
    }
    if (piece === 'over' || length >= LONGEST_BODY_BYTES) ending.abort();
  } catch {
    // It broke off.
  } finally {
    clearTimeout(timer);
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
  return Buffer.concat(pieces).subarray(0, LONGEST_BODY_BYTES);
}

/** `fetch` says only that it failed; the reason is in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = (error ?? {}) as Error;
  if (!(cause instanceof Error)) return message || 'there was no answer';
  return cause.message || String((cause as NodeJS.ErrnoException).code);
}
