import { describe, expect, it } from '@jest/globals';
import { type Meter, metrics, type ObservableResult, ValueType } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import * as fc from 'fast-check';
import { type MetricFamily, type MetricsRegistry, PrometheusExporter } from 'nestjs-monitoring';
import type { HistogramSeriesSnapshot, ScalarSeriesSnapshot } from 'nestjs-monitoring/metrics';
import { SnapshotDecoder, SnapshotEncoder } from '../../../lib/cluster/snapshot-codec.js';
import { MetricsMerger } from '../../../lib/cluster/metrics-merger.js';
import { metricsOf, type OtlpPiece, otlpRequests } from '../../../lib/exporters/otlp/otlp-metrics.js';
import { IntervalReader } from '../../../lib/exporters/push/interval-reader.js';
import { BridgedMeterProvider } from '../../../lib/integrations/opentelemetry/meter-provider.js';
import { OpenTelemetryBridge } from '../../../lib/integrations/opentelemetry/open-telemetry.bridge.js';
import { contributionsOf } from '../../cluster/support.js';
import { parseExposition } from '../../exporters/prometheus/exposition-parser.js';
import { dropped, scalars, testRegistry } from '../../metrics/support.js';

const OPTIONS = { unitSuffixes: true, scopeLabels: false };

function bridged(options = OPTIONS, provider = new BridgedMeterProvider(), registryOptions = {}) {
  const { registry, warnings } = testRegistry(registryOptions);
  const bridge = new OpenTelemetryBridge(registry, options, provider);
  const detach = provider.attach(bridge);
  // The types of the API, which the provider has to fit.
  const meter: Meter = provider.getMeter('shop');
  return { registry, warnings, provider, meter, detach };
}

