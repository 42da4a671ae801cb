import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { exchange, type HttpResponse, type PushFetch } from '../push/http-exchange.js';
import { pairsOf } from '../push/bucket-midpoints.js';
import type { DatadogDistribution, DatadogPayload } from './datadog-series.js';
import { type DatadogTransport, PAUSE_HEADER } from './datadog.transport.js';

const deflated = promisify(deflate);

/** A transport that sends to the HTTP API of Datadog with `fetch`. */
export class DatadogFetchTransport implements DatadogTransport {
  readonly #apiKey: string;

  /** @param url `https://api.` followed by the site */
  constructor(
    private readonly url: string,
    apiKey: string,
    private readonly fetch: PushFetch,
  ) {
    this.#apiKey = apiKey;
  }

  async send(payload: DatadogPayload, signal: AbortSignal): Promise<HttpResponse> {
    const isSeries = payload.kind === 'series';
    const path = isSeries ? '/api/v2/series' : '/api/v1/distribution_points';
    const text = isSeries ? JSON.stringify({ series: payload.series }) : distributionsText(payload.series);
    const headers = {
      'content-type': 'application/json',
      'content-encoding': 'deflate',
      'dd-api-key': this.#apiKey,
    };
    const body = await deflated(text);
    const url = `${this.url}${path}`;
    return exchange(this.fetch, { method: 'POST', url, headers, body, pauseHeader: PAUSE_HEADER }, signal);
  }
}

/** Returns the JSON of distributions. Repeating a text is much faster than serializing an array of equal values. */
function distributionsText(series: readonly DatadogDistribution[]): string {
  const texts = series.map(({ timestamp, values, ...frame }) => {
    const list = pairsOf(values)
      .map(([value, count]) => `${value},`.repeat(count))
      .join('');
    const text = JSON.stringify({ ...frame, type: 'distribution' });
    return `${text.slice(0, -1)},"points":[[${timestamp},[${list.slice(0, -1)}]]]}`;
  });
  return `{"series":[${texts.join(',')}]}`;
}
