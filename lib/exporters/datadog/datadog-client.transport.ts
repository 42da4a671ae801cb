import { exchange, type HttpAnswer, type PushFetch } from '../push/http-answer.js';
import type { DatadogDistribution, DatadogPayload, DatadogSeries } from './datadog-payloads.js';
import type { DatadogAnswer, DatadogTransport } from './datadog.transport.js';

/** What is used of the two `MetricsApi` of `@datadog/datadog-api-client`. */
export interface DatadogClient {
  readonly v1: {
    /** Of the `MetricsApi` of version 1. */
    submitDistributionPoints(request: {
      body: { series: DistributionPoints[] };
      contentEncoding: 'deflate';
    }): Promise<unknown>;
  };
  readonly v2: {
    /** Of the `MetricsApi` of version 2. */
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

/** The function that the client sends requests with. */
type ClientFetch = (
  url: string,
  init: {
    readonly method?: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array;
  },
) => Promise<Response>;

/** What is used of the package to make a client. */
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

/** Datadog by a client that the application made. */
export class DatadogGivenClientTransport implements DatadogTransport {
  constructor(private readonly client: DatadogClient) {}

  async send(payload: DatadogPayload): Promise<DatadogAnswer> {
    return submit(this.client, payload);
  }
}

/**
 * Datadog by its client. The client has no time-out of its own, keeps the headers of what failed to itself and
 * prints every failure; so each request has a configuration of its own, whose `fetch` does otherwise.
 */
export class DatadogClientTransport implements DatadogTransport {
  readonly #apiKey: string;

  /** @param url `https://api.` and the site */
  constructor(
    private readonly datadog: DatadogPackage,
    private readonly url: string,
    apiKey: string,
    private readonly fetch: PushFetch,
  ) {
    this.#apiKey = apiKey;
  }

  async send(payload: DatadogPayload, signal: AbortSignal): Promise<DatadogAnswer> {
    const { client, v1, v2 } = this.datadog;
    const configuration = client.createConfiguration({
      authMethods: { apiKeyAuth: this.#apiKey },
      baseServer: new client.BaseServerConfiguration(this.url, {}),
      httpConfig: { signal },
    });
    let answer: HttpAnswer | undefined;
    let failure: unknown;
    configuration.httpApi.fetch = async (url, { method = 'POST', headers, body }) => {
      try {
        const request = { method, url, headers, ...(body !== undefined && { body: bytesOf(body) }) };
        answer = await exchange(this.fetch, request, signal);
        // The client has no use for the rest, and would fail at a text that is no JSON.
        return new Response(answer.status < 300 ? '{"errors":[]}' : answer.text, {
          status: answer.status,
          headers: { 'content-type': answer.status < 300 ? 'application/json' : 'text/plain' },
        });
      } catch (error) {
        failure = error;
        return new Response(null, { status: 503 });
      }
    };
    const apis = { v1: new v1.MetricsApi(configuration), v2: new v2.MetricsApi(configuration) };
    const submitted = await submit(apis, payload);
    if (failure !== undefined) throw failure as Error;
    return answer ?? submitted;
  }
}

function bytesOf(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

async function submit(client: DatadogClient, payload: DatadogPayload): Promise<DatadogAnswer> {
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
    // The client throws what is no success.
    const { code, body } = (error ?? {}) as { readonly code?: unknown; readonly body?: unknown };
    if (typeof code !== 'number') throw error;
    return { status: code, text: typeof body === 'string' ? body : (JSON.stringify(body) ?? '') };
  }
}

function seriesPoints({ points, tags, resources, ...rest }: DatadogSeries): SeriesPoints {
  return { ...rest, points: [...points], tags: [...tags], resources: [...resources] };
}

function distributionPoints({ timestamp, values, tags, ...rest }: DatadogDistribution): DistributionPoints {
  const expanded = values.values.flatMap((value, i) => Array<number>(values.counts[i]).fill(value));
  return { ...rest, type: 'distribution', points: [[timestamp, expanded]], tags: [...tags] };
}