/** Every sample of the application as `name{labels} value`. */
async function samplesOf(registry: MetricsRegistry): Promise<string[]> {
  const text = await new PrometheusExporter(registry).generateText();
  parseExposition(text, 'prometheus');
  return text.split('\n').filter((line) => line !== '' && !/^#|^monitoring_/.test(line));
}

/** The value of the overflow series of the only metric that has one. */
async function overflowOf(registry: MetricsRegistry): Promise<number | undefined> {
  const line = (await samplesOf(registry)).find((each) => each.includes('{monitoring_overflow="true"}'));
  return line === undefined ? undefined : Number(line.split(' ')[1]);
}

/** The labels, in the order of their names, and the value or the sum of each series. */
function rowsOf({ series }: MetricFamily): [labels: string, value: number | undefined][] {
  return [...(series as Iterable<Partial<ScalarSeriesSnapshot & HistogramSeriesSnapshot>>)].map(
    ({ labels = {}, value, sum }) => [
      Object.keys(labels)
        .toSorted()
        .map((name) => `${name}=${labels[name]}`)
        .join(),
      value ?? sum,
    ],
  );
}

describe('an instrument of OpenTelemetry', () => {
  it('drops and counts values that are no finite numbers', async () => {
    const { registry, meter } = bridged();
    const counter = meter.createCounter('orders');
    for (const value of [NaN, Infinity, -1, '1', undefined, null]) counter.add(value as number, { a: 'x' });
    counter.add(1, { a: 'x' });
    for (const value of [NaN, Infinity, -1, '1', undefined, null]) counter.add(value as number, { a: 'x' });
    const histogram = meter.createHistogram('size', { advice: { explicitBucketBoundaries: [] } });
    for (const value of [NaN, -Infinity, -0.5, 2, NaN, Infinity, -1]) histogram.record(value);
    expect(await samplesOf(registry)).toEqual([
      'orders_total{a="x"} 1',
      'size_bucket{le="+Inf"} 1',
      'size_sum 2',
      'size_count 1',
    ]);
    expect(dropped(registry)).toEqual({
      'orders_total infinite': 2,
      'orders_total negative': 2,
      'orders_total not_a_number': 8,
      'size infinite': 2,
      'size negative': 2,
      'size not_a_number': 2,
    });
  });

  it('cuts the fraction off values of whole numbers, and takes nothing for a number that is none', async () => {
    const { registry, meter } = bridged();
    const options = { valueType: ValueType.INT };
    const [counter, open] = [
      meter.createCounter('orders', options),
      meter.createUpDownCounter('open', options),
    ];
    const level = meter.createGauge('level', options);
    const size = meter.createHistogram('size', { ...options, advice: { explicitBucketBoundaries: [] } });
    meter.createObservableCounter('sent', options).addCallback((result) => result.observe(2.5));
    for (const value of [1.5, '5', 3n, true, NaN, Infinity, 2.75] as number[]) {
      counter.add(value);
      open.add(value);
      level.record(value);
      size.record(value);
    }
    expect(await samplesOf(registry)).toEqual([
      'orders_total 3',
      'open 3',
      'level 2',
      'size_bucket{le="+Inf"} 2',
      'size_sum 3',
      'size_count 2',
      'sent_total 2',
    ]);
  });

  it('takes attributes of every kind, and none that cannot be read', async () => {
    const { registry, meter } = bridged();
    const counter = meter.createCounter('orders');
    const circular: Record<string, unknown> = {};
    circular['a'] = circular;
    const throwing = {
      get a(): string {
        throw new Error('no value');
      },
    };
    for (const attributes of [circular, throwing, new Proxy({}, { ownKeys: () => ['a', 'a'] })]) {
      counter.add(1, attributes);
    }
    for (const attributes of [null, 'text', 7, [], undefined]) counter.add(1, attributes as never);
    counter.add(1, { big: 3n, list: [1, null], when: new Date(0), on: true, none: undefined } as never);
    expect(await samplesOf(registry)).toEqual([
      'orders_total 5',
      'orders_total{big="3",list="[1,null]",on="true",when="\\"1970-01-01T00:00:00.000Z\\""} 1',
    ]);
    expect(dropped(registry)).toEqual({ 'orders_total unreadable_label': 3 });
  });

  it('reads the attributes of each call, though the application changes and reuses its object', async () => {
    const { registry, meter } = bridged();
    const counter = meter.createCounter('orders');
    const attributes: Record<string, string | number> = { channel: 'web' };
    counter.add(1, attributes);
    attributes['channel'] = 'shop';
    counter.add(1, attributes);
    attributes['channel'] = 'web';
    counter.add(1, attributes);
    attributes['region'] = 1;
    counter.add(1, attributes);
    delete attributes['region'];
    counter.add(1, attributes);
    expect(await samplesOf(registry)).toEqual([
      'orders_total{channel="web"} 3',
      'orders_total{channel="shop"} 1',
      'orders_total{channel="web",region="1"} 1',
    ]);
  });

  it('gets names that an exposition or this library uses for something else with a prefix', async () => {
    const { registry, meter } = bridged({ ...OPTIONS, scopeLabels: true });
    meter
      .createHistogram('size', { advice: { explicitBucketBoundaries: [1, 1, NaN, 0.5, Infinity] } })
      .record(1, { le: 'a', quantile: 'b', monitoring_overflow: 'c', 'otel.scope.name': 'd', worker: 'e' });
    meter.createGauge('level').record(1, { worker: 'e' });
    expect(await samplesOf(registry)).toEqual([
      expect.stringMatching(/^size_bucket\{exported_le="a",.*,le="0.5"\} 0$/),
      expect.stringMatching(/,le="1"\} 1$/),
      expect.stringMatching(/,le="\+Inf"\} 1$/),
      'size_sum{exported_le="a",exported_monitoring_overflow="c",exported_otel_scope_name="d",exported_quantile="b",worker="e",otel_scope_name="shop"} 1',
      expect.stringMatching(/^size_count\{/),
      'level{exported_worker="e",otel_scope_name="shop"} 1',
    ]);
  });

  it('has its overflow series beyond the limit of series, and beyond 64 names of labels', async () => {
    const { registry, meter, warnings } = bridged(OPTIONS, new BridgedMeterProvider(), { seriesLimit: 70 });
    const orders = meter.createCounter('orders');
    for (let i = 0; i < 100; i++) orders.add(1, { i });
    for (let i = 0; i < 100; i++) orders.add(1, { i });
    const names = meter.createCounter('names');
    for (let i = 0; i < 100; i++) names.add(1, { [`name${i}`]: 'x' });
    const samples = await samplesOf(registry);
    expect(samples).toContain('orders_total{monitoring_overflow="true"} 60');
    expect(samples).toContain('orders_total{i="69"} 2');
    expect(samples).toContain('names_total{monitoring_overflow="true"} 36');
    expect(registry.getMetric('names_total')?.labelNames).toHaveLength(64);
    expect(warnings).toEqual([
      expect.stringContaining('orders_total has reached its limit of 70 series'),
      expect.stringContaining('names_total has reached its limit of 64 label names'),
    ]);
  });

  it('keeps its numbers when labels are added, removed series and a reset', async () => {
    const { registry, meter } = bridged();
    const counter = meter.createCounter('orders');
    const histogram = meter.createHistogram('size', { advice: { explicitBucketBoundaries: [1] } });
    for (let i = 0; i < 100; i++) {
      counter.add(1, { i });
      histogram.record(i % 3, { i });
      if (i % 10 === 0) counter.add(2, { i, [`extra${i}`]: 'x' });
    }
    const metric = registry.getMetric('orders_total');
    if (metric?.type !== 'counter') throw new Error('no counter');
    for (let i = 20; i < 100; i++) metric.remove({ i: String(i) });
    counter.add(1, { i: 7 });
    counter.add(1, { i: 99 });
    const samples = await samplesOf(registry);
    expect(samples).toContain('orders_total{i="7"} 2');
    expect(samples).toContain('orders_total{i="99"} 1');
    expect(samples).toContain('orders_total{i="10",extra10="x"} 2');
    expect(samples).toContain('size_sum{i="98"} 2');
    registry.resetAll();
    counter.add(1, { i: 7 });
    expect(await samplesOf(registry)).toEqual(['orders_total{i="7"} 1']);
  });
});

