import { describe, expect, it } from '@jest/globals';
// The main file of the package looks for the environment that it runs in; its encoding needs these only.
import { MetricsContext } from 'aws-embedded-metrics/lib/logger/MetricsContext.js';
import { StorageResolution } from 'aws-embedded-metrics/lib/logger/StorageResolution.js';
import { Unit } from 'aws-embedded-metrics/lib/logger/Unit.js';
import { LogSerializer } from 'aws-embedded-metrics/lib/serializers/LogSerializer.js';
import * as fc from 'fast-check';
import {
  embeddedDocuments,
  type EmbeddedMetricsEncoding,
} from '../../../lib/exporters/embedded-metrics/embedded-documents.js';
import type { MetricsInterval } from '../../../lib/exporters/push/metrics-interval.js';
import { anyInterval, contentOf, counters, gauges, histograms, intervalOf } from '../push/intervals.js';
import {
  complaintsAbout,
  countOfValue,
  type ExtractedMetric,
  extracted,
  type ReceivedDistribution,
  sumOfValue,
} from './embedded-format.js';

const OPTIONS: EmbeddedMetricsEncoding = {
  namespace: 'EnterpriseLand',
  distributions: 'values',
  highResolution: false,
  rollUps: [],
  maxLineBytes: 256_000,
};

function linesOf(interval: MetricsInterval, options: Partial<EmbeddedMetricsEncoding> = {}): string[] {
  const { documents } = embeddedDocuments(interval, { ...OPTIONS, ...options });
  for (const { line, bytes } of documents) expect(Buffer.byteLength(`${line}\n`)).toBe(bytes - 1);
  return documents.map(({ line }) => line);
}

