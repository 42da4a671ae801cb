import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OTLPMetricExporter as JsonMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { AggregationTemporality, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import * as fc from 'fast-check';
import { MetricsRegistry } from '../../../lib/metrics/registry.js';
import { OtlpExporterSender } from '../../../lib/exporters/otlp/otlp-exporter.sender.js';
import { OtlpHttpSender } from '../../../lib/exporters/otlp/otlp-http.sender.js';
import {
  metricsOf,
  type OtlpMetricsOptions,
  type OtlpPiece,
} from '../../../lib/exporters/otlp/otlp-metrics.js';
import { OtlpDestination } from '../../../lib/exporters/otlp/otlp.destination.js';
import type { OtlpSender } from '../../../lib/exporters/otlp/otlp.sender.js';
import { IntervalReader } from '../../../lib/exporters/push/interval-reader.js';
import type { MetricsInterval } from '../../../lib/exporters/push/metrics-interval.js';
import { PushError, type PushRequest } from '../../../lib/exporters/push/push-destination.js';
import { testRegistry } from '../../metrics/support.js';
import { unreachable } from '../../support/expectations.js';
import { anyInterval, contentOf, counters, intervalOf } from '../push/intervals.js';
import { OtlpServer } from './otlp.server.js';
import { firstOf, nodeFetch } from '../push/support.js';

const ANY_TIME = new AbortController().signal;

let server: OtlpServer;

beforeEach(async () => {
  server = await new OtlpServer().start();
});

afterEach(() => server.stop());

function senderBy(protocol: 'http/protobuf' | 'http/json', compression: 'gzip' | 'none') {
  return (url: string): OtlpSender =>
    new OtlpHttpSender(
      { url: `${url}/v1/metrics`, protocol, compression, fetch: nodeFetch },
      { 'x-key': 'secret' },
    );
}

function destinationBy(
  sender: (url: string) => OtlpSender,
  options: Partial<OtlpMetricsOptions> = {},
  url = server.url,
): OtlpDestination {
  const resource = { 'service.name': 'orders' };
  const told = { temporality: 'delta', histograms: 'explicit', resource, ...options } as const;
  return new OtlpDestination(told, sender(url), (text) => text.replaceAll('secret', '***'));
}

/** What happened in one minute, beside a total from before. */
function aMinute(): MetricsInterval {
  const { registry, clock } = testRegistry({ defaultLabels: { region: 'eu', empty: '' } });
  const reader = new IntervalReader();
  const orders = registry.counter('orders_total', 'Orders.', { labelNames: ['shop'] });
  const wait = registry.histogram('wait_seconds', 'Waiting.', { buckets: [1, 10] });
  orders.inc({ shop: 'north' }, 2);
  wait.observe(0.5);
  clock.advance(60_000);
  reader.advance(registry.snapshot({ exponential: true }));
  orders.inc({ shop: 'north' }, 3);
  clock.advance(30_000);
  orders.inc({ shop: 'south' });
  registry.gauge('heap_bytes', 'Heap.').set(7);
  wait.observe(4);
  wait.observe(0);
  clock.advance(30_000);
  return reader.intervalUpTo(registry.snapshot({ exponential: true }));
}

async function sendAll(destination: OtlpDestination, interval: MetricsInterval): Promise<void> {
  for (const request of destination.encode(interval)) await destination.send(request, ANY_TIME);
}

function taken(metric: string) {
  return server.taken.filter((point) => point.metric === metric);
}

const START = 1_700_000_000_000;

describe.each([
  ['protobuf and gzip', senderBy('http/protobuf', 'gzip')],
  ['JSON', senderBy('http/json', 'none')],
  [
    'the official exporter for protobuf',
    (url: string) => new OtlpExporterSender(new ProtobufMetricExporter({ url: `${url}/v1/metrics` })),
  ],
  [
    'the official exporter for JSON',
    (url: string) => new OtlpExporterSender(new JsonMetricExporter({ url: `${url}/v1/metrics` })),
  ],
])('sending to a collector by %s', (_, sender) => {
  it('sends changes, each with its own start time', async () => {
    await sendAll(destinationBy(sender), aMinute());
    expect(server.refusals).toEqual([]);
    expect(server.resources).toEqual([{ 'service.name': 'orders' }]);
    const minute = { startMs: START + 60_000, endMs: START + 120_000 };
    expect(taken('orders_total')).toEqual([
      {
        metric: 'orders_total',
        unit: '',
        kind: 'sum',
        temporality: 'delta',
        attributes: { region: 'eu', shop: 'north' },
        resource: { 'service.name': 'orders' },
        ...minute,
        value: 3,
      },
      expect.objectContaining({
        attributes: { region: 'eu', shop: 'south' },
        startMs: START + 90_000,
        value: 1,
      }),
    ]);
    expect(taken('heap_bytes')).toMatchObject([{ kind: 'gauge', unit: 'By', value: 7, ...minute }]);
    expect(taken('wait_seconds')).toMatchObject([
      { kind: 'histogram', unit: 's', count: 2, sum: 4, bounds: [1, 10], counts: [1, 1, 0], ...minute },
    ]);
    expect(taken('wait_seconds')[0]).not.toHaveProperty('max');
  });

  it('sends totals since the start, unchanged ones included', async () => {
    await sendAll(destinationBy(sender, { temporality: 'cumulative' }), aMinute());
    expect(server.refusals).toEqual([]);
    expect(taken('orders_total')).toMatchObject([
      { temporality: 'cumulative', startMs: START, endMs: START + 120_000, value: 5 },
      { startMs: START + 90_000, value: 1 },
    ]);
    expect(taken('wait_seconds')).toMatchObject([
      { count: 3, sum: 4.5, min: 0, max: 4, counts: [2, 1, 0], startMs: START },
    ]);
  });

  it('sends exponential histograms with their scale', async () => {
    await sendAll(destinationBy(sender, { histograms: 'exponential' }), aMinute());
    expect(server.refusals).toEqual([]);
    expect(taken('wait_seconds')).toMatchObject([
      // 4 is the upper bound of bucket 127: 2 ** ((127 + 1) / 64).
      {
        kind: 'exponentialHistogram',
        count: 2,
        scale: 6,
        zeroCount: 1,
        positive: { offset: 127, bucketCounts: [1] },
      },
    ]);
  });
});

describe('sending to a collector', () => {
  const sender = senderBy('http/protobuf', 'gzip');

  function aRequest(): PushRequest {
    const interval = intervalOf([counters('a_total', [{ n: '1' }, 1], [{ n: '2' }, 2], [{ n: '3' }, 3])]);
    return firstOf(destinationBy(sender).encode(interval));
  }

  async function failureOf(destination: OtlpDestination, request = aRequest(), signal = ANY_TIME) {
    return destination.send(request, signal).then(
      () => unreachable(),
      (error: unknown) => error as PushError,
    );
  }

  it('sends nothing that a collector rejects and keeps every sum, for any interval', async () => {
    const histograms = fc.constantFrom('explicit', 'exponential');
    await fc.assert(
      fc.asyncProperty(anyInterval, histograms, async (interval, kind) => {
        server.taken.length = 0;
        await sendAll(destinationBy(sender, { histograms: kind }), interval);
        expect(server.refusals).toEqual([]);
        const { added, observed } = contentOf(interval);
        const sums = server.taken.filter((point) => point.kind === 'sum');
        expect(sums.reduce((sum, { value }) => sum + value!, 0)).toBeCloseTo(added, 3);
        expect(server.taken.reduce((sum, { count = 0 }) => sum + count, 0)).toBe(observed);
      }),
      { numRuns: 40 },
    );
  });

  it('describes metrics as the SDK does', () => {
    const pieces = destinationBy(sender)
      .encode(aMinute())
      .flatMap(({ payload }) => payload as OtlpPiece[]);
    const data = metricsOf(pieces) as MetricData[];
    const described = data.map(({ descriptor: { name }, dataPointType, aggregationTemporality }) => [
      name,
      DataPointType[dataPointType],
      AggregationTemporality[aggregationTemporality],
    ]);
    expect(described).toEqual([
      ['orders_total', 'SUM', 'DELTA'],
      ['wait_seconds', 'HISTOGRAM', 'DELTA'],
      ['heap_bytes', 'GAUGE', 'DELTA'],
    ]);
  });

  it('splits many series into several requests', async () => {
    const registry = new MetricsRegistry({ seriesLimit: 20_000 });
    const counter = registry.counter('a_total', 'A.', { labelNames: ['n'] });
    for (let n = 0; n < 12_000; n++) counter.inc({ n });
    const destination = destinationBy(sender, { temporality: 'cumulative' });
    await sendAll(destination, new IntervalReader().intervalUpTo(registry.snapshot({ exponential: true })));
    expect(server.requests.length).toBeGreaterThan(2);
    expect(taken('a_total')).toHaveLength(12_000);
  });

  it.each([
    [503, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [400, 'drop'],
    [404, 'drop'],
    [401, 'stop'],
  ] as const)('says what may be done after %i, and shows no header', async (status, remedy) => {
    server.troubles.push({ status, headers: { 'retry-after': '7' }, body: 'your secret is no good' });
    const failure = await failureOf(destinationBy(sender));
    expect(failure).toMatchObject({ remedy, retryAfterMs: 7_000 });
    expect(failure.message).toContain('your *** is no good');
  });

  it('ignores X-RateLimit-Reset, in which many gateways give a time of day', async () => {
    const headers = { 'x-ratelimit-reset': String(Math.ceil(Date.now() / 1_000) + 5) };
    server.troubles.push({ status: 429, headers, body: '' });
    const failure = await failureOf(destinationBy(sender));
    expect([failure.remedy, failure.retryAfterMs]).toEqual(['retry', undefined]);
  });

  it('splits a request in half after a 413', async () => {
    server.troubles.push({ status: 413 });
    const destination = destinationBy(sender);
    const halves = (await destination.send(aRequest(), ANY_TIME))!;
    expect(halves.map(({ points }) => points)).toEqual([2, 1]);
    for (const half of halves) await destination.send(half, ANY_TIME);
    expect(taken('a_total').map(({ value }) => value)).toEqual([1, 2, 3]);
  });

  it('counts points as dropped that a collector rejects of an accepted request', async () => {
    server.rejection = { rejectedDataPoints: 1, errorMessage: 'out of order' };
    const destination = destinationBy(sender);
    const settled = (await destination.send(aRequest(), ANY_TIME)) ?? [];
    expect(settled.map(({ points }) => points)).toEqual([2, 1]);
    await destination.send(firstOf(settled), ANY_TIME);
    expect(await failureOf(destination, settled[1])).toMatchObject({
      remedy: 'drop',
      message: 'The collector rejected 1 of 3 data points: out of order',
    });
    expect(server.requests).toHaveLength(1);

    server.rejection = { rejectedDataPoints: 3, errorMessage: 'too old' };
    expect(await failureOf(destination)).toMatchObject({ remedy: 'drop' });

    server.rejection = { rejectedDataPoints: 1_000, errorMessage: 'as many as it made of them' };
    expect(await failureOf(destination)).toMatchObject({
      remedy: 'drop',
      message: 'The collector rejected 3 of 3 data points: as many as it made of them',
    });
  });

  it('ends a request when its signal is aborted', async () => {
    server.troubles.push('hang');
    const controller = new AbortController();
    const failure = failureOf(destinationBy(sender), aRequest(), controller.signal);
    controller.abort(new Error('it took too long'));
    expect((await failure).message).toBe('it took too long');
  });

  it('retries after a broken connection', async () => {
    server.troubles.push('reset');
    expect(await failureOf(destinationBy(sender))).not.toBeInstanceOf(PushError);
  });
});