describe('an instrument that cannot be recorded', () => {
  const CASES: readonly [string, (meter: Meter, registry: MetricsRegistry) => void, string][] = [
    ['without a name', (meter) => meter.createCounter('').add(1), ' refused_definition'],
    [
      'with a name of other characters only',
      (meter) => meter.createCounter('---').add(1),
      '--- refused_definition',
    ],
    [
      'with a name of more than 255 characters',
      (meter) => meter.createCounter('x'.repeat(256)).add(1),
      `${'x'.repeat(127)}… refused_definition`,
    ],
    [
      'with the name of a metric of the application',
      (meter, registry) => {
        registry.counter('deals_total', 'Deals.', { labelNames: ['a'] }).inc({ a: 'x' });
        meter.createCounter('deals').add(1);
      },
      'deals conflicting_definition',
    ],
    [
      'with the name of another kind of instrument',
      (meter) => {
        meter.createUpDownCounter('open').add(1);
        meter.createGauge('open').record(1);
      },
      'open conflicting_definition',
    ],
    [
      'with the name of another instrument, as Prometheus has it',
      (meter) => {
        meter.createCounter('a.b').add(1);
        meter.createCounter('a_b').add(1);
      },
      'a_b conflicting_definition',
    ],
    [
      'with the name of another one with other units',
      (meter) => {
        meter.createGauge('a', { unit: '{x}' }).record(1);
        meter.createGauge('a', { unit: '{y}' }).record(1);
      },
      'a conflicting_definition',
    ],
  ];

  it.each(CASES)('is refused, and its measurements are counted: %s', (_, record, expected) => {
    const { registry, meter, warnings } = bridged();
    record(meter, registry);
    expect(dropped(registry)).toEqual({ [expected]: 1 });
    expect(warnings).toEqual([
      expect.stringMatching(/^The OpenTelemetry instrument ".*" of "shop" is not recorded: .*[^.]\. Its /),
    ]);
  });

  it('has no options where they cannot be read, and does not throw', async () => {
    const { registry, meter } = bridged();
    const unreadable = {
      get unit(): string {
        throw new Error('unreadable');
      },
    };
    const revoked = Proxy.revocable<number[]>([], {});
    revoked.revoke();
    meter.createCounter('orders', unreadable).add(1);
    meter.createHistogram('size', { advice: { explicitBucketBoundaries: revoked.proxy } }).record(1);
    meter.createObservableGauge('level', unreadable).addCallback((result) => result.observe(2));
    await registry.collect();
    const samples = await samplesOf(registry);
    expect(samples).toEqual(expect.arrayContaining(['orders_total 1', 'size_count 1', 'level 2']));
  });

  it('is refused with other buckets, in another scope only', () => {
    const { registry, meter, provider } = bridged();
    const withBounds = (bounds: number[]) => ({
      advice: { explicitBucketBoundaries: bounds },
    });
    meter.createHistogram('size', withBounds([1])).record(1);
    meter.createHistogram('size', { ...withBounds([2]), description: 'Other.' }).record(1);
    expect(dropped(registry)).toEqual({});
    const scoped = bridged({ ...OPTIONS, scopeLabels: true }, provider);
    provider
      .getMeter('other')
      .createHistogram('size', withBounds([2]))
      .record(1);
    expect(dropped(scoped.registry)).toEqual({ 'size conflicting_definition': 1 });
  });

  it('leaves the names, the log and the memory bounded, however many there are', async () => {
    const { registry, meter, provider, warnings } = bridged();
    for (let i = 0; i < 3_000; i++) {
      meter.createCounter(`orders.${i}`).add(1);
      meter.createCounter(`${i}${'x'.repeat(300)}`).add(1);
      meter.createObservableGauge(`level.${i}`).addCallback(() => undefined);
      provider.getMeter(`meter ${i}`);
    }
    await registry.collect();
    expect(registry.getAllMetrics().length).toBeLessThan(2_100);
    expect(scalars(registry, 'monitoring_collector_success').length).toBeLessThanOrEqual(2_000);
    expect(warnings.length).toBeLessThanOrEqual(102);
    expect(Object.keys(dropped(registry)).length).toBeLessThanOrEqual(101);
  });
});