function metricsOf(
  interval: MetricsInterval,
  options: Partial<EmbeddedMetricsEncoding> = {},
): ExtractedMetric[] {
  const lines = linesOf(interval, options);
  expect(lines.flatMap(complaintsAbout)).toEqual([]);
  return lines.flatMap(extracted);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

describe('a document of embedded metrics', () => {
  it('has all metrics of the same labels, dated to the last millisecond of the interval', () => {
    const interval = intervalOf(
      [
        counters('orders_total', [{ shop: 'north' }, 3]),
        gauges('queue_bytes', [{ shop: 'north' }, 12]),
        histograms('wait_seconds', [{ shop: 'north' }, [2]]),
      ],
      { endedAt: Date.UTC(2026, 0, 1, 12, 1), defaultLabels: { service: 'orders' } },
    );
    expect(linesOf(interval).map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        _aws: {
          Timestamp: Date.UTC(2026, 0, 1, 12, 1) - 1,
          CloudWatchMetrics: [
            {
              Namespace: 'EnterpriseLand',
              Dimensions: [['shop', 'service']],
              Metrics: [
                { Name: 'orders_total', Unit: 'Count', StorageResolution: 60 },
                { Name: 'queue_bytes', Unit: 'Bytes', StorageResolution: 60 },
                { Name: 'wait_seconds', Unit: 'Seconds', StorageResolution: 60 },
              ],
            },
          ],
        },
        shop: 'north',
        service: 'orders',
        orders_total: 3,
        queue_bytes: 12,
        wait_seconds: expect.closeTo(2, 1),
      },
    ]);
  });

  it('has each value of a histogram while there are at most 100', () => {
    const values = [...Array.from({ length: 60 }, () => 2), ...Array.from({ length: 40 }, () => 8)];
    const [metric] = metricsOf(intervalOf([histograms('wait_seconds', [{}, values])]));
    const written = metric?.value as readonly number[];
    expect(written).toHaveLength(100);
    expect(new Set(written).size).toBe(2);
    expect(sum(written)).toBeCloseTo(sum(values), 6);
  });

  it('has at most 100 values with their counts when there are more, and keeps count and sum', () => {
    const values = Array.from({ length: 5_000 }, (_, i) => 1.003 ** i / 1e3);
    const [metric] = metricsOf(intervalOf([histograms('wait_seconds', [{}, values])]));
    const { Values = [], Counts = [], ...statistics } = metric!.value as ReceivedDistribution;
    expect(Values.length).toBeLessThanOrEqual(100);
    expect(sum(Counts)).toBe(5_000);
    expect(sum(Values.map((value, i) => value * (Counts[i] ?? NaN))) / sum(values)).toBeCloseTo(1, 9);
    expect(statistics).toEqual({
      Count: 5_000,
      Sum: expect.closeTo(sum(values), 3),
      Min: Math.min(...Values),
      Max: Math.max(...Values),
    });
  });

  it('has statistics only with distributions: statistics', () => {
    const interval = intervalOf([histograms('wait_seconds', [{}, [1, 2, 3]])]);
    const [metric] = metricsOf(interval, { distributions: 'statistics', highResolution: true });
    expect(metric).toMatchObject({
      resolution: 1,
      value: { Count: 3, Sum: 6, Min: expect.closeTo(1, 1), Max: expect.closeTo(3, 1) },
    });
    expect(metric?.value).not.toHaveProperty('Values');
  });

  it('has the roll-ups as further sets of dimensions of the same line', () => {
    const interval = intervalOf(
      [counters('hits_total', [{ route: '/', status: '200' }, 2], [{ route: '/', status: '500' }, 3])],
      { defaultLabels: { service: 'orders' } },
    );
    const options = { rollUps: [['service'], ['route', 'status'], [], ['nothing']] };
    expect(linesOf(interval, options)).toHaveLength(2);
    const sums = new Map<string, number>();
    for (const { dimensions, value } of metricsOf(interval, options)) {
      const key = JSON.stringify(dimensions);
      sums.set(key, (sums.get(key) ?? 0) + sumOfValue(value));
    }
    expect([...sums]).toEqual([
      ['{"route":"/","status":"200","service":"orders"}', 2],
      ['{"service":"orders"}', 5],
      ['{"route":"/","status":"200"}', 2],
      ['{}', 5],
      ['{"route":"/","status":"500","service":"orders"}', 3],
      ['{"route":"/","status":"500"}', 3],
    ]);
  });

  it('has at most 100 metrics, and no more bytes than allowed', () => {
    const many = Array.from({ length: 250 }, (_, i) => gauges(`g${i}`, [{ n: 'x'.repeat(1_000) }, i]));
    const counts = (lines: string[]) => lines.map((line) => extracted(line).length);
    expect(counts(linesOf(intervalOf(many)))).toEqual([100, 100, 50]);
    const short = linesOf(intervalOf(many), { maxLineBytes: 4_000 });
    expect(sum(counts(short))).toBe(250);
    expect(Math.max(...short.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(4_000);
    expect(short.length).toBeLessThan(12);
  });

  it('does not exist for a metric that no line can hold; its data point is counted as rejected', () => {
    const interval = intervalOf([gauges('g', [{ n: 'x'.repeat(1_000) }, 1]), gauges('h', [{}, 1])]);
    const { documents, rejected } = embeddedDocuments(interval, { ...OPTIONS, maxLineBytes: 1_000 });
    expect(documents.map(({ points }) => points)).toEqual([1]);
    expect(rejected).toBe(1);
  });

  it('has no value that CloudWatch refuses, and tiny ones as zero', () => {
    const interval = intervalOf([
      gauges('g', [{ n: '1' }, 1e200], [{ n: '2' }, 1e-200], [{ n: '3' }, NaN], [{ n: '4' }, Infinity]),
    ]);
    const { documents, rejected } = embeddedDocuments(interval, OPTIONS);
    expect(documents.flatMap(({ line }) => extracted(line))).toMatchObject([
      { dimensions: { n: '2' }, value: 0 },
    ]);
    expect(rejected).toBe(3);
  });

  it('is another one for a series whose labels differ beyond what CloudWatch stores', () => {
    const interval = intervalOf([counters('hits_total', [{ page: 'é' }, 2], [{ page: 'e' }, 3])]);
    expect(metricsOf(interval).map(({ dimensions, value }) => [dimensions, value])).toEqual([
      [{ page: 'e' }, 2],
      [{ page: 'e' }, 3],
    ]);
  });

  it('gives names to metrics and labels that have no other meaning in it', () => {
    const interval = intervalOf(
      [
        gauges('_aws', [{}, 1]),
        gauges('region', [{ region: 'eu' }, 2], [{ region: '' }, 3]),
        gauges('region_2', [{}, 4]),
        gauges('zone', [{ _aws: 'a', _aws_2: 'b' }, 5]),
        gauges('service', [{}, 6]),
      ],
      { defaultLabels: { service: 'orders' } },
    );
    const told = metricsOf(interval).map(({ name, dimensions, value }) => [name, value, dimensions]);
    const service = 'orders';
    expect(told.toSorted((a, b) => Number(a[1]) - Number(b[1]))).toEqual([
      ['_aws_2', 1, { service }],
      ['region_3', 2, { region: 'eu', service }],
      ['region_3', 3, { service }],
      ['region_2', 4, { service }],
      ['zone', 5, { _aws_3: 'a', _aws_2: 'b', service }],
      ['service_2', 6, { service }],
    ]);
  });

  it('keeps long names apart', () => {
    const long = 'x'.repeat(300);
    const metrics = metricsOf(
      intervalOf([gauges(`${long}a`, [{ [long]: 'v' }, 1]), gauges(`${long}b`, [{}, 2])]),
    );
    expect(new Set(metrics.map(({ name }) => name)).size).toBe(2);
    expect(Object.keys(metrics[0]?.dimensions ?? {})).toEqual(['x'.repeat(250)]);
  });

  it('is within every limit and keeps every sum, for any interval', () => {
    const rollUps = fc.constantFrom<EmbeddedMetricsEncoding['rollUps']>([], [[]], [['route'], ['_', '_a']]);
    fc.assert(
      fc.property(
        anyInterval,
        fc.constantFrom('values', 'statistics'),
        rollUps,
        (interval, distributions, sets) => {
          const metrics = metricsOf(interval, { distributions, rollUps: sets });
          if (sets.length > 0) return;
          const { added, observed, gauges: measured } = contentOf(interval);
          const byType = (type: string) => {
            const families = interval.families.filter((family) => family.type === type);
            const starts = new Set(families.map(({ name }) => name.slice(0, 200)));
            return metrics.filter(({ name }) => starts.has(name.slice(0, 200)));
          };
          const names = interval.families.map(({ name }) => name);
          const labels = interval.families.flatMap(({ labelNames }) => labelNames);
          // The sums by name are ambiguous where a name had to be changed.
          if (names.some((name) => labels.includes(name) || name in interval.defaultLabels)) return;
          expect(sum(byType('counter').map(({ value }) => sumOfValue(value)))).toBeCloseTo(added, 3);
          expect(sum(byType('histogram').map(({ value }) => countOfValue(value)))).toBe(observed);
          const storable = measured.filter(({ value }) => Math.abs(value) <= 2 ** 360);
          expect(byType('gauge')).toHaveLength(storable.length);
        },
      ),
    );
  });
});

describe('the official client of the embedded metric format', () => {
  /** Returns a document without the order of its members. */
  function parsed(lines: readonly string[]): unknown[] {
    return lines.map((line) => JSON.parse(line) as unknown);
  }

  it('writes the same documents for the same metrics', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 20 }),
        fc.dictionary(fc.constantFrom('shop', 'route', 'zone'), fc.stringMatching(/^[a-z/]{1,10}$/)),
        (numbers, labels) => {
          const endedAt = Date.now();
          const context = MetricsContext.empty();
          context.namespace = OPTIONS.namespace;
          context.setTimestamp(endedAt - 1);
          context.setDimensions([labels], false);
          const families = numbers.map((number, i) => gauges(`g${i}_bytes`, [labels, number]));
          numbers.forEach((number, i) =>
            context.putMetric(`g${i}_bytes`, number, Unit.Bytes, StorageResolution.High),
          );
          const ours = linesOf(intervalOf(families, { endedAt }), { highResolution: true });
          const theirs = parsed(new LogSerializer().serialize(context));
          expect(sortedByName(parsed(ours))).toEqual(sortedByName(theirs));
        },
      ),
    );
  });

  it('writes each value of a distribution in the same way', () => {
    const endedAt = Date.now();
    const context = MetricsContext.empty();
    context.namespace = OPTIONS.namespace;
    context.setTimestamp(endedAt - 1);
    context.setDimensions([{ route: '/' }], false);
    const [metric] = metricsOf(intervalOf([histograms('wait_seconds', [{ route: '/' }, [1, 2, 4]])]));
    for (const value of metric!.value as readonly number[]) {
      context.putMetric('wait_seconds', value, Unit.Seconds, StorageResolution.High);
    }
    const [line = ''] = new LogSerializer().serialize(context);
    const interval = intervalOf([histograms('wait_seconds', [{ route: '/' }, [1, 2, 4]])], { endedAt });
    expect(parsed(linesOf(interval, { highResolution: true }))).toEqual(parsed([line]));
  });

  interface Parsed {
    readonly _aws: {
      readonly CloudWatchMetrics: readonly { readonly Metrics: readonly { Name: string }[] }[];
    };
  }

  /** The client orders metrics by the number of their values. */
  function sortedByName(documents: readonly unknown[]): unknown[] {
    return (documents as Parsed[]).map((document) => ({
      ...document,
      _aws: {
        ...document._aws,
        CloudWatchMetrics: document._aws.CloudWatchMetrics.map((directive) => ({
          ...directive,
          Metrics: directive.Metrics.toSorted((a, b) => a.Name.localeCompare(b.Name)),
        })),
      },
    }));
  }
});
