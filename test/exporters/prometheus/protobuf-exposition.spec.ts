import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type MetricFamily, MetricsRegistry, PrometheusExporter } from 'nestjs-monitoring';
import {
  type GenerateOptions,
  type NativeHistogramsOptions,
  type PrometheusExporterOptions,
  type PromClientRegistry,
} from 'nestjs-monitoring/metrics';
import promClient from 'prom-client';
import { OVERFLOW_LABEL } from '../../../lib/metrics/labels.js';
import { FIRST_BUCKET } from '../../../lib/metrics/snapshot.js';
import { inTimeSlices } from '../../../lib/primitives/time-slices.js';
import { renderProtobuf } from '../../../lib/exporters/prometheus/protobuf-exposition.js';
import { SchemaMemory } from '../../../lib/exporters/prometheus/protobuf-histogram.js';
import { resolveNativeHistograms } from '../../../lib/exporters/prometheus/native-histograms.options.js';
import { histograms, oddText, testRegistry } from '../../metrics/support.js';
import { decodeFamilies, delimitedMessages } from './protobuf-decoder.js';
import { parseExposition } from './exposition-parser.js';

async function bytesOf(
  registry: MetricsRegistry,
  options: PrometheusExporterOptions = {},
  request: Omit<GenerateOptions, 'format'> = {},
): Promise<Buffer> {
  const exporter = new PrometheusExporter(registry, options);
  return Buffer.concat(await exporter.generate({ ...request, format: 'protobuf' }));
}

async function decoded(...args: Parameters<typeof bytesOf>) {
  return decodeFamilies(await bytesOf(...args));
}

async function metricOf(registry: MetricsRegistry, name: string, options?: PrometheusExporterOptions) {
  const family = (await decoded(registry, options)).get(name);
  if (family === undefined) throw new Error(`no family ${name}`);
  const [metric] = family.metrics;
  if (metric === undefined || family.metrics.length > 1) throw new Error(`${name} has not one series`);
  return metric;
}

/** What a snapshot says of a family, in the words of the decoder. */
function expectedFamily(family: MetricFamily, defaults: Readonly<Record<string, string>>) {
  const { name, help, type } = family;
  const metrics = [...family.series].map((series) => {
    const labels = { ...defaults, ...series.labels };
    if (!('buckets' in series)) return { labels, value: series.value };
    const { count, sum, buckets } = series;
    return { labels, count, sum, buckets };
  });
  return { name, help: help.toWellFormed(), type: type.toUpperCase(), metrics };
}

const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }),
  fc.constantFrom(0, -0, 1, 5e-324),
);
const sample = fc.record({ kind: fc.nat(2), metric: fc.nat(2), a: oddText, b: oddText, value });