describe('an observable', () => {
  it('has its callbacks beyond 2 000 counted, and logged once', () => {
    const { registry, meter, provider, warnings, detach } = bridged();
    const level = meter.createObservableGauge('level');
    const callbacks = Array.from({ length: 2_003 }, () => () => undefined);
    for (const callback of callbacks) level.addCallback(callback);
    // One that is there already is none beyond the limit.
    level.addCallback(callbacks[0]!);
    expect(dropped(registry)).toEqual({ 'other refused_definition': 3 });
    expect(warnings).toEqual([
      expect.stringMatching(/^There are too many callbacks .*removeCallback\(\)\.$/),
    ]);
    level.removeCallback(callbacks[1]!);
    level.addCallback(callbacks[2_002]!);
    expect(dropped(registry)).toEqual({ 'other refused_definition': 3 });
    detach();
    const restarted = bridged(OPTIONS, provider);
    expect(dropped(restarted.registry)).toEqual({ 'other refused_definition': 3 });
    expect(restarted.warnings).toHaveLength(1);
  });

  it('exposes what its last collection has observed', async () => {
    const { registry, meter } = bridged();
    let values: (readonly [number, object?])[] = [
      [1, { a: 'x' }],
      [2, { a: 'y' }],
    ];
    const observe = (result: ObservableResult) => {
      for (const [value, attributes] of values) result.observe(value, attributes as never);
    };
    meter.createObservableGauge('level').addCallback(observe);
    meter.createObservableCounter('sent').addCallback(observe);
    const sent = ['sent_total{a="x"} 1', 'sent_total{a="y"} 2'];
    expect(await samplesOf(registry)).toEqual(['level{a="x"} 1', 'level{a="y"} 2', ...sent]);
    values = [
      [5, { a: 'y' }],
      [NaN, { a: 'z' }],
      [1, { a: 'z' }],
      [3, { a: 'z' }],
      [-1, { a: 'w' }],
    ];
    expect(await samplesOf(registry)).toEqual(
      expect.arrayContaining(['level{a="y"} 5', 'level{a="z"} 3', 'level{a="w"} -1', 'sent_total{a="y"} 5']),
    );
    // A count that began again.
    values = [[2, { a: 'y' }]];
    expect(await samplesOf(registry)).toEqual(['level{a="y"} 2', 'sent_total{a="y"} 2']);
    expect(dropped(registry)).toEqual({
      'level not_a_number': 1,
      'sent_total not_a_number': 1,
      'sent_total negative': 1,
    });
  });

  it('affects no other one when its callback throws, rejects or hangs', async () => {
    const { registry, meter, warnings } = bridged();
    const level = meter.createObservableGauge('level');
    let fails = false;
    const failing = (result: ObservableResult) => {
      result.observe(1, { from: 'failing' });
      if (fails) throw new Error('no value');
    };
    const rejecting = async (result: ObservableResult) => {
      await Promise.resolve();
      result.observe(2, { from: 'rejecting' });
      if (fails) throw new Error('not yet');
    };
    const hanging = async (result: ObservableResult) => {
      result.observe(3, { from: 'hanging' });
      if (fails) await new Promise(() => undefined);
    };
    for (const callback of [failing, rejecting, hanging]) level.addCallback(callback);
    meter.createObservableCounter('sent').addCallback(failing);
    meter.createObservableGauge('other').addCallback(async (result) => result.observe(4));
    const counted = 'sent_total{from="failing"} 1';
    expect(await samplesOf(registry)).toEqual(
      expect.arrayContaining(['level{from="failing"} 1', 'level{from="rejecting"} 2', counted, 'other 4']),
    );
    fails = true;
    await registry.collect({ timeoutMs: 20 });
    const text = registry
      .snapshot()
      .families.flatMap((family) => rowsOf(family).map(([labels]) => `${family.name} ${labels}`));
    expect(text).toEqual(expect.arrayContaining(['other ', 'sent_total from=failing', 'level from=hanging']));
    expect(text).not.toContain('level from=failing');
    expect(text).not.toContain('level from=rejecting');
    expect(warnings).toEqual(
      expect.arrayContaining([
        'Collector opentelemetry level failed: no value',
        'Collector opentelemetry level 2 failed: not yet',
        'Collector opentelemetry sent failed: no value',
      ]),
    );
  });

  it('loses its series with its callback, and ignores instruments that a batch was not added for', async () => {
    const { registry, meter } = bridged();
    const level = meter.createObservableGauge('level');
    const depth = meter.createObservableUpDownCounter('depth');
    const other = meter.createObservableGauge('other');
    const callback: Parameters<Meter['addBatchObservableCallback']>[0] = (result) => {
      result.observe(level, 1);
      result.observe(depth, -2, { queue: 'mail' });
      result.observe(other, 3);
      result.observe(undefined as never, 4);
    };
    meter.addBatchObservableCallback(callback, [level, depth, {} as never]);
    meter.addBatchObservableCallback(callback, [depth, level]);
    expect(await samplesOf(registry)).toEqual(['level 1', 'depth{queue="mail"} -2']);
    meter.removeBatchObservableCallback(callback, [depth]);
    expect(await samplesOf(registry)).toHaveLength(2);
    meter.removeBatchObservableCallback(callback, [depth, level]);
    expect(await samplesOf(registry)).toEqual([]);
    meter.addBatchObservableCallback(callback, []);
    meter.addBatchObservableCallback(undefined as never, [level]);
    expect(await samplesOf(registry)).toEqual([]);
  });

  it('sums up what is beyond the limit of series', async () => {
    const { registry, meter } = bridged(OPTIONS, new BridgedMeterProvider(), { seriesLimit: 2 });
    let factor = 1;
    const observe = (result: ObservableResult) => {
      for (let i = 1; i <= 5; i++) result.observe(i * factor, { i });
    };
    meter.createObservableCounter('sent').addCallback(observe);
    const expected = [
      'sent_total{i="1"} 1',
      'sent_total{i="2"} 2',
      'sent_total{monitoring_overflow="true"} 12',
    ];
    expect(await samplesOf(registry)).toEqual(expected);
    expect(await samplesOf(registry)).toEqual(expected);
    factor = 2;
    expect(await samplesOf(registry)).toContain('sent_total{monitoring_overflow="true"} 24');
  });

  it.each([
    ['createObservableCounter', 'sent_total'],
    ['createObservableUpDownCounter', 'sent'],
  ] as const)('sums up what several callbacks of %s observe beyond the limit', async (create, name) => {
    const { registry, meter } = bridged(OPTIONS, new BridgedMeterProvider(), { seriesLimit: 1 });
    const overflow = async (): Promise<string | undefined> =>
      (await samplesOf(registry)).find((line) => line.startsWith(`${name}{monitoring_overflow`));
    let first = 50;
    const instrument = meter[create]('sent');
    instrument.addCallback((result) => {
      result.observe(1, { i: 'within' });
      result.observe(first, { i: 'first' });
    });
    const second = (result: ObservableResult) => result.observe(100, { i: 'second' });
    instrument.addCallback(second);
    const seen = [];
    for (first of [50, 60, 65]) seen.push(await overflow());
    instrument.removeCallback(second);
    seen.push(await overflow());
    const line = (value: number): string => `${name}{monitoring_overflow="true"} ${value}`;
    // A count that has been seen stays, so that it is no reset; of one that also goes down, there is less.
    const afterwards = create === 'createObservableCounter' ? 165 : 65;
    expect(seen).toEqual([150, 160, 165, afterwards].map(line));
  });

  it('counts no part of an observable counter again that was absent for a time', async () => {
    const { registry, meter } = bridged(OPTIONS, new BridgedMeterProvider(), { seriesLimit: 1 });
    let observed: Readonly<Record<string, number>> = {};
    meter.createObservableCounter('sent').addCallback((result) => {
      for (const [i, value] of Object.entries(observed)) result.observe(value, { i });
    });
    const seen = [];
    for (observed of [
      { a: 1, b: 100, c: 50 },
      { a: 1, b: 101 },
      { a: 1, b: 102, c: 51 },
      { a: 1 },
      { a: 1, b: 103, c: 52 },
    ]) {
      seen.push(await overflowOf(registry));
    }
    expect(seen).toEqual([150, 150, 153, 153, 155]);
  });

  it('counts nothing again of callbacks that are removed and added again', async () => {
    const { registry, meter } = bridged(OPTIONS, new BridgedMeterProvider(), { seriesLimit: 1 });
    const sent = meter.createObservableCounter('sent');
    let growth = 0;
    const observing = (value: number) => (result: ObservableResult) =>
      result.observe(value + growth, { value });
    const [first, second] = [observing(100), observing(50)];
    for (const callback of [observing(1), first, second]) sent.addCallback(callback);
    const seen = [await overflowOf(registry)];
    sent.removeCallback(first);
    growth = 1;
    seen.push(await overflowOf(registry));
    sent.removeCallback(second);
    seen.push(await overflowOf(registry));
    sent.addCallback(second);
    sent.addCallback(observing(100));
    growth = 2;
    seen.push(await overflowOf(registry));
    // The sums of what all have observed.
    expect(seen).toEqual([150, 151, 151, 154]);
  });

  it('takes out of the overflow series what an up-down counter no longer observes', async () => {
    const { registry, meter } = bridged(OPTIONS, new BridgedMeterProvider(), { seriesLimit: 1 });
    const depth = meter.createObservableUpDownCounter('depth');
    let action = (result: ObservableResult): void => result.observe(100, { queue: 'mail' });
    depth.addCallback((result) => result.observe(1, { queue: 'within' }));
    depth.addCallback((result) => action(result));
    const removed = (result: ObservableResult) => result.observe(50, { queue: 'removed' });
    depth.addCallback(removed);
    const seen = [await overflowOf(registry)];
    action = () => undefined;
    seen.push(await overflowOf(registry));
    action = (result) => result.observe(70, { queue: 'mail' });
    seen.push(await overflowOf(registry));
    action = () => {
      throw new Error('no value');
    };
    seen.push(await overflowOf(registry));
    depth.removeCallback(removed);
    seen.push(await overflowOf(registry));
    expect(seen).toEqual([150, 50, 120, 50, 0]);
  });

  it('does not count again what got a series of its own', async () => {
    const { registry, meter } = bridged(OPTIONS, new BridgedMeterProvider(), { seriesLimit: 1 });
    let observed: readonly (readonly [number, string])[] = [];
    meter.createObservableCounter('sent').addCallback((result) => {
      for (const [value, i] of observed) result.observe(value, { i });
    });
    observed = [
      [1, 'a'],
      [20, 'b'],
      [300, 'c'],
    ];
    expect(await samplesOf(registry)).toEqual([
      'sent_total{i="a"} 1',
      'sent_total{monitoring_overflow="true"} 320',
    ]);
    observed = [
      [20, 'b'],
      [301, 'c'],
    ];
    expect(await samplesOf(registry)).toEqual([
      'sent_total{monitoring_overflow="true"} 320',
      'sent_total{i="b"} 20',
    ]);
    observed = [
      [20, 'b'],
      [304, 'c'],
    ];
    // Until the rest is more than what the series has had.
    expect(await samplesOf(registry)).toContain('sent_total{monitoring_overflow="true"} 320');
    observed = [
      [20, 'b'],
      [325, 'c'],
    ];
    expect(await samplesOf(registry)).toContain('sent_total{monitoring_overflow="true"} 325');
  });
});

