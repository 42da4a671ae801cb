import { exchange, type HttpResponse, type PushFetch } from '../push/http-exchange.js';
import { pairsOf } from '../push/bucket-midpoints.js';
import type { DatadogDistribution, DatadogPayload, DatadogSeries } from './datadog-series.js';
import { type DatadogResponse, type DatadogTransport, PAUSE_HEADER } from './datadog.transport.js';

/** The part of the two `MetricsApi` of `@datadog/datadog-api-client` that is used. */
export interface DatadogClient {
  readonly v1: {
    /** Method of the `MetricsApi` of version 1. */
    submitDistributionPoints(request: {
      body: { series: DistributionPoints[] };
      contentEncoding: 'deflate';
    }): Promise<unknown>;
  };
  readonly v2: {
    /** Method of the `MetricsApi` of version 2. */
    submitMetrics(request: {
      body: { series: SeriesPoints[] };
      contentEncoding: 'deflate';
    }): Promise<unknown>;
  };
}

interface SeriesPoints {
  metric: string;
  type: 1 | 3;
  interval?: number;
  unit?: string;
  points: { timestamp: number; value: number }[];
  tags: string[];
  resources: { type: string; name: string }[];
}

interface DistributionPoints {
  metric: string;
  type: 'distribution';
  points: [number, number[]][];
  tags: string[];
  host: string;
}

/** The function by which the client sends requests. */
type ClientFetch = (
  url: string,
  init: {
    readonly method?: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array;
  },
) => Promise<Response>;

/** The part of the package that is used to create a client. */
export interface DatadogPackage {
  readonly client: {
    createConfiguration(options: {
      authMethods: { apiKeyAuth: string };
      baseServer: unknown;
      httpConfig: { signal: AbortSignal };
    }): { readonly httpApi: { fetch?: ClientFetch } };
    readonly BaseServerConfiguration: new (url: string, variables: object) => unknown;
  };
  readonly v1: { readonly MetricsApi: new (configuration: unknown) => DatadogClient['v1'] };
  readonly v2: { readonly MetricsApi: new (configuration: unknown) => DatadogClient['v2'] };
}

/** The status of a failure for the client. Its own status is read from the actual response. */
const UNAVAILABLE = 503;

/** A transport that uses a client of the application. */
export class DatadogGivenClientTransport implements DatadogTransport {
  constructor(private readonly client: DatadogClient) {}

  async send(payload: DatadogPayload): Promise<DatadogResponse> {
    return submit(this.client, payload);
  }
}

/**
 * A transport that uses the official client. The client has no timeout, hides the headers of failed responses and
 * prints every failure, so each request gets its own configuration with a `fetch` that avoids this.
 */
export class DatadogClientTransport implements DatadogTransport {
  readonly #apiKey: string;

  /** @param url `https://api.` followed by the site */
  constructor(
    private readonly datadog: DatadogPackage,
    private readonly url: string,
    apiKey: string,
    private readonly fetch: PushFetch,
  ) {
    this.#apiKey = apiKey;
  }

  async send(payload: DatadogPayload, signal: AbortSignal): Promise<DatadogResponse> {
    const { client, v1, v2 } = this.datadog;
    const configuration = client.createConfiguration({
      authMethods: { apiKeyAuth: this.#apiKey },
      baseServer: new client.BaseServerConfiguration(this.url, {}),
      httpConfig: { signal },
    });
    let response: HttpResponse | undefined;
    let failure: unknown;
    configuration.httpApi.fetch = async (url, { method = 'POST', headers, body }) => {
      try {
        const request = { method, url, headers, pauseHeader: PAUSE_HEADER };
        const content = body === undefined ? request : { ...request, body: bytesOf(body) };
        response = await exchange(this.fetch, content, signal);
        return clientResponse(response);
      } catch (error) {
        failure = error;
        return new Response(null, { status: UNAVAILABLE });
      }
    };
    const apis = { v1: new v1.MetricsApi(configuration), v2: new v2.MetricsApi(configuration) };
    const submitted = await submit(apis, payload);
    if (failure !== undefined) throw failure as Error;
    return response ?? submitted;
  }
}

/**
 * Returns a response that the client reads as success or failure. It fails on a success that is not JSON, and the
 * class `Response` refuses a body with some statuses, so neither is passed on.
 */
function clientResponse({ status }: HttpResponse): Response {
  if (status < 200 || status >= 300) return new Response(null, { status: UNAVAILABLE });
  return new Response('{"errors":[]}', { status: 202, headers: { 'content-type': 'application/json' } });
}

function bytesOf(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

async function submit(client: DatadogClient, payload: DatadogPayload): Promise<DatadogResponse> {
  try {
    if (payload.kind === 'series') {
      const series = payload.series.map(seriesPoints);
      await client.v2.submitMetrics({ body: { series }, contentEncoding: 'deflate' });
    } else {
      const series = payload.series.map(distributionPoints);
      await client.v1.submitDistributionPoints({ body: { series }, contentEncoding: 'deflate' });
    }
    return { status: 202, text: '' };
  } catch (error) {
    // The client throws an error for every status but success.
    const { code, body } = (error ?? {}) as { readonly code?: unknown; readonly body?: unknown };
    if (typeof code !== 'number') throw error;
    return { status: code, text: typeof body === 'string' ? body : (JSON.stringify(body) ?? '') };
  }
}

function seriesPoints({ points, tags, resources, ...rest }: DatadogSeries): SeriesPoints {
  return { ...rest, points: [...points], tags: [...tags], resources: [...resources] };
}

function distributionPoints({ timestamp, values, tags, ...rest }: DatadogDistribution): DistributionPoints {
  const expanded = pairsOf(values).flatMap(([value, count]) => Array<number>(count).fill(value));
  return { ...rest, type: 'distribution', points: [[timestamp, expanded]], tags: [...tags] };
}
