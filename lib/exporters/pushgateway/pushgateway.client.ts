import { messageOf } from '../../primitives/error-message.js';
import { exchange, type PushFetch } from '../push/http-exchange.js';
import { PushError } from '../push/push-destination.js';
import { remedyFor } from '../push/status-remedy.js';
import type { ResolvedPushgateway } from './pushgateway.options.js';

/**
 * The method of a request: `PUT` replaces the group, `POST` only metrics of the same names, `DELETE` removes the group.
 */
export type PushgatewayMethod = 'PUT' | 'POST' | 'DELETE';

/** The settings of a {@link PushgatewayClient}. */
export type PushgatewaySettings = Pick<ResolvedPushgateway, 'url' | 'jobName' | 'groupings' | 'fetch'>;

/** A client of the Pushgateway for one group of metrics. */
export class PushgatewayClient {
  readonly #headers: Readonly<Record<string, string>>;
  private readonly url: string;
  private readonly fetch: PushFetch;

  /** @param headers additional headers, those with credentials among them */
  constructor(
    { url, jobName, groupings, fetch }: PushgatewaySettings,
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.fetch = fetch;
    this.url = `${url}/metrics${groupPath({ job: jobName, ...groupings })}`;
    this.#headers = { ...headers, 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };
  }

  /** Sends one request. @throws {PushError} if it was not accepted */
  async request(method: PushgatewayMethod, body: Buffer | undefined, signal: AbortSignal): Promise<void> {
    const { url } = this;
    const request = { method, url, headers: this.#headers, ...(body !== undefined && { body }) };
    const response = await exchange(this.fetch, request, signal).catch((error: unknown) => {
      throw new PushError(`${method} ${url} failed: ${messageOf(error)}`, 'retry', undefined, {
        cause: error,
      });
    });
    const { status, text, retryAfterMs } = response;
    if (status >= 200 && status < 300) return;
    throw new PushError(
      `${method} ${url} failed with status ${status}${text === '' ? '' : `: ${text}`}`,
      remedyFor(status),
      retryAfterMs,
    );
  }
}

/**
 * Returns the URL path of a group; a label value that a path cannot contain is encoded in base64.
 *
 * @see https://github.com/prometheus/pushgateway#url
 */
export function groupPath(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => {
      if (value === '') return `/${name}@base64/=`;
      if (!value.includes('/') && value !== '.' && value !== '..')
        return `/${name}/${encodeURIComponent(value)}`;
      return `/${name}@base64/${Buffer.from(value).toString('base64url')}`;
    })
    .join('');
}
