import { parseHttpUrl } from '../../options/http-url.js';
import { MonitoringOptionsError } from '../../options/option-checks.js';
import { requestAddress } from '../../primitives/request-address.js';
import { parseRetryAfter } from '../../primitives/retry-after.js';
import { NotificationError } from '../notifications/notification.js';
import { isError } from '../../primitives/is-error.js';
import { networkErrorCode } from '../../primitives/network-error-code.js';

/**
 * Posts JSON to a URL that may be a secret: errors contain its host only.
 *
 * @throws {NotificationError} if the request failed; a retry is allowed after network errors, 408, 429 and 5xx
 */
export async function postJson(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  let response: Response;
  try {
    const address = requestAddress(url, { 'content-type': 'application/json', ...headers });
    response = await fetch(address.url, {
      method: 'POST',
      headers: address.headers,
      body,
      signal,
      redirect: 'error',
    });
  } catch (error) {
    throw new NotificationError(`${url.host} could not be reached (${reasonOf(error)})`, true);
  }
  // An unread body keeps the connection open.
  await response.body?.cancel().catch(() => undefined);
  if (response.ok) return;
  const { status } = response;
  const mayRetry = status >= 500 || status === 429 || status === 408;
  const retryAfterMs = mayRetry
    ? parseRetryAfter(response.headers.get('retry-after'), Date.now())
    : undefined;
  throw new NotificationError(`${url.host} responded with status ${status}`, mayRetry, { retryAfterMs });
}

/**
 * Parses the URL of a handler.
 *
 * @throws {MonitoringOptionsError} if it is not an http or https URL; the error does not contain it, since it may be a secret
 */
export function httpUrl(owner: string, text: string): URL {
  const url = parseHttpUrl(text);
  if (url !== undefined) return url;
  throw new MonitoringOptionsError(
    `\`url\` of ${owner} must be an http or https URL. Its value may be a secret and is not shown. Check that the environment variable it is read from is set.`,
  );
}

/** Returns the only part of an error that is safe to show. */
function reasonOf(error: unknown): string {
  return networkErrorCode(error) ?? (isError(error) ? error.name : 'unknown');
}