describe('the provider', () => {
  it('is recorded by every application, and outlives each', async () => {
    const provider = new BridgedMeterProvider();
    const first = bridged(OPTIONS, provider);
    const counter = first.meter.createCounter('orders');
    first.meter.createObservableGauge('level').addCallback((result) => result.observe(1));
    counter.add(1);
    const second = bridged({ ...OPTIONS, scopeLabels: true }, provider);
    counter.add(1);
    expect(await samplesOf(first.registry)).toEqual(['orders_total 2', 'level 1']);
    expect(await samplesOf(second.registry)).toEqual([
      'orders_total{otel_scope_name="shop"} 1',
      'level{otel_scope_name="shop"} 1',
    ]);
    first.detach();
    counter.add(1);
    expect(await samplesOf(first.registry)).toContain('orders_total 2');
    second.detach();
    counter.add(1);
    const third = bridged(OPTIONS, provider);
    counter.add(1);
    expect(await samplesOf(third.registry)).toEqual(['orders_total 1', 'level 1']);
  });

  it('keeps the first measurements for the application that starts, and counts the others', async () => {
    const provider = new BridgedMeterProvider();
    const api = fakeApi();
    const counter = provider.getMeter('shop').createCounter('orders');
    counter.add(1, { before: 'registration' });
    expect(provider.register(() => api)).toBe('registered');
    const attributes = { n: 0 };
    for (let i = 0; i < 1_010; i++) {
      attributes.n = i % 2;
      counter.add(1, attributes);
    }
    const { registry, warnings } = bridged(OPTIONS, provider);
    expect(await samplesOf(registry)).toEqual(['orders_total{n="0"} 500', 'orders_total{n="1"} 500']);
    expect(dropped(registry)).toEqual({ 'other not_started': 10 });
    expect(warnings).toEqual([expect.stringContaining('10 measurements')]);
  });

  it('leaves another provider alone, and removes only itself', () => {
    const api = fakeApi();
    const provider = new BridgedMeterProvider();
    expect(provider.register(() => undefined)).toBe('not installed');
    api.metrics.setGlobalMeterProvider('another');
    expect(provider.register(() => api)).toBe('other provider');
    provider.unregister(() => api);
    expect(api.metrics.getMeterProvider()).toBe('another');
    api.metrics.disable();
    expect(provider.register(() => api)).toBe('registered');
    expect(provider.register(() => api)).toBe('registered');
    const { detach } = bridged(OPTIONS, provider);
    provider.unregister(() => api);
    expect(api.metrics.getMeterProvider()).toBe(provider);
    detach();
    provider.unregister(() => api);
    expect(api.metrics.getMeterProvider()).toBeUndefined();
  });
});

