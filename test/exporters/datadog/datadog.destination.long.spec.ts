import { client as datadog, v1, v2 } from '@datadog/datadog-api-client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  DatadogClientTransport,
  DatadogGivenClientTransport,
  type DatadogPackage,
} from '../../../lib/exporters/datadog/datadog-client.transport.js';
import { DatadogFetchTransport } from '../../../lib/exporters/datadog/datadog-fetch.transport.js';
import { DatadogDestination } from '../../../lib/exporters/datadog/datadog.destination.js';
import type { DatadogTransport } from '../../../lib/exporters/datadog/datadog.transport.js';
import { PushError, type PushRequest } from '../../../lib/exporters/push/push-destination.js';
import { unreachable } from '../../support/expectations.js';
import { anyInterval, contentOf, counters, gauges, histograms, intervalOf } from '../push/intervals.js';
import { firstOf, nodeFetch } from '../push/support.js';
import { DatadogServer } from './datadog.server.js';

const KEY = '0123456789abcdef0123456789abcdef';
const OPTIONS = { host: 'web-1', tags: { service: 'orders' }, histograms: 'distributions' } as const;
const ANY_TIME = new AbortController().signal;

let server: DatadogServer;

beforeEach(async () => {
  server = await new DatadogServer(KEY).start();
});

afterEach(() => server.stop());

function givenClient(url: string, key: string): DatadogTransport {
  const configuration = datadog.createConfiguration({
    authMethods: { apiKeyAuth: key },
    baseServer: new datadog.BaseServerConfiguration(url, {}),
  });
  return new DatadogGivenClientTransport({
    v1: new v1.MetricsApi(configuration),
    v2: new v2.MetricsApi(configuration),
  });
}

const PACKAGE: DatadogPackage = { client: datadog, v1, v2 } as never;

