import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ExponentialColumns } from '../../../lib/metrics/exponential-columns.js';
import {
  ExponentialHistogram,
  type ExponentialHistogramSnapshot,
  sumOfExponentials,
} from '../../../lib/metrics/exponential-histogram.js';
import { ExponentialRows } from '../../../lib/metrics/exponential-rows.js';
import {
  type NativeBuckets,
  NativeHistogramBuilder,
} from '../../../lib/exporters/prometheus/native-histogram.js';
import { MIN_BUCKETS } from '../../../lib/exporters/prometheus/native-histograms.options.js';
import { decodedBuckets } from './protobuf-decoder.js';

const FINEST = 6;
const MIN_SCHEMA = -4;
/** The magnitudes that the exponential histogram tells apart. */
const SMALLEST = 2 ** -30;
const LARGEST = 2 ** 50;

function exponentialOf(values: readonly number[]): ExponentialHistogramSnapshot {
  const histogram = new ExponentialHistogram();
  for (const value of values) histogram.record(value);
  return histogram.snapshot();
}

function bucketsIn({ spans, spanOffsets, spanLengths, deltas, size }: NativeBuckets) {
  const list = Array.from({ length: spans }, (_, i) => ({
    offset: spanOffsets[i] ?? NaN,
    length: spanLengths[i] ?? NaN,
  }));
  return { spans: list, deltas: [...deltas.subarray(0, size)] };
}

/** Builds a histogram after others, of which nothing may be left. */
function nativeOf(values: readonly number[], maxBuckets = 160) {
  const builder = new NativeHistogramBuilder(maxBuckets);
  builder.buildFrom(exponentialOf([1e-12, -3, 0, 7, 7.5, 9, 1e9, 1e12, -1e6]));
  builder.buildFrom(exponentialOf(values));
  const { schema, zeroThreshold, zeroCount, count } = builder;
  const { spans, deltas } = bucketsIn(builder.positive);
  const negative = bucketsIn(builder.negative);
  return {
    schema,
    zeroThreshold,
    zeroCount,
    count,
    spans,
    positive: decodedBuckets(spans, deltas),
    negative: decodedBuckets(negative.spans, negative.deltas),
  };
}

/** Returns everything that is sent of the histogram that was built last. */
function contentOf({ schema, zeroThreshold, zeroCount, count, positive, negative }: NativeHistogramBuilder) {
  return {
    schema,
    zeroThreshold,
    zeroCount,
    count,
    positive: bucketsIn(positive),
    negative: bucketsIn(negative),
  };
}

function sumOf(buckets: ReadonlyMap<number, number>): number {
  return [...buckets.values()].reduce((sum, count) => sum + count, 0);
}

/** The count of the values in a bucket by its definition; a value on a bound may be rounded to either side. */
function between(values: readonly number[], lower: number, upper: number): [least: number, most: number] {
  const within = (error: number) =>
    values.filter((value) => value > lower * (1 + error) && value <= upper * (1 - error)).length;
  return [within(1e-12), within(-1e-12)];
}

/** Empty buckets that a reader would need if there were as few spans as possible, and all buckets with values. */
function bucketsAtSchema(values: readonly number[], schema: number): number {
  const indexes = (sign: number) =>
    [
      ...new Set(
        values
          .map((value) => value * sign)
          .filter((value) => value > 0)
          .map((value) =>
            Math.ceil(Math.log2(Math.min(Math.max(value, SMALLEST * 1.001), LARGEST)) * 2 ** schema),
          ),
      ),
    ].toSorted((a, b) => a - b);
  const size = (sorted: readonly number[]) =>
    sorted.reduce((total, index, i) => {
      const gap = i === 0 ? Infinity : index - sorted[i - 1]! - 1;
      return total + 1 + (gap <= 2 ? gap : 0);
    }, 0);
  return size(indexes(1)) + size(indexes(-1));
}

/** In the middle of a bucket of the finest schema, so that the reference needs no exact logarithm. */
const magnitude = fc.integer({ min: -28 * 64, max: 50 * 64 - 1 }).map((index) => 2 ** ((index + 0.5) / 64));
const value = fc.oneof(
  { weight: 8, arbitrary: magnitude },
  { weight: 3, arbitrary: magnitude.map((x) => -x) },
  { weight: 1, arbitrary: fc.constant(0) },
);
const anyValue = fc.oneof(value, fc.double({ noNaN: true, noDefaultInfinity: true }));
const values = fc.array(value, { maxLength: 300, size: 'max' });
const anyValues = fc.array(anyValue, { maxLength: 300, size: 'max' });
const limit = fc.integer({ min: MIN_BUCKETS, max: 200 });