describe('a bridge that starts', () => {
  it('registers the provider with the API, and removes it at the end', () => {
    const provider = new BridgedMeterProvider();
    const { registry, warnings } = testRegistry();
    const bridge = new OpenTelemetryBridge(registry, OPTIONS, provider);
    bridge.start();
    expect(metrics.getMeterProvider()).toBe(provider);
    metrics.getMeter('shop').createCounter('orders').add(1);
    expect(registry.getMetric('orders_total')).toMatchObject({ seriesCount: 1 });
    bridge.stop();
    expect(metrics.getMeterProvider()).not.toBe(provider);
    expect(warnings).toEqual([]);
  });

  it('leaves the provider of the SDK, with a warning', async () => {
    const sdk = new MeterProvider();
    metrics.setGlobalMeterProvider(sdk);
    const { registry, warnings } = testRegistry();
    const bridge = new OpenTelemetryBridge(registry, OPTIONS, new BridgedMeterProvider());
    bridge.start();
    expect(metrics.getMeterProvider()).toBe(sdk);
    bridge.stop();
    expect(metrics.getMeterProvider()).toBe(sdk);
    expect(warnings).toEqual([expect.stringContaining('Another MeterProvider is registered')]);
    metrics.disable();
    await sdk.shutdown();
  });
});

