import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { datadogRequests } from '../../../lib/exporters/datadog/datadog-payloads.js';
import type { DatadogPayload, DatadogPayloadOptions } from '../../../lib/exporters/datadog/datadog-series.js';
import type { MetricsInterval } from '../../../lib/exporters/push/metrics-interval.js';
import { RejectedPoints } from '../../../lib/exporters/push/partial-success.js';
import { unreachable } from '../../support/expectations.js';
import {
  anyInterval,
  contentOf,
  counters,
  gauges,
  histograms,
  intervalOf,
  isHistogram,
} from '../push/intervals.js';

const OPTIONS: DatadogPayloadOptions = { host: 'web-1', tags: {}, histograms: 'distributions' };

function payloadsOf(
  interval: MetricsInterval,
  options: Partial<DatadogPayloadOptions> = {},
): DatadogPayload[] {
  return datadogRequests(interval, { ...OPTIONS, ...options }).flatMap(({ payload }) =>
    payload === undefined ? [] : [payload as DatadogPayload],
  );
}

function seriesOf(interval: MetricsInterval, options: Partial<DatadogPayloadOptions> = {}) {
  return payloadsOf(interval, options).flatMap((payload) =>
    payload.kind === 'series' ? payload.series : [],
  );
}

function distributionsOf(interval: MetricsInterval) {
  return payloadsOf(interval).flatMap((payload) => (payload.kind === 'distributions' ? payload.series : []));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

describe('the payloads for Datadog', () => {
  const endedAt = Date.UTC(2026, 0, 1, 12, 1);

  it('has the increase of a counter, dated to the start of the interval, with its length in seconds', () => {
    const interval = intervalOf([counters('received_bytes_total', [{ route: '/users/:id' }, 3])], {
      endedAt,
      defaultLabels: { region: 'eu' },
    });
    expect(seriesOf(interval, { tags: { service: 'orders', env: 'live' } })).toEqual([
      {
        metric: 'received_bytes_total',
        type: 1,
        interval: 60,
        unit: 'byte',
        points: [{ timestamp: (endedAt - 60_000) / 1_000, value: 3 }],
        tags: ['env:live', 'region:eu', 'route:/users/:id', 'service:orders'],
        resources: [{ type: 'host', name: 'web-1' }],
      },
    ]);
  });

  it('has the value of a gauge at the end of the interval', () => {
    expect(seriesOf(intervalOf([gauges('users', [{}, 5])], { endedAt }))).toEqual([
      {
        metric: 'users',
        type: 3,
        points: [{ timestamp: endedAt / 1_000, value: 5 }],
        tags: [],
        resources: [{ type: 'host', name: 'web-1' }],
      },
    ]);
  });

  it('has the values of a histogram with their numbers of occurrences', () => {
    const [distribution] = distributionsOf(
      intervalOf([histograms('wait_seconds', [{}, [2, 2, 2]])], { endedAt }),
    );
    expect(distribution).toEqual({
      metric: 'wait_seconds',
      timestamp: (endedAt - 60_000) / 1_000,
      values: { values: [2], counts: [3] },
      tags: [],
      host: 'web-1',
    });
  });

  it('sends the count and the sum of a histogram with histograms: counts', () => {
    const interval = intervalOf([histograms('wait_seconds', [{}, [1, 2, 4]])]);
    expect(seriesOf(interval, { histograms: 'counts' })).toMatchObject([
      { metric: 'wait_seconds_count', type: 1, points: [{ value: 3 }] },
      { metric: 'wait_seconds_sum', type: 1, unit: 'second', points: [{ value: 7 }] },
    ]);
  });

  it('dates a long interval near its end, since Datadog rejects data an hour old', () => {
    const interval = intervalOf([counters('a_total', [{}, 1])], { endedAt, lengthMs: 7_200_000 });
    expect(seriesOf(interval)).toMatchObject([
      { interval: 7_200, points: [{ timestamp: endedAt / 1_000 - 300 }] },
    ]);
  });

  it.each([
    ['http_requests_total', 'http_requests_total'],
    ['job:orders:rate', 'job.orders.rate'],
    ['_hidden', 'm._hidden'],
    [':odd', 'm..odd'],
  ])('sends %s as %s', (name, metric) => {
    expect(seriesOf(intervalOf([gauges(name, [{}, 1])]))).toMatchObject([{ metric }]);
  });

  it('normalizes tags as Datadog does', () => {
    const labels = { Method: 'GET', _id: 'Ä B', none: '', long: 'x'.repeat(300), face: '☺' };
    const [{ tags } = unreachable()] = seriesOf(intervalOf([gauges('g', [labels, 1])]));
    expect(tags).toEqual(['face', 'label_id:ä_b', `long:${'x'.repeat(195)}`, 'method:get']);
  });

  it('adds up series with equal tags, of which Datadog would keep only one', () => {
    const interval = intervalOf([
      counters('hits_total', [{ page: 'Home' }, 2], [{ page: 'home' }, 3]),
      histograms('wait_seconds', [{ page: 'Home' }, [1]], [{ page: 'home' }, [1]]),
    ]);
    expect(seriesOf(interval)).toMatchObject([{ points: [{ value: 5 }] }]);
    expect(distributionsOf(interval)).toMatchObject([{ values: { counts: [2] } }]);
  });

  it('drops and counts numbers that are not finite', () => {
    const requests = datadogRequests(
      intervalOf([gauges('g', [{ n: '1' }, Infinity], [{ n: '2' }, 1])]),
      OPTIONS,
    );
    expect(requests.map(({ points }) => points)).toEqual([1, 1]);
    expect(requests[1]).toBeInstanceOf(RejectedPoints);
  });

  it('splits requests at 512 000 uncompressed bytes', () => {
    const many = Array.from({ length: 5_000 }, (_, i): [Record<string, string>, number] => [
      { id: `${i}`, text: 'x'.repeat(150) },
      i,
    ]);
    const payloads = payloadsOf(intervalOf([counters('a_total', ...many)]));
    expect(payloads.length).toBeGreaterThan(1);
    expect(sum(payloads.map(({ series }) => series.length))).toBe(5_000);
    for (const { series } of payloads) expect(JSON.stringify({ series }).length).toBeLessThanOrEqual(512_000);
  });

  it('sends all of a million values in requests of some thousand, and queues them compactly', () => {
    const interval = intervalOf([histograms('wait_seconds', [{}, [0.1, 0.2]])]);
    const [family = unreachable()] = interval.families.filter(isHistogram);
    const [series = unreachable()] = family.series;
    const positive = { offset: -212, counts: [1_000_000, 7] };
    const exponential = { scale: 6, zeroCount: 0, positive, negative: { offset: 0, counts: [] } };
    const delta = { ...series.delta, count: 1_000_007, sum: 0.1 * 1_000_007, exponential };
    const families = [{ ...family, series: [{ ...series, delta }] }];
    const requests = datadogRequests({ ...interval, families }, OPTIONS);
    expect(requests.length).toBeGreaterThan(10);
    const distributions = requests.flatMap(
      ({ payload }) => (payload as DatadogPayload & { kind: 'distributions' }).series,
    );
    const values = distributions.map(({ values: { counts } }) => sum([...counts]));
    expect(sum(values)).toBe(1_000_007);
    expect(Math.max(...values)).toBeLessThan(20_000);
    expect(sum(requests.map(({ bytes }) => bytes))).toBeLessThan(50_000);
  });

  it('keeps every sum, for any interval', () => {
    fc.assert(
      fc.property(anyInterval, (interval) => {
        const { added, observed } = contentOf(interval);
        const counted = seriesOf(interval).filter(({ type }) => type === 1);
        expect(sum(counted.map(({ points: [{ value }] }) => value))).toBeCloseTo(added, 3);
        const values = distributionsOf(interval).map(({ values: { counts } }) => sum([...counts]));
        expect(sum(values)).toBe(observed);
      }),
    );
  });
});