describe('a native histogram', () => {
  it('counts every value in the bucket or the zero bucket where it belongs', () => {
    fc.assert(
      fc.property(values, limit, (all, maxBuckets) => {
        const { schema, zeroThreshold, zeroCount, positive, negative } = nativeOf(all, maxBuckets);
        const bound = (index: number) => 2 ** (index * 2 ** -schema);
        expect(zeroCount).toBe(all.filter((x) => Math.abs(x) <= zeroThreshold).length);
        for (const [sign, buckets] of [
          [1, positive],
          [-1, negative],
        ] as const) {
          const magnitudes = all.map((x) => x * sign).filter((x) => x > zeroThreshold);
          expect(sumOf(buckets)).toBe(magnitudes.length);
          const wrong = [...buckets].filter(([index, count]) => {
            const [least, most] = between(magnitudes, bound(index - 1), bound(index));
            return !(count >= least && count <= most);
          });
          expect(wrong).toEqual([]);
        }
      }),
    );
  });

  it('loses no value, however small or large', () => {
    fc.assert(
      fc.property(anyValues, limit, (all, maxBuckets) => {
        const { count, zeroThreshold, zeroCount, positive, negative } = nativeOf(all, maxBuckets);
        expect(count).toBe(all.length);
        expect(zeroCount + sumOf(positive) + sumOf(negative)).toBe(all.length);
        // The zero bucket has no value beyond its threshold, and no bucket has one within it.
        expect(zeroCount).toBe(all.filter((x) => Math.abs(x) <= zeroThreshold * (1 + 1e-12)).length);
      }),
    );
  });

  it('has the finest schema whose buckets keep within the limit', () => {
    fc.assert(
      fc.property(values, limit, (all, maxBuckets) => {
        const { schema, positive, negative } = nativeOf(all, maxBuckets);
        expect(positive.size + negative.size).toBeLessThanOrEqual(maxBuckets);
        expect(positive.size + negative.size).toBe(bucketsAtSchema(all, schema));
        if (schema < FINEST) expect(bucketsAtSchema(all, schema + 1)).toBeGreaterThan(maxBuckets);
      }),
    );
  });

  it('keeps within the least limit, whatever the values', () => {
    const all = Array.from({ length: 4_000 }, (_, i) => (i % 2 ? 1 : -1) * 2 ** (i / 10 - 100));
    const { schema, positive, negative } = nativeOf([...all, ...all.map((x) => -x)], MIN_BUCKETS);
    expect(schema).toBe(MIN_SCHEMA);
    expect(positive.size + negative.size).toBeLessThanOrEqual(MIN_BUCKETS);
  });

  it('has an index one higher than the buckets of OTLP: the upper bound belongs to a bucket', () => {
    expect([...nativeOf([1]).positive]).toEqual([[0, 1]]);
    expect([...nativeOf([2]).positive]).toEqual([[64, 1]]);
    expect([...nativeOf([1.0001]).positive]).toEqual([[1, 1]]);
    expect([...nativeOf([-0.5]).negative]).toEqual([[-64, 1]]);
  });

  it('fills a gap of two buckets, and begins a span after a longer one', () => {
    const at = (index: number) => 2 ** ((index - 0.5) / 64);
    expect(nativeOf([at(5), at(8), at(8)]).spans).toEqual([{ offset: 5, length: 4 }]);
    expect(nativeOf([at(5), at(9)]).spans).toEqual([
      { offset: 5, length: 1 },
      { offset: 3, length: 1 },
    ]);
    expect(nativeOf([at(-3), at(0), at(1)]).spans).toEqual([{ offset: -3, length: 5 }]);
  });

  it('of no values has no buckets', () => {
    expect(nativeOf([])).toEqual({
      schema: FINEST,
      zeroThreshold: 2 ** -128,
      zeroCount: 0,
      count: 0,
      spans: [],
      positive: new Map(),
      negative: new Map(),
    });
  });

  it('of zeros has a zero bucket alone', () => {
    const { zeroCount, positive, negative } = nativeOf([0, -0, 0]);
    expect([zeroCount, positive.size, negative.size]).toEqual([3, 0, 0]);
  });

  it('extends the zero bucket over the outermost bucket, of which nobody knows how small its values are', () => {
    const { zeroThreshold, zeroCount, positive, negative } = nativeOf([1e-300, 1e-10, -1e-12, 0, 1e-9]);
    expect(zeroThreshold).toBe(2 ** (-30 + 1 / 64));
    expect(zeroCount).toBe(4);
    expect([sumOf(positive), sumOf(negative)]).toEqual([1, 0]);
  });

  it('counts more than 2 ** 32 values of one bucket exactly', () => {
    const positive = { offset: 0, counts: [2 ** 40 + 1, 3] };
    const builder = new NativeHistogramBuilder(160);
    builder.buildFrom({ scale: 6, zeroCount: 0, positive, negative: { offset: 0, counts: [] } });
    expect(bucketsIn(builder.positive).deltas).toEqual([2 ** 40 + 1, 3 - (2 ** 40 + 1)]);
  });

  it('of a row in a snapshot is that of its own histogram', () => {
    fc.assert(
      fc.property(fc.array(anyValues, { maxLength: 5 }), limit, (rows, maxBuckets) => {
        const columns = ExponentialColumns.of(
          rows.map((all) => {
            const histogram = new ExponentialHistogram();
            for (const each of all) histogram.record(each);
            return histogram;
          }),
        );
        const builder = new NativeHistogramBuilder(maxBuckets);
        rows.forEach((all, row) => {
          expect(columns.at(row)).toEqual(exponentialOf(all));
          expect(builder.build(columns, row)).toBe(FINEST - builder.schema);
          const { schema, zeroCount, count } = builder;
          const expected = nativeOf(all, maxBuckets);
          expect([schema, zeroCount, count]).toEqual([expected.schema, expected.zeroCount, expected.count]);
          const { spans, deltas } = bucketsIn(builder.positive);
          expect(decodedBuckets(spans, deltas)).toEqual(expected.positive);
        });
        expect(columns.at(rows.length)).toBeUndefined();
        expect(builder.build([undefined], 0)).toBe(-1);
      }),
    );
  });

  it('of a snapshot with merged buckets is that of all buckets, however the histogram grows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyValues, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 4 }),
        limit,
        fc.integer({ min: 0, max: 50 }),
        (snapshots, maxBuckets, more) => {
          const rows = new ExponentialRows();
          const page = new Float64Array(20);
          for (const slot of [0, 1]) rows.beginRow(slot, page, 0);
          const merging = new NativeHistogramBuilder(maxBuckets);
          const whole = new NativeHistogramBuilder(maxBuckets);
          const known = [0, 0];
          for (const added of snapshots) {
            added.forEach((all, slot) => all.forEach((each) => rows.at(slot).record(each)));
            const merged = rows.snapshots(maxBuckets + more);
            const all = rows.snapshots();
            for (const slot of [0, 1]) {
              known[slot] = merging.build(merged, slot, known[slot]);
              expect(known[slot]).toBe(whole.build(all, slot));
              expect(contentOf(merging)).toEqual(contentOf(whole));
              expect(merging.buildFrom(merged.at(slot)!)).toBe(known[slot]);
              expect(contentOf(merging)).toEqual(contentOf(whole));
            }
          }
        },
      ),
    );
  });

  it('of a snapshot with merged buckets counts more than 2 ** 32 values exactly, and begins anew with its series', () => {
    const rows = new ExponentialRows();
    const page = new Float64Array(20);
    rows.beginRow(0, page, 0);
    for (let i = 0; i < 1_000; i++) rows.at(0).record(2 ** ((i + 0.5) / 64));
    const { counts, start } = rows.at(0);
    counts.fill(2 ** 32 - 1);
    for (let round = 0; round < 2; round++) {
      const { scale, positive } = rows.snapshots(160).at(0)!;
      expect(scale).toBe(FINEST - 3);
      expect(positive.counts.slice(1, -1).every((count) => count === 8 * (2 ** 32 - 1))).toBe(true);
      expect(sumOf(new Map(positive.counts.entries()))).toBe(counts.length * (2 ** 32 - 1));
      expect(positive.offset).toBe(start >> 3);
    }
    expect(rows.snapshots(80).at(0)?.scale).toBe(FINEST - 4);
    rows.beginRow(0, page, 0);
    rows.at(0).record(1.5);
    expect(rows.snapshots(160).at(0)?.scale).toBe(FINEST);
  });

  it('of a sum has the buckets of the coarser histogram', () => {
    fc.assert(
      fc.property(values, values, limit, (some, others, maxBuckets) => {
        const rows = new ExponentialRows();
        rows.beginRow(0, new Float64Array(20), 0);
        // Smaller ones may be in the zero bucket of the coarser histogram.
        const [small, large] = [some, others].map((all) =>
          all.filter((x) => x === 0 || Math.abs(x) > 2 ** -16),
        );
        for (const each of small!) rows.at(0).record(each);
        const sum = sumOfExponentials(rows.snapshots(maxBuckets).at(0)!, exponentialOf(large!));
        const builder = new NativeHistogramBuilder(maxBuckets);
        builder.buildFrom(sum);
        const { schema, count } = builder;
        expect({ schema, count }).toEqual({
          schema: nativeOf([...small!, ...large!], maxBuckets).schema,
          count: small!.length + large!.length,
        });
      }),
    );
  });

  it('is never finer than an earlier one, from which the search begins', () => {
    fc.assert(
      fc.property(values, values, limit, (before, more, maxBuckets) => {
        const builder = new NativeHistogramBuilder(maxBuckets);
        const known = builder.buildFrom(exponentialOf(before));
        const all = exponentialOf([...before, ...more]);
        const shift = builder.buildFrom(all, known);
        expect(shift).toBeGreaterThanOrEqual(known);
        expect(new NativeHistogramBuilder(maxBuckets).buildFrom(all)).toBe(shift);
      }),
    );
  });
});