describe('the exposition in protobuf', () => {
  it('is decoded to what the snapshot says, for any labels and values', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sample, { maxLength: 40 }),
        fc.dictionary(fc.constantFrom('a', 'zone'), oddText),
        oddText,
        async (samples, defaultLabels, text) => {
          const { registry } = testRegistry({ defaultLabels });
          for (const { kind, metric, a, b, value: given } of samples) {
            const labelNames = ['a', 'constructor'] as const;
            const labels = Object.fromEntries([
              ['a', a],
              ['constructor', b],
            ]) as Record<'a' | 'constructor', string>;
            if (kind === 0)
              registry
                .counter(`c${metric}_total`, text, { labelNames: ['a', 'constructor'] })
                .inc(labels, Math.abs(given));
            else if (kind === 1) registry.gauge(`g${metric}`, 'Gauge.', { labelNames }).set(labels, given);
            else
              registry
                .histogram(`h${metric}`, '', { labelNames, buckets: [-1, 0, 2.5] })
                .observe(labels, given);
          }
          const { families, defaultLabels: defaults } = registry.snapshot();
          const expected = families
            .map((family) => expectedFamily(family, defaults))
            .filter(({ metrics }) => metrics.length > 0);
          const seen = [...(await decoded(registry, { nativeHistograms: false })).values()];
          expect(seen.map(({ name, help, type, metrics }) => ({ name, help, type, metrics }))).toEqual(
            expected,
          );
          const native = await decoded(registry, { nativeHistograms: { classic: false } });
          for (const [name, family] of native) {
            if (family.type !== 'HISTOGRAM') continue;
            const series = histograms(registry, name);
            expect(family.metrics.map(({ count, sum }) => [count, sum])).toEqual(
              series.map(({ count, sum }) => [count, sum]),
            );
            for (const { count, native: buckets } of family.metrics) {
              const counts = [...(buckets?.positive.values() ?? []), ...(buckets?.negative.values() ?? [])];
              expect(counts.reduce((total, each) => total + each, buckets?.zeroCount ?? NaN)).toBe(count);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('example: a timer has native buckets and the classic ones', async () => {
    const { registry } = testRegistry({ defaultLabels: { service: 'shop' } });
    const timer = registry.timer('job_seconds', 'Time.', { labelNames: ['job'], buckets: [0.1, 1] });
    for (const seconds of [0.05, 0.5, 0.5, 8]) timer.observe({ job: 'mail' }, seconds);
    const family = (await decoded(registry)).get('job_seconds');
    expect(family).toEqual({
      name: 'job_seconds',
      help: 'Time.',
      type: 'HISTOGRAM',
      unit: 'seconds',
      metrics: [
        {
          labels: { service: 'shop', job: 'mail' },
          count: 4,
          sum: 9.05,
          buckets: [
            { upperBound: 0.1, count: 1 },
            { upperBound: 1, count: 3 },
            { upperBound: Infinity, count: 4 },
          ],
          native: {
            schema: 6,
            zeroThreshold: 2 ** -128,
            zeroCount: 0,
            positive: new Map([
              [Math.ceil(Math.log2(0.05) * 64), 1],
              [-64, 2],
              [192, 1],
            ]),
            negative: new Map(),
            exemplars: [],
          },
        },
      ],
    });
  });

  it('has the types and units of every family, and the same samples as the text', async () => {
    const { registry } = testRegistry();
    registry.counter('jobs_total', 'Jobs.').inc(3);
    registry.counter('sent_bytes_total', 'Bytes.').inc(1.5);
    registry.gauge('temperature_celsius', 'Warmth.').set(-3);
    registry.gauge('unlabelled', '').set(NaN);
    const families = await decoded(registry);
    const text = parseExposition(await new PrometheusExporter(registry).generateText(), 'prometheus');
    expect([...families.keys()]).toEqual([...text.keys()]);
    for (const { name, type, help } of families.values()) {
      expect([type.toLowerCase(), help]).toEqual([text.get(name)?.type, text.get(name)?.help ?? '']);
    }
    const units = [...families.values()].map(({ name, unit }) => [name, unit]);
    expect(units).toEqual(
      expect.arrayContaining([
        ['jobs_total', ''],
        ['sent_bytes_total', 'bytes'],
        ['temperature_celsius', 'celsius'],
      ]),
    );
  });

  it('marks an empty histogram as a native one', async () => {
    const { registry } = testRegistry();
    registry.timer('idle_seconds', 'Idle.', { buckets: [1] });
    const [message] = delimitedMessages(await bytesOf(registry, {}, { names: ['idle_seconds'] }));
    const metric = await metricOf(registry, 'idle_seconds');
    expect([metric.count, metric.sum, metric.native?.positive.size]).toEqual([0, 0, 0]);
    // positive_span, with the offset 0 and the length 0.
    expect(message?.includes(Buffer.from([(12 << 3) | 2, 4, 8, 0, 16, 0]))).toBe(true);
  });

  it('drops what is no number, as the other formats do', async () => {
    const { registry } = testRegistry();
    const histogram = registry.histogram('size', 'Size.');
    for (const given of [NaN, Infinity, -Infinity, 'x' as unknown as number, 1, -1]) histogram.observe(given);
    const { count, native } = await metricOf(registry, 'size');
    expect([count, native?.positive.get(0), native?.negative.get(0)]).toEqual([2, 1, 1]);
  });

  it('has exemplars in both kinds of buckets, the native ones in the order of their times', async () => {
    const { registry, clock } = testRegistry();
    const timer = registry.timer('job_seconds', 'Time.', { buckets: [1, 2] });
    const counter = registry.counter('jobs_total', 'Jobs.');
    timer.observe(5, { trace_id: 'c' });
    clock.advance(2_500);
    timer.observe(0.5, { trace_id: 'a' });
    counter.inc(1, { trace_id: 'é', span_id: '1' });
    const families = await decoded(registry);
    const early = { labels: { trace_id: 'c' }, value: 5, timestamp: 1_700_000_000_000 };
    const late = { labels: { trace_id: 'a' }, value: 0.5, timestamp: 1_700_000_002_500 };
    const [metric] = families.get('job_seconds')?.metrics ?? [];
    expect(metric?.buckets?.map(({ exemplar }) => exemplar)).toEqual([late, undefined, early]);
    expect(metric?.native?.exemplars).toEqual([early, late]);
    expect(families.get('jobs_total')?.metrics[0]?.exemplar).toEqual({
      labels: { trace_id: 'é', span_id: '1' },
      value: 1,
      timestamp: 1_700_000_002_500,
    });
  });

  it('has creation times only with createdTimestamps: true, and none of a count that began elsewhere', async () => {
    const { registry } = testRegistry();
    registry.counter('jobs_total', 'Jobs.').inc();
    registry.timer('job_seconds', 'Time.');
    registry.gauge('queue', 'Queue.').set(1);
    const mirrored = registry.counter('mirrored_total', 'Elsewhere.');
    mirrored.mirrorsOther();
    const created = await decoded(registry, { createdTimestamps: true });
    const times = (families: typeof created) =>
      ['jobs_total', 'job_seconds', 'queue', 'mirrored_total'].map(
        (name) => families.get(name)?.metrics[0]?.createdAt,
      );
    expect(times(created)).toEqual([1_700_000_000_000, 1_700_000_000_000, undefined, undefined]);
    expect(times(await decoded(registry))).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('has only the selected metrics, by metric name or sample name', async () => {
    const { registry } = testRegistry();
    registry.counter('jobs_total', 'Jobs.');
    registry.timer('job_seconds', 'Time.').observe(1);
    registry.timer('other_seconds', 'Time.').observe(1);
    const families = await decoded(registry, {}, { names: ['jobs_total', 'job_seconds_count'] });
    expect([...families.keys()]).toEqual(['jobs_total', 'job_seconds']);
    expect(families.get('job_seconds')?.metrics[0]?.native).toBeDefined();
  });

  it('of a registry without samples is empty', async () => {
    expect(await bytesOf(new MetricsRegistry({ enabled: false }))).toHaveLength(0);
  });

  it('has the overflow series', async () => {
    const { registry } = testRegistry({ defaultLabels: { service: 'shop' } });
    const timer = registry.timer('job_seconds', 'Time.', { labelNames: ['job'], seriesLimit: 1 });
    for (const job of ['a', 'b', 'c']) timer.observe({ job }, 1);
    const metrics = (await decoded(registry)).get('job_seconds')?.metrics ?? [];
    expect(metrics.map(({ labels, native }) => [labels, native?.positive.get(0)])).toEqual([
      [{ service: 'shop', job: 'a' }, 1],
      [{ service: 'shop', [OVERFLOW_LABEL]: 'true' }, 2],
    ]);
  });

  it('is yielded in slices, however many series a family has', async () => {
    const { registry } = testRegistry({ seriesLimit: Infinity });
    const timer = registry.timer('job_seconds', 'Time.', { labelNames: ['job'] });
    const gauge = registry.gauge('size', 'Size.', { labelNames: ['job'] });
    for (let job = 0; job < 3_000; job++) {
      timer.observe({ job }, job / 1_000);
      gauge.set({ job }, job);
    }
    for (let i = 0; i < 500; i++) registry.counter(`c${i}_total`, 'One of many.').inc(i);
    const snapshot = registry.snapshot({ exponential: true });
    const rendering = renderProtobuf(snapshot, {
      nativeHistograms: resolveNativeHistograms('x'),
      created: false,
      memory: new SchemaMemory(),
    });
    let steps = 0;
    let step = rendering.next();
    for (; !step.done; step = rendering.next()) steps++;
    const chunks = step.value;
    expect(steps).toBeGreaterThan(20);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(34 * 1024);
    const families = decodeFamilies(Buffer.concat(chunks));
    expect(families.get('job_seconds')?.metrics).toHaveLength(3_000);
    expect(families.get('size')?.metrics.map((metric) => metric.value)).toEqual(
      Array.from({ length: 3_000 }, (_, i) => i),
    );
    expect(families.get('c499_total')?.metrics[0]?.value).toBe(499);
    expect(families.size).toBe(snapshot.families.filter(({ numbers }) => numbers.length > 0).length);
  });
});

describe('an exporter that has been scraped before', () => {
  const step = fc.record({
    job: fc.constantFrom('a', 'b', 'ü'),
    values: fc.array(fc.double({ min: -1e3, max: 1e6, noNaN: true }), { maxLength: 30 }),
    then: fc.constantFrom('scrape', 'scrape', 'scrape', 'remove', 'reset', 'go on'),
  });

  it('answers what a new one does, whatever has changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, classic) => {
        const { registry } = testRegistry({ defaultLabels: { zone: 'x' } });
        const timer = registry.histogram('job_size', 'Size.', { labelNames: ['job'], buckets: [1, 1e3] });
        const options = { nativeHistograms: { maxBuckets: 20, classic }, createdTimestamps: true };
        const exporter = new PrometheusExporter(registry, options);
        for (const { job, values, then } of steps) {
          for (const one of values) timer.observe({ job }, one, { trace_id: job });
          if (then === 'remove') timer.remove({ job });
          if (then === 'reset') timer.reset();
          if (then !== 'scrape') continue;
          const scraped = Buffer.concat(await exporter.generate({ format: 'protobuf' }));
          expect(scraped.equals(await bytesOf(registry, options))).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('repeats no more than it keeps, with series of any size', async () => {
    const { registry } = testRegistry({ seriesLimit: Infinity, labelValueLengthLimit: Infinity });
    const timer = registry.timer('job_seconds', 'Time.', { labelNames: ['job'], buckets: [1] });
    const exporter = new PrometheusExporter(registry);
    // More than 4 MiB, which become more.
    for (let round = 0; round < 3; round++) {
      for (let job = 0; job < 60; job++) {
        timer.observe({ job: `${job}${'x'.repeat(100_000)}` }, job);
        timer.observe({ job }, 10 ** (round - 1));
      }
      for (let scrape = 0; scrape < 2; scrape++) {
        const scraped = Buffer.concat(await exporter.generate({ format: 'protobuf' }));
        expect(scraped.equals(await bytesOf(registry))).toBe(true);
      }
    }
  });
});

describe('the options of native histograms', () => {
  function timers(): MetricsRegistry {
    const { registry } = testRegistry();
    for (const name of ['a_seconds', 'b_seconds', 'toString']) {
      const histogram = registry.histogram(name, 'Time.', { buckets: [1] });
      for (let i = 1; i <= 500; i++) histogram.observe(i);
    }
    return registry;
  }

  async function shapes(nativeHistograms: NativeHistogramsOptions | false) {
    const families = await decoded(timers(), { nativeHistograms });
    return Object.fromEntries(
      ['a_seconds', 'b_seconds', 'toString'].map((name) => {
        const { buckets, native } = families.get(name)?.metrics[0] ?? {};
        return [name, [buckets !== undefined, native?.schema]];
      }),
    );
  }

  it('limit the buckets, and leave the classic ones out', async () => {
    expect(await shapes({})).toEqual({ a_seconds: [true, 4], b_seconds: [true, 4], toString: [true, 4] });
    expect(await shapes({ maxBuckets: 50, classic: false })).toEqual({
      a_seconds: [false, 2],
      b_seconds: [false, 2],
      toString: [false, 2],
    });
    expect(await shapes(false)).toEqual({
      a_seconds: [true, undefined],
      b_seconds: [true, undefined],
      toString: [true, undefined],
    });
  });

  it('can be those of a metric, which are otherwise those of all', async () => {
    const metrics = { a_seconds: false, b_seconds: { maxBuckets: 20 } } as const;
    expect(await shapes({ classic: false, metrics })).toEqual({
      a_seconds: [true, undefined],
      b_seconds: [false, 1],
      toString: [false, 4],
    });
  });

  it.each([
    [{ maxBuckets: 11 }, '`nativeHistograms.maxBuckets` must be a whole number of at least 12; got 11.'],
    [
      { maxBuckets: Infinity },
      '`nativeHistograms.maxBuckets` must be a whole number of at least 12; got Infinity.',
    ],
    [{ classic: 1 }, '`nativeHistograms.classic` must be true or false; got 1.'],
    [{ metrics: 'a' }, '`nativeHistograms.metrics` must be'],
    [
      { metrics: { a_seconds: { maxBuckets: 0 } } },
      '`nativeHistograms.metrics.a_seconds.maxBuckets` must be a whole number of at least 12; got 0.',
    ],
    [{ metrics: { a_seconds: 160 } }, '`nativeHistograms.metrics.a_seconds` must be'],
    [{ bucket: 160 }, 'bucket'],
    [160, '`nativeHistograms` must be true, false or an object of options; got 160.'],
  ])('are refused: %p', (nativeHistograms, message) => {
    const given = { nativeHistograms } as unknown as PrometheusExporterOptions;
    expect(() => new PrometheusExporter(new MetricsRegistry(), given)).toThrow(message);
  });
});

describe('a histogram that lacks the buckets of a worker which has ended', () => {
  it('has its classic buckets only, since the native ones would not add up', async () => {
    const { registry } = testRegistry();
    const timer = registry.timer('job_seconds', 'Time.', { labelNames: ['job'], buckets: [1] });
    timer.observe({ job: 'whole' }, 0.5);
    timer.observe({ job: 'partial' }, 0.5);
    const snapshot = registry.snapshot({ exponential: true });
    for (const { name, numbers, stride } of snapshot.families)
      if (name === 'job_seconds') numbers[stride + FIRST_BUCKET]! += 7;
    const nativeHistograms = resolveNativeHistograms('x', { classic: false });
    const chunks = await inTimeSlices(
      renderProtobuf(snapshot, { nativeHistograms, created: false, memory: new SchemaMemory() }),
    );
    const [whole, partial] = decodeFamilies(Buffer.concat(chunks)).get('job_seconds')?.metrics ?? [];
    expect([whole?.native?.positive.size, whole?.buckets]).toEqual([1, undefined]);
    expect([partial?.native, partial?.count, partial?.buckets?.[0]?.count]).toEqual([undefined, 8, 8]);
  });
});

describe('metrics of prom-client in protobuf', () => {
  it('are encoded with their types and default labels', async () => {
    const register = new promClient.Registry();
    register.setDefaultLabels({ app: 'crm' });
    const registers = [register];
    new promClient.Counter({ name: 'jobs_total', help: 'Jobs.', labelNames: ['q'], registers }).inc(
      { q: 'é"' },
      3,
    );
    new promClient.Gauge({ name: 'queue_length', help: 'Queue.', registers }).set(-7);
    const histogram = new promClient.Histogram({
      name: 'work_seconds',
      help: 'Work.',
      labelNames: ['kind'],
      buckets: [0.5, 1],
      registers,
    });
    for (const given of [0.1, 0.7, 5]) histogram.observe({ kind: 'a' }, given);
    histogram.observe({ kind: 'b' }, 2);
    new promClient.Summary({ name: 'size_bytes', help: 'Size.', percentiles: [0.5, 1], registers }).observe(
      10,
    );
    const families = await decoded(testRegistry().registry, { bridges: { promClient: register } });
    expect(families.get('jobs_total')).toEqual({
      name: 'jobs_total',
      help: 'Jobs.',
      type: 'COUNTER',
      unit: '',
      metrics: [{ labels: { app: 'crm', q: 'é"' }, value: 3 }],
    });
    expect(families.get('queue_length')).toMatchObject({ type: 'GAUGE', metrics: [{ value: -7 }] });
    expect(families.get('work_seconds')?.metrics).toEqual([
      {
        labels: { app: 'crm', kind: 'a' },
        count: 3,
        sum: 5.8,
        buckets: [
          { upperBound: 0.5, count: 1 },
          { upperBound: 1, count: 2 },
          { upperBound: Infinity, count: 3 },
        ],
      },
      {
        labels: { app: 'crm', kind: 'b' },
        count: 1,
        sum: 2,
        buckets: [
          { upperBound: 0.5, count: 0 },
          { upperBound: 1, count: 0 },
          { upperBound: Infinity, count: 1 },
        ],
      },
    ]);
    expect(families.get('size_bytes')).toMatchObject({
      type: 'SUMMARY',
      metrics: [
        {
          labels: { app: 'crm' },
          count: 1,
          sum: 10,
          quantiles: [
            [0.5, 10],
            [1, 10],
          ],
        },
      ],
    });
  });

  it('are encoded if they are of no known type, or count what cannot be counted', async () => {
    const values = (name: string, ...counts: readonly number[]) =>
      counts.map((count, i) => ({
        metricName: `${name}_${['bucket', 'sum', 'count'][i]}`,
        labels: i === 0 ? { le: '+Inf' } : {},
        value: count,
      }));
    const promClientLike: PromClientRegistry = {
      getMetricsAsJSON: () => [
        { name: 'odd', help: 'Odd.', type: 'stateset', values: [{ value: 1.5, labels: { a: null, b: 7 } }] },
        { name: 'nothing', type: 'gauge' },
        { name: 'fraction', type: 'histogram', values: values('fraction', 1.5, 3, 1.5) },
        { name: 'negative', type: 'histogram', values: values('negative', -1, 3, NaN) },
        { name: 'quantiles', type: 'summary', values: [{ value: NaN, labels: { quantile: 0.5 } }] },
      ],
    };
    const { registry } = testRegistry();
    const families = await decoded(registry, { bridges: { promClient: promClientLike } });
    expect(families.get('odd')).toMatchObject({
      type: 'UNTYPED',
      metrics: [{ labels: { a: '', b: '7' }, value: 1.5 }],
    });
    expect(families.has('nothing')).toBe(false);
    expect(families.get('fraction')?.metrics).toEqual([
      { labels: {}, count: 1.5, sum: 3, buckets: [{ upperBound: Infinity, count: 1.5 }] },
    ]);
    expect(families.get('negative')?.metrics).toEqual([
      { labels: {}, count: NaN, sum: 3, buckets: [{ upperBound: Infinity, count: -1 }] },
    ]);
    expect(families.get('quantiles')?.metrics).toEqual([
      { labels: {}, count: 0, sum: 0, quantiles: [[0.5, NaN]] },
    ]);
  });
});