describe('an exporter by OTLP', () => {
  it.each(['cumulative', 'delta'] as const)(
    'sends the attributes that each series has, %s',
    (temporality) => {
      const { registry, meter } = bridged();
      const reader = new IntervalReader();
      const counter = meter.createCounter('orders', { description: 'Orders.' });
      counter.add(2, { channel: 'web' });
      reader.advance(registry.snapshot({ exponential: true }));
      // The label of a later series changes nothing about the first one.
      counter.add(1, { 'order.region': 'eu' });
      counter.add(3, { channel: 'web' });
      const interval = reader.intervalUpTo(registry.snapshot({ exponential: true }));
      const requests = otlpRequests(interval, { temporality, histograms: 'explicit' });
      const points = requests
        .flatMap(({ payload }) => metricsOf(payload as OtlpPiece[]))
        .filter(({ descriptor }) => descriptor.name === 'orders_total')
        .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => ({ attributes, value })));
      expect(points).toEqual([
        { attributes: { channel: 'web' }, value: temporality === 'delta' ? 3 : 5 },
        { attributes: { order_region: 'eu' }, value: 1 },
      ]);
    },
  );
});

function fakeApi() {
  let registered: unknown;
  return {
    metrics: {
      setGlobalMeterProvider: (provider: unknown) => {
        if (registered !== undefined) return false;
        registered = provider;
        return true;
      },
      getMeterProvider: () => registered,
      disable: () => (registered = undefined),
    },
  };
}

