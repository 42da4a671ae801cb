import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MetricsRegistry } from '../../../lib/metrics/registry.js';
import { type MetricsSnapshot, VALUE } from '../../../lib/metrics/snapshot.js';
import { formatCanonicalBound } from '../../../lib/metrics/bound-format.js';
import type { PushRequest } from '../../../lib/exporters/push/push-destination.js';
import {
  splitWriteRequest,
  type WriteRequestPayload,
} from '../../../lib/exporters/remote-write/write-request.js';
import {
  WriteRequestEncoder,
  type WriteRequestsOptions,
} from '../../../lib/exporters/remote-write/write-requests.js';
import { FakeClock, oddText } from '../../metrics/support.js';
import { KeptLog } from '../push/support.js';
import { type DecodedSeries, type DecodedWriteRequest, decodeWriteRequest } from './write-request-decoder.js';

const OPTIONS: WriteRequestsOptions = {
  labels: {},
  defaults: { job: 'nestjs', instance: 'web-1' },
  nativeHistograms: false,
  metadata: false,
  staleMarkers: true,
};

function encoder(options: Partial<WriteRequestsOptions> = {}): WriteRequestEncoder {
  return new WriteRequestEncoder({ ...OPTIONS, ...options });
}

function resultOf<T>(work: Generator<void, T, void>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

function decoded(requests: readonly PushRequest[]): DecodedWriteRequest[] {
  return requests.map(({ payload }) => decodeWriteRequest((payload as WriteRequestPayload).body));
}

function seriesOf(requests: readonly PushRequest[]): DecodedSeries[] {
  return decoded(requests).flatMap(({ timeseries }) => timeseries);
}

/** The samples of the series with this name, by the labels that are not those of the target. */
function samplesOf(series: readonly DecodedSeries[], name: string): Record<string, number | string> {
  return Object.fromEntries(
    series
      .filter(({ labels }) => labels['__name__'] === name)
      .map(({ labels, samples }) => {
        const { __name__: _, job: __, instance: ___, ...own } = labels;
        return [Object.values(own).join(), samples[0]!.value];
      }),
  );
}

/** A snapshot of the metrics of the application alone. */
function snapshotOf(registry: MetricsRegistry): MetricsSnapshot {
  const snapshot = registry.snapshot({ exponential: true });
  return { ...snapshot, families: snapshot.families.filter(({ name }) => !name.startsWith('monitoring_')) };
}

function setUp(options: Partial<WriteRequestsOptions> = {}) {
  const clock = new FakeClock();
  const registry = new MetricsRegistry({ clock, logger: new KeptLog() });
  const own = encoder(options);
  const push = (afterMs = 10_000): DecodedSeries[] => {
    clock.advance(afterMs);
    return seriesOf(resultOf(own.encode(snapshotOf(registry))));
  };
  return { clock, registry, own, push };
}

describe('an interval', () => {
  it('has the totals of all series at its end, changed or not', () => {
    const { registry, push, clock } = setUp();
    const deals = registry.counter('deals_total', 'Deals.', { labelNames: ['stage'] });
    registry.gauge('users', 'Users.').set(-2.5);
    deals.inc({ stage: 'won' }, 3);
    push();
    deals.inc({ stage: 'lost' });
    const series = push();
    expect(samplesOf(series, 'deals_total')).toEqual({ won: 3, lost: 1 });
    expect(samplesOf(series, 'users')).toEqual({ '': -2.5 });
    expect(new Set(series.flatMap(({ samples }) => samples.map(({ timestamp }) => timestamp)))).toEqual(
      new Set([clock.now()]),
    );
  });

  it('has the cumulative buckets of a histogram, its sum and its count', () => {
    const { registry, push } = setUp();
    const sizes = registry.histogram('size_items', 'Sizes.', { buckets: [0.5, 1, 1e6] });
    for (const size of [0.1, 0.7, 1, 7, 1e9]) sizes.observe(size);
    const series = push();
    expect(samplesOf(series, 'size_items_bucket')).toEqual({ '0.5': 1, '1.0': 3, '1e+06': 4, '+Inf': 5 });
    expect(samplesOf(series, 'size_items_sum')).toEqual({ '': 1_000_000_008.8 });
    expect(samplesOf(series, 'size_items_count')).toEqual({ '': 5 });
  });

  it('decodes to the snapshot, with any names, labels and values', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,8}$/), {
      minLength: 1,
      maxLength: 5,
    });
    const labelNames = fc.uniqueArray(
      fc
        .stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/)
        .filter((name) => !name.startsWith('__') && !['le', 'quantile'].includes(name)),
      { maxLength: 4 },
    );
    const value = fc.oneof(fc.double(), fc.constantFrom(-0, NaN, Infinity, -Infinity, 5e-324));
    const labelValue = fc.oneof(oddText, fc.constantFrom('', 'x'.repeat(3_000), 'é'.repeat(2_000)));
    fc.assert(
      fc.property(
        names,
        labelNames,
        fc.array(fc.tuple(fc.array(labelValue, { minLength: 4, maxLength: 4 }), value), { maxLength: 6 }),
        fc.dictionary(fc.constantFrom('job', 'zone', 'Env', 'exported_job'), fc.string(), { maxKeys: 3 }),
        (metrics, labels, observations, defaultLabels) => {
          const registry = new MetricsRegistry({ defaultLabels, logger: new KeptLog() });
          for (const name of metrics) {
            const gauge = registry.gauge(`g_${name}`, 'G.', { labelNames: labels });
            const histogram = registry.histogram(`h_${name}`, 'H.', { labelNames: labels, buckets: [0, 1] });
            for (const [values, number] of observations) {
              const own = Object.fromEntries(labels.map((label, i) => [label, values[i]]));
              gauge.set(own, number);
              if (Number.isFinite(number)) histogram.observe(own, number);
            }
          }
          const snapshot = snapshotOf(registry);
          const series = seriesOf(resultOf(encoder({ labels: { zone: 'eu' } }).encode(snapshot)));
          const expected: unknown[] = [];
          for (const family of snapshot.families) {
            if (family.type !== 'histogram') {
              for (const { value: number } of family.series) expected.push([family.name, undefined, number]);
              continue;
            }
            for (const { buckets, sum, count } of family.series) {
              for (const { upperBound, count: total } of buckets) {
                expected.push([`${family.name}_bucket`, formatCanonicalBound(upperBound), total]);
              }
              expected.push(
                [`${family.name}_sum`, undefined, sum],
                [`${family.name}_count`, undefined, count],
              );
            }
          }
          expect(
            series.map(({ labels: own, samples }) => [own['__name__'], own['le'], samples[0]!.value]),
          ).toEqual(expected);
          const identities = new Set(series.map((one) => JSON.stringify(one.labels)));
          expect(identities.size).toBe(series.length);
          for (const { names: sorted, labels: own } of series) {
            expect(sorted).toEqual(sorted.toSorted((a, b) => (a < b ? -1 : 1)));
            expect(new Set(sorted).size).toBe(sorted.length);
            expect(own['zone']).toBe('eu');
            const texts = Object.values(own);
            expect(texts.filter((text) => text === '' || Buffer.byteLength(text) > 2_048)).toEqual([]);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('keeps texts apart that are cut', () => {
    const { registry, push } = setUp();
    const gauge = registry.gauge('users', 'Users.', { labelNames: ['path'] });
    for (const end of ['a', 'b']) gauge.set({ path: `${'€'.repeat(900)}${end}` }, 1);
    const paths = push().map(({ labels }) => labels['path']!);
    expect(new Set(paths).size).toBe(2);
    for (const path of paths) expect(path).toMatch(/^€{679}_[0-9a-f]{8}$/);
  });

  it('has the overflow series', () => {
    const { registry, push } = setUp();
    const users = registry.counter('users_total', 'Users.', { labelNames: ['id'], seriesLimit: 2 });
    for (let id = 0; id < 9; id++) users.inc({ id });
    expect(samplesOf(push(), 'users_total')).toEqual({ 0: 1, 1: 1, true: 7 });
  });

  it('is given later times though the clock was set back a little, and believes a clock that was set back by far', () => {
    const { clock, registry, own } = setUp();
    registry.gauge('users', 'Users.').set(1);
    const timeAt = (now: number): number => {
      clock.jumpTo(now);
      return seriesOf(resultOf(own.encode(snapshotOf(registry))))[0]!.samples[0]!.timestamp;
    };
    const start = 1_700_000_000_000;
    expect([
      timeAt(start),
      timeAt(start),
      timeAt(start - 5_000),
      timeAt(start + 10_000.7),
      timeAt(start - 3_600_000),
    ]).toEqual([start, start + 1, start + 2, start + 10_000, start - 3_600_000]);
  });
});

describe('the labels of the target', () => {
  function labelsWith(
    defaultLabels: Record<string, string>,
    labelNames: readonly string[],
    options: Partial<WriteRequestsOptions> = {},
  ): Readonly<Record<string, string>> {
    const registry = new MetricsRegistry({ defaultLabels, logger: new KeptLog() });
    const gauge = registry.gauge('users', 'Users.', { labelNames });
    gauge.set(Object.fromEntries(labelNames.map((name) => [name, `own ${name}`])), 1);
    const { __name__: _, ...labels } = seriesOf(resultOf(encoder(options).encode(snapshotOf(registry))))[0]!
      .labels;
    return labels;
  }

  it('win over those of a series, which are exported, as when Prometheus scrapes', () => {
    expect(labelsWith({ service: 'crm' }, ['job', 'exported_job'])).toEqual({
      job: 'nestjs',
      instance: 'web-1',
      service: 'crm',
      exported_job: 'own exported_job',
      exported_exported_job: 'own job',
    });
  });

  it('have default labels of the registry in place of their defaults', () => {
    expect(labelsWith({ job: 'crm', zone: 'eu' }, [])).toEqual({ job: 'crm', instance: 'web-1', zone: 'eu' });
    expect(labelsWith({ job: 'crm' }, ['job'])).toEqual({ job: 'own job', instance: 'web-1' });
  });

  it('win over default labels if they are given, and an empty one is left out', () => {
    const labels = { job: 'shop', instance: '' };
    expect(labelsWith({ job: 'crm', instance: 'x' }, [], { labels })).toEqual({
      job: 'shop',
      exported_job: 'crm',
      exported_instance: 'x',
    });
  });
});

describe('a series that is gone', () => {
  it('is ended once by a marker of its own time, and is not when it is created again', () => {
    const { registry, push } = setUp();
    const users = registry.gauge('users', 'Users.', { labelNames: ['plan'] });
    users.set({ plan: 'free' }, 1);
    users.set({ plan: 'paid' }, 2);
    push();
    users.remove({ plan: 'free' });
    expect(samplesOf(push(), 'users')).toEqual({ paid: 2, free: 'stale' });
    expect(samplesOf(push(), 'users')).toEqual({ paid: 2 });
    users.remove({ plan: 'paid' });
    users.set({ plan: 'paid' }, 3);
    expect(samplesOf(push(), 'users')).toEqual({ paid: 3 });
    registry.resetAll();
    users.set({ plan: 'paid' }, 4);
    expect(samplesOf(push(), 'users')).toEqual({ paid: 4 });
  });

  it('is ended though the rows of the others were moved', () => {
    const { registry, push } = setUp();
    const users = registry.gauge('users', 'Users.', { labelNames: ['id'], seriesLimit: Infinity });
    for (let id = 0; id < 2_000; id++) users.set({ id }, id);
    push();
    for (let id = 0; id < 1_990; id++) users.remove({ id });
    for (let id = 5_000; id < 5_100; id++) users.set({ id }, id);
    const values = samplesOf(push(), 'users');
    expect(Object.values(values).filter((value) => value === 'stale')).toHaveLength(1_990);
    expect(Object.values(values).filter((value) => value !== 'stale')).toHaveLength(110);
    expect(Object.keys(samplesOf(push(), 'users'))).toHaveLength(110);
  });

  it('is ended with all time series of a histogram, native ones too', () => {
    const { registry, push } = setUp({ nativeHistograms: {} });
    const sizes = registry.histogram('size_items', 'Sizes.', { labelNames: ['kind'], buckets: [1] });
    sizes.observe({ kind: 'a' }, 0.5);
    push();
    sizes.remove({ kind: 'a' });
    const series = push();
    expect(samplesOf(series.slice(1), 'size_items_bucket')).toEqual({ 'a,1.0': 'stale', 'a,+Inf': 'stale' });
    expect(samplesOf(series.slice(1), 'size_items_count')).toEqual({ a: 'stale' });
    expect(series[0]!.histograms).toMatchObject([{ sum: 'stale', count: 0 }]);
  });

  it('is the last of all at the end, one time after the last sample', () => {
    const { registry, push, own, clock } = setUp();
    registry.gauge('users', 'Users.').set(1);
    push();
    const end = seriesOf(resultOf(own.encodeEnd(clock.now())));
    expect(end.map(({ samples }) => samples)).toEqual([[{ value: 'stale', timestamp: clock.now() + 1 }]]);
    expect(resultOf(own.encodeEnd(clock.now()))).toEqual([]);
  });

  it('is not ended without the option, nor before anything was sent', () => {
    const { registry, push, own, clock } = setUp({ staleMarkers: false });
    const users = registry.gauge('users', 'Users.', { labelNames: ['id'] });
    users.set({ id: 1 }, 1);
    push();
    users.remove({ id: 1 });
    expect(push()).toEqual([]);
    expect(resultOf(own.encodeEnd(clock.now()))).toEqual([]);
    expect(resultOf(encoder().encodeEnd(clock.now()))).toEqual([]);
  });

  it('never is a NaN of the application', () => {
    const { registry, own } = setUp();
    registry.gauge('users', 'Users.').set(1);
    const snapshot = snapshotOf(registry);
    const { numbers, stride } = snapshot.families[0]!;
    expect(stride).toBe(VALUE + 1);
    new BigUint64Array(numbers.buffer, numbers.byteOffset)[VALUE] = 0x7ff0000000000002n;
    expect(samplesOf(seriesOf(resultOf(own.encode(snapshot))), 'users')).toEqual({ '': NaN });
  });
});

describe('exemplars', () => {
  it('are sent once, with the time of their observation', () => {
    const { clock, registry, push } = setUp();
    const sizes = registry.histogram('size_items', 'Sizes.', { buckets: [1, 2] });
    sizes.observe(0.5, { trace_id: 'a' });
    const observedAt = clock.now();
    const withExemplars = (series: readonly DecodedSeries[]) =>
      series
        .filter(({ exemplars }) => exemplars.length > 0)
        .map(({ labels, exemplars }) => [labels['le'], exemplars]);
    expect(withExemplars(push())).toEqual([
      ['1.0', [{ labels: { trace_id: 'a' }, value: 0.5, timestamp: observedAt }]],
    ]);
    expect(withExemplars(push())).toEqual([]);
    sizes.observe(1.5, { trace_id: 'b' });
    expect(withExemplars(push())).toMatchObject([['2.0', [{ value: 1.5 }]]]);
  });
});

describe('native histograms', () => {
  it('have the counts of all values, at most as many buckets as allowed, and classic ones beside them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.boolean(),
        (values, classic) => {
          const registry = new MetricsRegistry();
          const sizes = registry.histogram('size_items', 'Sizes.', { buckets: [1] });
          for (const value of values) sizes.observe(value);
          const own = encoder({ nativeHistograms: { maxBuckets: 40, classic } });
          const series = seriesOf(resultOf(own.encode(snapshotOf(registry))));
          const [native] = series.filter(({ labels }) => labels['__name__'] === 'size_items');
          const [histogram] = native!.histograms;
          const counts = [histogram!.positiveDeltas, histogram!.negativeDeltas].map((deltas) => {
            let count = 0;
            return deltas.map((delta) => (count += delta));
          });
          const inBuckets = counts.flat().reduce((sum, count) => sum + count, histogram!.zeroCount);
          expect(inBuckets).toBe(values.length);
          expect(histogram).toMatchObject({ count: values.length });
          expect(counts.flat().length).toBeLessThanOrEqual(40);
          expect(counts[0]).toHaveLength(
            histogram!.positiveSpans.reduce((sum, { length }) => sum + length, 0),
          );
          expect(series.length).toBe(classic ? 5 : 1);
        },
      ),
    );
  });

  it('are left to the classic buckets for a metric without them', () => {
    const { registry, push } = setUp({ nativeHistograms: { classic: false, metrics: { a_size: false } } });
    registry.histogram('a_size', 'A.', { buckets: [1] }).observe(1);
    registry.histogram('b_size', 'B.', { buckets: [1] }).observe(1);
    expect(push().map(({ labels }) => labels['__name__'])).toEqual([
      'a_size_bucket',
      'a_size_bucket',
      'a_size_sum',
      'a_size_count',
      'b_size',
    ]);
  });
});

