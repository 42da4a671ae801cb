import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { exchange, type HttpAnswer, type PushFetch } from '../push/http-answer.js';
import type { DatadogDistribution, DatadogPayload } from './datadog-payloads.js';
import type { DatadogTransport } from './datadog.transport.js';

const deflated = promisify(deflate);

/** Datadog without its client. */
export class DatadogFetchTransport implements DatadogTransport {
  readonly #apiKey: string;

  /** @param url `https://api.` and the site */
  constructor(
    private readonly url: string,
    apiKey: string,
    private readonly fetch: PushFetch,
  ) {
    this.#apiKey = apiKey;
  }

  async send(payload: DatadogPayload, signal: AbortSignal): Promise<HttpAnswer> {
    const isSeries = payload.kind === 'series';
    const path = isSeries ? '/api/v2/series' : '/api/v1/distribution_points';
    const text = isSeries ? JSON.stringify({ series: payload.series }) : distributionsText(payload.series);
    const headers = {
      'content-type': 'application/json',
      'content-encoding': 'deflate',
      'dd-api-key': this.#apiKey,
    };
    const body = await deflated(text);
    return exchange(this.fetch, { method: 'POST', url: `${this.url}${path}`, headers, body }, signal);
  }
}

/** Many equal values are a text repeated, which takes no time. */
function distributionsText(series: readonly DatadogDistribution[]): string {
  const texts = series.map(({ timestamp, values: { values, counts }, ...frame }) => {
    const list = values.map((value, i) => `${value},`.repeat(counts[i])).join('');
    const text = JSON.stringify({ ...frame, type: 'distribution' });
    return `${text.slice(0, -1)},"points":[[${timestamp},[${list.slice(0, -1)}]]]}`;
  });
  return `{"series":[${texts.join(',')}]}`;
}