describe('the workers of a cluster', () => {
  it('are merged, though each has seen other attributes', async () => {
    const action = fc.record({
      worker: fc.nat(2),
      attributes: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('x', 'y'), {
        noNullPrototype: true,
      }),
      value: fc.nat(5),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(action, { maxLength: 12 }), { minLength: 1, maxLength: 3 }),
        async (rounds) => {
          const workers = Array.from({ length: 3 }, () => bridged());
          const all = bridged();
          const merger = new MetricsMerger();
          const encoders = workers.map(() => new SnapshotEncoder());
          const decoders = workers.map(() => new SnapshotDecoder());
          const recordersOf = ({ meter }: { meter: Meter }) => ({
            counter: meter.createCounter('orders'),
            open: meter.createUpDownCounter('open'),
            size: meter.createHistogram('size'),
          });
          const recorders = workers.map(recordersOf);
          const single = recordersOf(all);
          let epochs: readonly object[] = [];
          for (const round of rounds) {
            for (const { worker, attributes, value } of round) {
              for (const { counter, open, size } of [recorders[worker]!, single]) {
                counter.add(value, attributes);
                open.add(-value, attributes);
                size.record(value, attributes);
              }
            }
            // As they come over a connection.
            const contributions = contributionsOf(workers.map(({ registry }) => registry)).map(
              (contribution, i) => ({
                ...contribution,
                families: decoders[i]!.decode(structuredClone(encoders[i]!.encode(contribution.families))),
              }),
            );
            const { families, conflicting } = merger.merge(contributions);
            expect(conflicting).toEqual([]);
            const values = (source: typeof families) =>
              source
                .filter(({ name }) => !name.startsWith('monitoring_'))
                .flatMap((family) => rowsOf(family).map((row) => JSON.stringify([family.name, ...row])))
                .toSorted();
            expect(values(families)).toEqual(values(all.registry.snapshot().families));
            // Exporters count from zero after a new epoch.
            const current = families.map(({ epoch }) => epoch);
            if (epochs.length > 0) expect(current).toEqual(epochs);
            epochs = current;
          }
        },
      ),
    );
  });

  it('have a gauge for each, and the sum of up-down counters', () => {
    const workers = Array.from({ length: 2 }, (_, i) => {
      const { registry, meter } = bridged();
      meter.createGauge('level').record(i + 1, { room: 'a' });
      if (i === 1) meter.createGauge('level').record(5, { floor: 'b' });
      meter.createUpDownCounter('open').add(i + 1);
      return registry;
    });
    const { families } = new MetricsMerger().merge(contributionsOf(workers));
    const seriesOf = (name: string) => rowsOf(families.find((family) => family.name === name)!);
    expect(seriesOf('level')).toEqual([
      ['room=a,worker=0', 1],
      ['room=a,worker=1', 2],
      ['floor=b,worker=1', 5],
    ]);
    expect(seriesOf('open')).toEqual([['', 3]]);
  });
});