describe('metadata', () => {
  it('are sent at the start, after a change, and every minute, without data points', () => {
    const { registry, own, clock } = setUp({ metadata: true });
    registry.counter('deals_total', 'Deals \\ "all".').inc();
    registry.histogram('wait_seconds', 'ä'.repeat(2_000)).observe(1);
    let isReceived = true;
    const push = () => {
      const requests = resultOf(own.encode(snapshotOf(registry)));
      if (isReceived) own.metadataSettled();
      return decoded(requests).flatMap(({ metadata }, i) => {
        if (metadata.length > 0) expect(requests[i]!.points).toBe(0);
        return metadata;
      });
    };
    const [deals, wait] = push();
    expect(deals).toEqual({ type: 1, metricFamilyName: 'deals_total', help: 'Deals \\ "all".', unit: '' });
    expect(wait).toMatchObject({ type: 3, metricFamilyName: 'wait_seconds', unit: 'seconds' });
    expect(Buffer.byteLength(wait!.help)).toBeLessThanOrEqual(1_024);
    clock.advance(30_000);
    expect(push()).toEqual([]);
    registry.gauge('users', 'Users.').set(1);
    expect(push()).toHaveLength(3);
    clock.advance(59_999);
    expect(push()).toEqual([]);
    clock.advance(1);
    isReceived = false;
    expect(push()).toHaveLength(3);
    // They would only fill the queue.
    clock.advance(59 * 60_000);
    expect(push()).toHaveLength(0);
    clock.advance(60_000);
    expect(push()).toHaveLength(3);
    isReceived = true;
    expect(push()).toHaveLength(0);
    clock.advance(60_000);
    expect(push()).toHaveLength(3);
  });
});

