import { exchange, type PushFetch } from '../push/http-answer.js';
import { PushError } from '../push/push-destination.js';
import { remedyFor } from '../push/status-remedy.js';
import type { ResolvedPushgateway } from './pushgateway.options.js';

/** `PUT` replaces all metrics of the group, `POST` those of the same names, `DELETE` removes the group. */
export type PushgatewayMethod = 'PUT' | 'POST' | 'DELETE';

/** Speaks the protocol of the Pushgateway for one group of metrics. */
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
      ...(basicAuth && {
        authorization: `Basic ${Buffer.from(`${basicAuth.username}:${basicAuth.password}`).toString('base64')}`,
      }),
    };
  }

  /** @throws {PushError} if it was not taken */
  async request(method: PushgatewayMethod, body: Buffer | undefined, signal: AbortSignal): Promise<void> {
    const { url, headers } = this;
    const request = { method, url, headers, ...(body !== undefined && { body }) };
    const answer = await exchange(this.fetch, request, signal).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new PushError(`${method} ${url} failed: ${reason}`, 'retry', undefined, { cause: error });
    });
    const { status, text, retryAfterMs } = answer;
    if (status >= 200 && status < 300) return;
    throw new PushError(
      `${method} ${url} was answered with ${status}${text === '' ? '' : `: ${text}`}`,
      remedyFor(status),
      retryAfterMs,
    );
  }
}

/**
 * The labels of a group as a path; a value that a path cannot hold is in base64.
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
