import { authorizationOf } from '../../primitives/authorization.js';
import { messageOf } from '../../primitives/error-message.js';
import { exchange, type PushFetch } from '../push/http-exchange.js';
import { PushError } from '../push/push-destination.js';
import { remedyFor } from '../push/status-remedy.js';
import type { ResolvedPushgateway } from './pushgateway.options.js';

/**
 * The method of a request: `PUT` replaces the group, `POST` only metrics of the same names, `DELETE` removes the group.
 */
export type PushgatewayMethod = 'PUT' | 'POST' | 'DELETE';

/** A client of the Pushgateway for one group of metrics. */
export class PushgatewayClient {
  private readonly url: string;
  private readonly fetch: PushFetch;
  private readonly headers: Readonly<Record<string, string>>;

  constructor({
    url,
    jobName,
    groupings,
    basicAuth,
    fetch,
  }: Pick<ResolvedPushgateway, 'url' | 'jobName' | 'groupings' | 'basicAuth' | 'fetch'>) {
    this.fetch = fetch;
    this.url = `${url}/metrics${groupPath({ job: jobName, ...groupings })}`;
    this.headers = {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      ...authorizationOf({ basicAuth }),
    };
  }

  /** Sends one request. @throws {PushError} if it was not accepted */
  async request(method: PushgatewayMethod, body: Buffer | undefined, signal: AbortSignal): Promise<void> {
    const { url, headers } = this;
    const request = { method, url, headers, ...(body !== undefined && { body }) };
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