describe('requests', () => {
  it('have at most 2 000 samples and 1 MB, and keep a histogram together', () => {
    const { registry, own, clock } = setUp();
    const users = registry.gauge('users', 'Users.', { labelNames: ['path'], seriesLimit: Infinity });
    for (let i = 0; i < 1_500; i++) users.set({ path: `${i}${'x'.repeat(1_500)}` }, i);
    const sizes = registry.histogram('size_items', 'Sizes.', { labelNames: ['kind'], buckets: [1, 2, 3] });
    for (let kind = 0; kind < 900; kind++) sizes.observe({ kind }, kind);
    const requests = resultOf(own.encode(snapshotOf(registry)));
    expect(clock.now()).toBeGreaterThan(0);
    const all = decoded(requests).map(({ timeseries }) => timeseries);
    expect(all.flat()).toHaveLength(1_500 + 900 * 6);
    expect(requests.map(({ points }) => points)).toEqual(all.map(({ length }) => length));
    for (const [i, timeseries] of all.entries()) {
      expect(timeseries.length).toBeLessThanOrEqual(2_000);
      expect((requests[i]!.payload as WriteRequestPayload).body.length).toBeLessThan(1_000_000);
      const kinds = timeseries.flatMap(({ labels }) => labels['kind'] ?? []);
      expect(new Set(kinds).size * 6).toBe(kinds.length);
    }
  });

  it('are split in the middle, down to a single series', () => {
    const { registry, own } = setUp();
    const users = registry.gauge('users', 'Users.', { labelNames: ['id'] });
    for (let id = 0; id < 5; id++) users.set({ id }, id);
    const split = (request: PushRequest): PushRequest[] => {
      const halves = splitWriteRequest(request, own.compressor);
      return halves.length === 0 ? [request] : halves.flatMap(split);
    };
    const [request] = resultOf(own.encode(snapshotOf(registry)));
    expect(splitWriteRequest(request!, own.compressor).map(({ points }) => points)).toEqual([3, 2]);
    const pieces = split(request!);
    expect(pieces.map(({ points }) => points)).toEqual([1, 1, 1, 1, 1]);
    expect(samplesOf(seriesOf(pieces), 'users')).toEqual({ 0: 0, 1: 1, 2: 2, 3: 3, 4: 4 });
  });

  it('yield to the event loop while many series are encoded', () => {
    const { registry, own } = setUp();
    const users = registry.gauge('users', 'Users.', { labelNames: ['id'], seriesLimit: Infinity });
    for (let id = 0; id < 1_000; id++) users.set({ id }, id);
    let yields = 0;
    for (const work = own.encode(snapshotOf(registry)); !work.next().done;) yields++;
    expect(yields).toBe(15);
  });
});
