import { PushError } from '../push/push-destination.js';
import { shownAnswer } from '../push/shown-answer.js';
import type { ResolvedPushgateway } from './pushgateway.options.js';

/** `PUT` replaces all metrics of the group, `POST` those of the same names, `DELETE` removes the group. */
export type PushgatewayMethod = 'PUT' | 'POST' | 'DELETE';

/** Speaks the protocol of the Pushgateway for one group of metrics. */
export class PushgatewayClient {
  private readonly url: string;
  private readonly headers: Readonly<Record<string, string>>;

  constructor({
    url,
    jobName,
    groupings,
    basicAuth,
  }: Pick<ResolvedPushgateway, 'url' | 'jobName' | 'groupings' | 'basicAuth'>) {
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
    let response: Response;
    let answer: string;
    try {
      // A redirection is not followed: it might lead credentials elsewhere.
      const init = {
        method,
        headers: this.headers,
        signal,
        redirect: 'manual',
        ...(body && { body }),
      } as const;
      response = await fetch(this.url, init);
      answer = await response.text();
    } catch (error) {
      throw new PushError(`${method} ${this.url} failed: ${reasonOf(error)}`, 'retry', undefined, {
        cause: error,
      });
    }
    if (response.ok) return;
    const said = shownAnswer(answer, this.headers);
    throw new PushError(
      `${method} ${this.url} was answered with ${response.status}${said === '' ? '' : `: ${said}`}`,
      remedyFor(response.status),
      retryAfterMs(response.headers.get('retry-after')),
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

/** What it found wrong with the metrics will be wrong with the same metrics later, but not with all later ones. */
function remedyFor(status: number): PushError['remedy'] {
  if (status === 401 || status === 403) return 'stop';
  return status === 408 || status === 429 || status >= 500 ? 'retry' : 'drop';
}

function retryAfterMs(header: string | null): number | undefined {
  const seconds = Number(header ?? NaN);
  return seconds >= 0 ? seconds * 1_000 : undefined;
}

/** `fetch` says only that it failed; why is in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : message;
}
