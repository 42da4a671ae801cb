import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { DatadogFetchTransport } from '../../../lib/exporters/datadog/datadog-fetch.transport.js';
import { datadogRequests } from '../../../lib/exporters/datadog/datadog-payloads.js';
import type { DatadogPayload } from '../../../lib/exporters/datadog/datadog-series.js';
import type { MetricsInterval } from '../../../lib/exporters/push/metrics-interval.js';
import { anyInterval } from '../push/intervals.js';
import { type Answer, type ReceivedRequest, RemoteServer } from '../remote.server.js';
import { nodeFetch } from '../push/support.js';

interface ObjectSerializer {
  deserialize(json: unknown, type: string, format: string): object;
}

const CLIENT = '@datadog/datadog-api-client/dist/packages/datadog-api-client-';
/** What Datadog's own client knows of the two endpoints; it throws for a type that is not as it was published. */
const MODELS: Readonly<Record<string, { readonly version: string; readonly type: string }>> = {
  '/api/v2/series': { version: 'v2', type: 'MetricPayload' },
  '/api/v1/distribution_points': { version: 'v1', type: 'DistributionPointsPayload' },
};

/** Takes everything, and reads it as Datadog's client would. */
class ModelledServer extends RemoteServer {
  read = 0;
  readonly complaints: string[] = [];
  /** That of Node: Jest would read each of a thousand files anew. */
  private readonly require = process.getBuiltinModule('node:module').createRequire(import.meta.url);

  complaintAbout(url: string, json: unknown): string | undefined {
    const { version, type } = MODELS[url] ?? { version: '', type: '' };
    const path = `${CLIENT}${version}/models/ObjectSerializer.js`;
    const { ObjectSerializer } = this.require(path) as { ObjectSerializer: ObjectSerializer };
    try {
      return strangerIn(ObjectSerializer.deserialize(json, type, ''));
    } catch (error) {
      return String(error);
    }
  }

  protected override answerTo({ url, content }: ReceivedRequest): Answer {
    const complaint = this.complaintAbout(url, JSON.parse(content.toString()));
    if (complaint !== undefined) this.complaints.push(`${url}: ${complaint}`);
    this.read++;
    return { status: 202, headers: { 'content-type': 'application/json' }, body: '{"errors":[]}' };
  }
}

/** What the model has no name for, or no value for its enumeration. */
function strangerIn(part: unknown): string | undefined {
  if (typeof part !== 'object' || part === null) return undefined;
  const { additionalProperties, _data: unparsed } = part as Record<string, unknown>;
  const stranger = additionalProperties ?? unparsed;
  if (stranger !== undefined) return JSON.stringify(stranger);
  return Object.values(part)
    .map(strangerIn)
    .find((found) => found !== undefined);
}

describe('requests to Datadog, parsed by the models of its official client', () => {
  const server = new ModelledServer();

  beforeAll(() => server.start());
  afterAll(() => server.stop());

  it('have only known fields of the published types', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyInterval,
        fc.constantFrom('distributions', 'counts'),
        async (interval, histograms) => {
          await send(interval, histograms);
          expect(server.complaints).toEqual([]);
        },
      ),
      { numRuns: 30 },
    );
    expect(server.read).toBeGreaterThan(30);
  }, 300_000);

  it.each([
    ['/api/v2/series', { series: [{ metric: 'a', points: [{ timestamp: 'now', value: 1 }] }] }],
    ['/api/v2/series', { series: [{ metric: 'a', points: [], colour: 'red' }] }],
    ['/api/v1/distribution_points', { series: [{ metric: 'a', points: [[1, ['x']]] }] }],
    ['/api/v1/distribution_points', { series: [{ metric: 'a', points: [[1, [1]]], type: 'count' }] }],
  ])('are rejected by the models if invalid: %s %j', (url, json) => {
    expect(server.complaintAbout(url, json)).toBeDefined();
  });

  async function send(interval: MetricsInterval, histograms: 'distributions' | 'counts'): Promise<void> {
    const transport = new DatadogFetchTransport(server.url, 'key', nodeFetch);
    for (const { payload } of datadogRequests(interval, {
      host: 'web-1',
      tags: { env: 'live' },
      histograms,
    })) {
      if (payload !== undefined)
        await transport.send(payload as DatadogPayload, AbortSignal.timeout(200_000));
    }
  }
});