describe.each<[string, (url: string, key: string) => DatadogTransport]>([
  ['fetch', (url, key) => new DatadogFetchTransport(url, key, nodeFetch)],
  ['its client', (url, key) => new DatadogClientTransport(PACKAGE, url, key, nodeFetch)],
  ['a client of the application', givenClient],
])('sending to Datadog by %s', (way, transportTo) => {
  let destination: DatadogDestination;

  beforeEach(() => {
    destination = destinationTo(server.url);
  });

  function destinationTo(url: string, key = KEY): DatadogDestination {
    return new DatadogDestination(OPTIONS, async () => transportTo(url, key));
  }

  function requestOf(...families: Parameters<typeof intervalOf>[0]): PushRequest {
    return firstOf(destination.encode(intervalOf(families)));
  }

  async function failureOf(request: PushRequest, signal = ANY_TIME): Promise<unknown> {
    return destination.send(request, signal).then(
      () => unreachable(),
      (error: unknown) => error,
    );
  }

  it('delivers every series as it was encoded', async () => {
    const interval = intervalOf([
      counters('orders_total', [{ shop: 'north' }, 3]),
      gauges('users', [{}, 5]),
      histograms('wait_seconds', [{}, [2, 2]]),
    ]);
    for (const request of destination.encode(interval)) await destination.send(request, ANY_TIME);
    expect(server.refusals).toEqual([]);
    expect(server.taken).toMatchObject([
      {
        metric: 'orders_total',
        type: 'count',
        values: [3],
        interval: 60,
        tags: ['service:orders', 'shop:north'],
      },
      { metric: 'users', type: 'gauge', values: [5], host: 'web-1' },
      { metric: 'wait_seconds', type: 'distribution', values: [2, 2], host: 'web-1' },
    ]);
    for (const { url, headers } of server.requests) {
      expect(url).not.toContain(KEY);
      expect(headers).toMatchObject({ 'dd-api-key': KEY, 'content-encoding': 'deflate' });
    }
  });

  it('gives intervals shorter than a second distinct timestamps, so that Datadog keeps every count', async () => {
    const endedAt = Date.now() - 5_000;
    for (const later of [0, 100, 200]) {
      const interval = intervalOf([counters('orders_total', [{}, 2])], {
        endedAt: endedAt + later,
        lengthMs: 100,
      });
      for (const request of destination.encode(interval)) await destination.send(request, ANY_TIME);
    }
    expect(server.taken.map(({ values: [value] }) => value)).toEqual([2, 2, 2]);
  });

  it('returns to the time of the clock after it was set back', async () => {
    for (const endedAt of [Date.now() + 3_600_000, Date.now()]) {
      const requests = destination.encode(intervalOf([counters('orders_total', [{}, 2])], { endedAt }));
      for (const request of requests) await destination.send(request, ANY_TIME).catch(() => undefined);
    }
    expect(server.taken).toMatchObject([{ values: [2] }]);
  });

  it('sends nothing that Datadog rejects and keeps every sum, for any interval', async () => {
    await fc.assert(
      fc.asyncProperty(anyInterval, async (interval) => {
        const fresh = await new DatadogServer(KEY).start();
        try {
          const toFresh = destinationTo(fresh.url);
          for (const request of toFresh.encode(interval)) await toFresh.send(request, ANY_TIME);
          expect(fresh.refusals).toEqual([]);
          const total = (type: string, of: (values: readonly number[]) => number) =>
            fresh.taken
              .filter((point) => point.type === type)
              .reduce((sum, { values }) => sum + of(values), 0);
          const { added, observed } = contentOf(interval);
          expect(total('count', ([value = NaN]) => value)).toBeCloseTo(added, 3);
          expect(total('distribution', (values) => values.length)).toBe(observed);
        } finally {
          await fresh.stop();
        }
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ['is overloaded', { status: 503, body: 'busy' }, 'retry'],
    ['is slow', { status: 408, body: '{"errors":["timeout"]}' }, 'retry'],
    ['is asked too much', { status: 429, body: '{"errors":["slow down"]}' }, 'retry'],
    ['does not like it', { status: 400, body: '{"errors":["bad"]}' }, 'drop'],
  ] as const)('says what may be done when Datadog %s', async (_, trouble, remedy) => {
    server.troubles.push({ headers: { 'content-type': 'application/json' }, ...trouble });
    const failure = await failureOf(requestOf(gauges('g', [{}, 1])));
    expect(failure).toBeInstanceOf(PushError);
    expect(failure).toMatchObject({ remedy });
  });

  it('stops on an invalid API key without showing it', async () => {
    destination = destinationTo(server.url, 'wrong-key');
    const failure = await failureOf(requestOf(gauges('g', [{}, 1])));
    expect(failure).toMatchObject({
      remedy: 'stop',
      message: expect.stringContaining('does not accept the API key'),
    });
    expect(String(failure)).not.toContain('wrong-key');
  });

  it('splits a request in half after a 413, down to one series', async () => {
    server.troubles.push({
      status: 413,
      headers: { 'content-type': 'application/json' },
      body: '{"errors":[]}',
    });
    const request = requestOf(counters('a_total', [{ n: '1' }, 1], [{ n: '2' }, 2], [{ n: '3' }, 3]));
    const halves = (await destination.send(request, ANY_TIME))!;
    expect(halves.map(({ points }) => points)).toEqual([2, 1]);
    for (const half of halves) await destination.send(half, ANY_TIME);
    expect(server.taken.map(({ values: [value] }) => value)).toEqual([1, 2, 3]);

    server.troubles.push({
      status: 413,
      headers: { 'content-type': 'application/json' },
      body: '{"errors":[]}',
    });
    expect(await failureOf(firstOf(halves.slice(1)))).toMatchObject({ remedy: 'drop' });
  });

  it.each([200, 201, 202, 204, 205, 206, 299])(
    'takes the status %i as an acknowledgement',
    async (status) => {
      server.troubles.push({ status });
      await expect(destination.send(requestOf(gauges('g', [{}, 1])), ANY_TIME)).resolves.toBeUndefined();
    },
  );

  it.each([304, 302, 599])('treats the status %i as a failure', async (status) => {
    server.troubles.push({ status });
    const remedy = status < 400 ? 'stop' : 'retry';
    expect(await failureOf(requestOf(gauges('g', [{}, 1])))).toMatchObject({ remedy });
  });

  it('retries after a broken connection', async () => {
    server.troubles.push('reset');
    const failure = await failureOf(requestOf(gauges('g', [{}, 1])));
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toMatchObject({ remedy: 'drop' });
    expect(failure).not.toMatchObject({ remedy: 'stop' });
  });

  if (way === 'a client of the application') return;

  it.each(['breaks off', 'never ends'] as const)(
    'takes a success as an acknowledgement even if its body %s',
    async (body) => {
      server.body = body;
      const signal = AbortSignal.timeout(5_000);
      await expect(destination.send(requestOf(gauges('g', [{}, 1])), signal)).resolves.toBeUndefined();
    },
    30_000,
  );

  it.each([
    [{ 'x-ratelimit-reset': '7' }, 7_000],
    [{ 'retry-after': '3' }, 3_000],
    [{ 'retry-after': '3', 'x-ratelimit-reset': '7' }, 3_000],
    [{ 'x-ratelimit-reset': 'soon' }, undefined],
    [{ 'x-ratelimit-reset': '1e9' }, undefined],
    [{ 'x-ratelimit-reset': '1700000000' }, 3_600_000],
  ])('honors the pause of %o', async (pause, retryAfterMs) => {
    const headers = { 'content-type': 'application/json', ...pause };
    server.troubles.push({ status: 429, headers, body: '{"errors":[]}' });
    expect(await failureOf(requestOf(gauges('g', [{}, 1])))).toHaveProperty('retryAfterMs', retryAfterMs);
  });

  it('ends a request when its signal is aborted', async () => {
    server.troubles.push('hang');
    const controller = new AbortController();
    const failure = failureOf(requestOf(gauges('g', [{}, 1])), controller.signal);
    controller.abort(new Error('it took too long'));
    expect(await failure).toBeInstanceOf(Error);
  });

  it('does not follow redirects, which could send the key elsewhere', async () => {
    server.troubles.push({ status: 308, headers: { location: `${server.url}/elsewhere` } });
    expect(await failureOf(requestOf(gauges('g', [{}, 1])))).toMatchObject({ remedy: 'stop' });
    expect(server.requests).toHaveLength(1);
  });
});

describe('the Datadog server of the tests', () => {
  const point = { timestamp: Math.floor(Date.now() / 1_000), value: 1 };
  const series = { metric: 'm', type: 3, points: [point], tags: [], resources: [] };

  it('accepts a valid request', async () => {
    expect(await statusOf({ series: [series] })).toBe(202);
  });

  it.each<[string, object]>([
    ['a name with a colon', { metric: 'a:b' }],
    ['a name that is too long', { metric: 'a'.repeat(201) }],
    ['a tag that is too long', { tags: [`a:${'b'.repeat(200)}`] }],
    ['a tag with a blank', { tags: ['a:b c'] }],
    ['a count without an interval', { type: 1 }],
    ['NaN', { points: [{ ...point, value: NaN }] }],
    ['a point of two hours ago', { points: [{ ...point, timestamp: point.timestamp - 7_200 }] }],
    ['a point of the next hour', { points: [{ ...point, timestamp: point.timestamp + 3_600 }] }],
  ])('rejects %s', async (_, wrong) => {
    expect(await statusOf({ series: [{ ...series, ...wrong }] })).toBe(400);
  });

  it('rejects a request that is too large, wrongly encoded or without a key', async () => {
    const large = Array.from({ length: 10_000 }, () => series);
    expect(await statusOf({ series: large })).toBe(413);
    expect(await statusOf({ series: [series] }, { 'content-encoding': 'gzip' })).toBe(400);
    expect(await statusOf({ series: [series] }, { 'dd-api-key': 'another' })).toBe(403);
    expect(await statusOf({ series: [series] }, {}, '/api/v1/series')).toBe(404);
  });
});

async function statusOf(body: object, headers: Record<string, string> = {}, path = '/api/v2/series') {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'dd-api-key': KEY, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return response.status;
}
