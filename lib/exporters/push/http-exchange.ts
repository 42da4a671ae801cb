import { parseRetryAfter } from '../../primitives/retry-after.js';
import { redactResponse } from './redact-response.js';
import { isError } from '../../primitives/is-error.js';

/** The second argument of a {@link PushFetch}, a subset of that of `fetch`. */
export interface PushFetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  /** Bytes in the form that `fetch` accepts; TypeScript 5.7 and newer call it `Uint8Array<ArrayBuffer>`. */
  readonly body?: Uint8Array & { readonly buffer: ArrayBuffer };
  readonly signal: AbortSignal;
  readonly redirect: 'manual';
}

/** The part of a `Response` that exporters read. */
export interface PushFetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** A function like `fetch`, such as that of `undici` with a dispatcher for a proxy. */
export type PushFetch = (url: string, init: PushFetchInit) => Promise<PushFetchResponse>;

/** An HTTP request to a remote. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Header with the seconds to wait of a remote that sends no `Retry-After`. @default none */
  readonly pauseHeader?: string;
}

/** The HTTP response of a remote. */
export interface HttpResponse {
  readonly status: number;
  /** Beginning of the body as text for a message, with the credentials of the request redacted. */
  readonly text: string;
  /** Beginning of the body, up to {@link MAX_BODY_BYTES}. */
  readonly body: Uint8Array;
  /** Pause that the remote asked for, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** Number of bytes of a response body that are read; the rest is cancelled. */
export const MAX_BODY_BYTES = 16 * 1024;
/** Time limit of a body after its head has arrived, in milliseconds. */
const BODY_TIMEOUT_MS = 1_000;

/**
 * Sends one request and reads the beginning of the response. The status alone decides the outcome, even if the body
 * breaks off or never ends. Redirects are not followed, since they could send credentials elsewhere.
 *
 * @throws {Error} if no response arrived
 */
export async function exchange(
  fetch: PushFetch,
  { method, url, headers, body, pauseHeader }: HttpRequest,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const cancel = new AbortController();
  const response = await headOf(signal, () =>
    fetch(url, {
      method,
      // An uncompressed body cannot expand in memory.
      headers: { ...headers, 'accept-encoding': 'identity' },
      ...(body !== undefined && { body: body as NonNullable<PushFetchInit['body']> }),
      signal: AbortSignal.any([signal, cancel.signal]),
      redirect: 'manual',
    }),
  );
  const beginning = await beginningOf(response.body, signal, cancel);
  const pause =
    response.headers.get('retry-after') ??
    (pauseHeader === undefined ? undefined : response.headers.get(pauseHeader));
  const retryAfterMs = parseRetryAfter(pause, Date.now());
  return {
    status: response.status,
    text: redactResponse(new TextDecoder().decode(beginning), headers),
    body: beginning,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

async function headOf(
  signal: AbortSignal,
  fetch: () => Promise<PushFetchResponse>,
): Promise<PushFetchResponse> {
  try {
    const response = await fetch();
    if (!Number.isInteger(response?.status)) throw new Error('fetch returned no response');
    return response;
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(reasonOf(error), { cause: error });
  }
}

/**
 * Reads the beginning of a body, within limits of length and time. Never rejects; a body that breaks off is returned
 * as far as it arrived.
 *
 * @param cancel aborted if the body did not end within the limits, so that its connection is closed
 */
export async function beginningOf(
  body: AsyncIterable<Uint8Array> | null | undefined,
  signal: AbortSignal,
  cancel: AbortController,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  let timer: NodeJS.Timeout | undefined;
  let stop: (() => void) | undefined;
  const stopped = new Promise<'stopped'>((resolve) => {
    stop = () => resolve('stopped');
    timer = setTimeout(stop, BODY_TIMEOUT_MS);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
  try {
    const iterator = body?.[Symbol.asyncIterator]();
    const next = async () => (iterator === undefined ? 'ended' : Promise.race([iterator.next(), stopped]));
    let piece = await next();
    while (typeof piece === 'object' && piece.done !== true && length < MAX_BODY_BYTES) {
      pieces.push(piece.value);
      length += piece.value.length;
      if (length < MAX_BODY_BYTES) piece = await next();
    }
    if (piece === 'stopped' || length >= MAX_BODY_BYTES) cancel.abort();
  } catch {
    // The body broke off.
  } finally {
    clearTimeout(timer);
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
  return Buffer.concat(pieces).subarray(0, MAX_BODY_BYTES);
}

/** Returns the reason of a failed `fetch`, which is in the cause of the error. */
function reasonOf(error: unknown): string {
  const { message, cause } = (error ?? {}) as Error;
  if (!isError(cause)) return message || 'no response';
  return cause.message || String((cause as NodeJS.ErrnoException).code);
}
