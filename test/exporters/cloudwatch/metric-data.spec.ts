import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  type MetricDataOptions,
  metricDataRequests,
  type MetricDatum,
} from '../../../lib/exporters/cloudwatch/metric-data.js';
import type { MetricsInterval } from '../../../lib/exporters/push/metrics-interval.js';
import { RejectedPoints } from '../../../lib/exporters/push/partial-success.js';
import { anyInterval, contentOf, counters, gauges, histograms, intervalOf } from '../push/intervals.js';
import { complaintAbout, type ReceivedDatum } from './cloudwatch.server.js';
import { departuresFromModel } from './service-model.js';

const OPTIONS: MetricDataOptions = {
  namespace: 'EnterpriseLand',
  distributions: 'values',
  highResolution: false,
  rollUps: [],
};

function dataOf(interval: MetricsInterval, options: Partial<MetricDataOptions> = {}): MetricDatum[] {
  return metricDataRequests(interval, { ...OPTIONS, ...options }).flatMap(
    ({ payload }) => (payload ?? []) as MetricDatum[],
  );
}

/** As the SDK writes it. */
function onTheWire(data: readonly MetricDatum[]): ReceivedDatum[] {
  const text = JSON.stringify(
    data.map((datum) => ({ ...datum, Timestamp: datum.Timestamp.getTime() / 1_000 })),
  );
  return JSON.parse(text) as ReceivedDatum[];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function dimensions(datum: MetricDatum | undefined): Record<string, string> {
  return Object.fromEntries(datum!.Dimensions.map(({ Name, Value }) => [Name, Value]));
}

describe('the metric data for CloudWatch', () => {
  it('has the increase of a counter, dated to the last millisecond of the interval', () => {
    const endedAt = Date.UTC(2026, 0, 1, 12, 1);
    const interval = intervalOf([counters('orders_total', [{ shop: 'north' }, 3])], {
      endedAt,
      defaultLabels: { service: 'orders' },
    });
    expect(dataOf(interval)).toEqual([
      {
        MetricName: 'orders_total',
        Dimensions: [
          { Name: 'shop', Value: 'north' },
          { Name: 'service', Value: 'orders' },
        ],
        Timestamp: new Date('2026-01-01T12:00:59.999Z'),
        Unit: 'Count',
        StorageResolution: 60,
        Value: 3,
      },
    ]);
  });

  it('has the value of a gauge, and the values and counts of a histogram', () => {
    const data = dataOf(
      intervalOf([gauges('queue_bytes', [{}, 12]), histograms('wait_seconds', [{}, [2, 2, 8]])]),
      { highResolution: true },
    );
    expect(data).toMatchObject([
      { MetricName: 'queue_bytes', Unit: 'Bytes', Value: 12, StorageResolution: 1 },
      { MetricName: 'wait_seconds', Unit: 'Seconds', Counts: [2, 1], StorageResolution: 1 },
    ]);
    const [two, eight] = data[1]?.Values ?? [];
    expect(two).toBeCloseTo(2, 1);
    expect(eight).toBeCloseTo(8, 1);
  });

  it('merges a histogram to 150 values and keeps its count and sum', () => {
    const values = Array.from({ length: 5_000 }, (_, i) => 1.003 ** i / 1e3);
    const [datum] = dataOf(intervalOf([histograms('wait_seconds', [{}, values])]));
    const { Values = [], Counts = [] } = datum ?? {};
    expect(Values.length).toBeLessThanOrEqual(150);
    expect(sum(Counts)).toBe(5_000);
    expect(sum(Values.map((value, i) => value * (Counts[i] ?? NaN))) / sum(values)).toBeCloseTo(1, 9);
  });

  it('sends histograms as statistics with distributions: statistics', () => {
    const interval = intervalOf([histograms('wait_seconds', [{}, [1, 2, 3]])]);
    const [datum] = dataOf(interval, { distributions: 'statistics' });
    expect(datum).toMatchObject({ StatisticValues: { SampleCount: 3, Sum: 6 } });
    expect(datum?.StatisticValues?.Minimum).toBeCloseTo(1, 1);
    expect(datum?.StatisticValues?.Maximum).toBeCloseTo(3, 1);
    expect(datum).not.toHaveProperty('Values');
  });

  it.each([
    ['http_request_duration_seconds', 'Seconds'],
    ['process_cpu_seconds_total', 'Seconds'],
    ['jobs_total', 'Count'],
    ['received_bytes_total', 'Bytes'],
    ['system_network_receive_bytes_per_second', 'Bytes/Second'],
    ['queries_per_second', 'Count/Second'],
    ['memory_percent', 'Percent'],
    ['utilization_ratio', 'None'],
  ])('gives %s the unit %s', (name, unit) => {
    const family = name.endsWith('_total') ? counters(name, [{}, 1]) : gauges(name, [{}, 1]);
    expect(dataOf(intervalOf([family]))).toMatchObject([{ Unit: unit }]);
  });

  it('limits dimensions to 30 of 1024 ASCII characters and omits empty ones', () => {
    const labels = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`l${i}`, `v${i}`]));
    const [datum] = dataOf(
      intervalOf([
        gauges('g', [
          { city: 'Zürich\n', smile: '☺', none: '', blank: ' \t', long: 'x'.repeat(2_000), ...labels },
          1,
        ]),
      ]),
    );
    expect(datum?.Dimensions).toHaveLength(30);
    expect(dimensions(datum)).toMatchObject({
      city: 'Zurich_',
      smile: '_',
      long: 'x'.repeat(1_024),
      l0: 'v0',
    });
    expect(dimensions(datum)).not.toHaveProperty('none');
    expect(dimensions(datum)).not.toHaveProperty('l39');
  });

  it('combines series whose dimensions are equal for CloudWatch', () => {
    const interval = intervalOf([
      counters('hits_total', [{ page: 'é' }, 2], [{ page: 'e' }, 3]),
      gauges('load', [{ page: 'é' }, 2], [{ page: 'e' }, 4]),
    ]);
    expect(dataOf(interval)).toMatchObject([
      { Value: 5 },
      { StatisticValues: { SampleCount: 2, Sum: 6, Minimum: 2, Maximum: 4 } },
    ]);
  });

  it('adds roll-ups to fewer dimensions', () => {
    const interval = intervalOf(
      [
        counters('hits_total', [{ route: '/', status: '200' }, 2], [{ route: '/', status: '500' }, 3]),
        histograms('wait_seconds', [{ route: '/' }, [1, 2]], [{ route: '/a' }, [2]]),
      ],
      { defaultLabels: { service: 'orders' } },
    );
    const data = dataOf(interval, { rollUps: [['service'], ['route', 'status'], []] });
    const told = data.map((datum) => [
      datum.MetricName,
      dimensions(datum),
      datum.Value ?? sum([...datum.Counts!]),
    ]);
    expect(told).toEqual([
      ['hits_total', { route: '/', status: '200', service: 'orders' }, 2],
      ['hits_total', { service: 'orders' }, 5],
      ['hits_total', { route: '/', status: '200' }, 2],
      ['hits_total', {}, 5],
      ['hits_total', { route: '/', status: '500', service: 'orders' }, 3],
      ['hits_total', { route: '/', status: '500' }, 3],
      ['wait_seconds', { route: '/', service: 'orders' }, 2],
      ['wait_seconds', { service: 'orders' }, 3],
      ['wait_seconds', {}, 3],
      ['wait_seconds', { route: '/a', service: 'orders' }, 1],
    ]);
  });

  it('combines any number of series', () => {
    const series = Array.from({ length: 130_000 }, (_, value) => ({ labels: {}, value }));
    const family = { type: 'gauge', name: 'depth', help: 'Depth.', labelNames: [], series } as const;
    const [datum] = dataOf(intervalOf([family]));
    expect(datum?.StatisticValues).toMatchObject({ SampleCount: 130_000, Minimum: 0, Maximum: 129_999 });
  });

  it('drops and counts values beyond the limits of CloudWatch, and sends tiny ones as zero', () => {
    const interval = intervalOf([gauges('g', [{ n: '1' }, 1e200], [{ n: '2' }, 1e-200], [{ n: '3' }, NaN])]);
    const [request, rejection] = metricDataRequests(interval, OPTIONS);
    expect(request).toMatchObject({ points: 1, payload: [{ Value: 0 }] });
    expect(rejection).toBeInstanceOf(RejectedPoints);
    expect(rejection?.points).toBe(2);
    expect((rejection as RejectedPoints).asError()).toMatchObject({ remedy: 'drop' });
  });

  it('merges tiny values with zeros, so that no value occurs twice', () => {
    const [datum] = dataOf(intervalOf([histograms('h', [{}, [0, -5e-324]])]));
    expect(datum).toMatchObject({ Values: [0], Counts: [2] });
  });

  it('keeps names distinct that are longer than 255 characters', () => {
    const long = 'x'.repeat(300);
    const data = dataOf(intervalOf([gauges(`${long}a`, [{}, 1]), gauges(`${long}b`, [{}, 1])]));
    expect(data.map(({ MetricName }) => MetricName.length)).toEqual([255, 255]);
    expect(new Set(data.map(({ MetricName }) => MetricName)).size).toBe(2);
  });

  it('splits requests at 1000 data and 1 MB', () => {
    const small = Array.from({ length: 2_500 }, (_, i): [Record<string, string>, number] => [
      { n: `${i}` },
      i,
    ]);
    const requests = metricDataRequests(intervalOf([counters('a_total', ...small)]), OPTIONS);
    expect(requests.map(({ points }) => points)).toEqual([1_000, 1_000, 500]);

    const large = small.map(([{ n }, value]): [Record<string, string>, number] => [
      { n: n ?? '', a: 'a'.repeat(1_000), b: 'b'.repeat(1_000) },
      value,
    ]);
    const largeRequests = metricDataRequests(intervalOf([counters('a_total', ...large)]), OPTIONS);
    expect(sum(largeRequests.map(({ points }) => points))).toBe(2_500);
    for (const { payload, bytes } of largeRequests) {
      const body = { Namespace: OPTIONS.namespace, MetricData: onTheWire(payload as MetricDatum[]) };
      const sent = Buffer.byteLength(JSON.stringify(body));
      expect(sent).toBeLessThanOrEqual(1_000_000);
      expect(Math.abs(sent - bytes)).toBeLessThanOrEqual(1);
    }
  });

  it('is valid and keeps every sum, for any interval', () => {
    fc.assert(
      fc.property(anyInterval, fc.constantFrom('values', 'statistics'), (interval, distributions) => {
        const data = dataOf(interval, { distributions });
        if (data.length > 0) expect(complaintAbout(OPTIONS.namespace, onTheWire(data))).toBeUndefined();
        expect(departuresFromModel({ Namespace: OPTIONS.namespace, MetricData: data })).toEqual([]);
        const { added, observed, gauges: measured } = contentOf(interval);
        const byType = (type: string) => {
          const families = interval.families.filter((family) => family.type === type);
          const units = new Set(families.map(({ name }) => name.slice(0, 200)));
          return data.filter(({ MetricName }) => units.has(MetricName.slice(0, 200)));
        };
        const counted = byType('counter').map(({ Value }) => Value!);
        expect(sum(counted)).toBeCloseTo(added, 3);
        const samples = byType('histogram').map(({ Counts, StatisticValues }) =>
          StatisticValues ? StatisticValues.SampleCount : sum([...Counts!]),
        );
        expect(sum(samples)).toBe(observed);
        const storable = measured.filter(({ value }) => Math.abs(value) <= 2 ** 360);
        expect(byType('gauge').length).toBeLessThanOrEqual(measured.length);
        if (storable.length === measured.length) {
          const values = byType('gauge').map(({ StatisticValues }) => StatisticValues?.SampleCount ?? 1);
          expect(sum(values)).toBe(measured.length);
        }
      }),
    );
  });
});
