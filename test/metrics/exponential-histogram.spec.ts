import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ExponentialHistogram } from '../../lib/metrics/exponential-histogram.js';
import { expectThat } from '../support/expectations.js';
import { histograms, testRegistry } from './support.js';

/** In thousandths, so that ranks can be worked out in whole numbers. */
const PERMILLES = [0, 1, 10, 70, 500, 900, 990, 999, 1000];

/** The smallest value such that so many thousandths of all values do not exceed it. */
function nearestRank(values: readonly number[], permille: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((permille * sorted.length) / 1000)) - 1] ?? NaN;
}

function histogramOf(values: readonly number[]) {
  const histogram = testRegistry().registry.histogram('h', 'H.', { buckets: [1] });
  for (const value of values) histogram.observe(value);
  return histogram;
}

const log = Math.log;
/** From a microsecond to an hour, every order of magnitude as likely as any other. */
const logUniform = fc
  .double({ min: log(1e-6), max: log(3600), noNaN: true })
  .map((x) => Math.min(Math.max(Math.exp(x), 1e-6), 3600));
const around = (centre: number) => fc.double({ min: 0.9 * centre, max: 1.1 * centre, noNaN: true });
const many = (value: fc.Arbitrary<number>) => fc.array(value, { minLength: 1, maxLength: 400, size: 'max' });
const sign = fc.constantFrom(-1, 0, 1);

describe('percentiles', () => {
  const inputs = {
    'spread over nine orders of magnitude': many(logUniform),
    'all the same': fc.tuple(logUniform, fc.nat(300)).map(([v, n]) => Array<number>(n + 1).fill(v)),
    'in two far clusters': many(fc.oneof(around(0.002), around(30))),
    'exactly on powers of two': many(fc.integer({ min: -19, max: 11 }).map((power) => 2 ** power)),
    'negative, zero and positive': many(fc.tuple(logUniform, sign).map(([v, s]) => v * s)),
  } as const;

  it.each(Object.entries(inputs))(
    'are within 1 %% of the exact ones for values that are %s',
    (_, arbitrary) => {
      fc.assert(
        fc.property(arbitrary, (values) => {
          const histogram = histogramOf(values);
          for (const permille of PERMILLES) {
            const exact = nearestRank(values, permille);
            const error = Math.abs(histogram.percentile(permille / 1000) - exact);
            expectThat(error, `p${permille / 10} of ${values.length}`).toBeLessThanOrEqual(
              0.01 * Math.abs(exact),
            );
          }
        }),
      );
    },
  );

  it('have the right rank if the quantile times the count is a whole number', () => {
    for (const [percent, count] of [
      [7, 100],
      [14, 50],
      [28, 25],
      [55, 100],
      [56, 25],
    ] as const) {
      const values = Array.from({ length: count }, (_, i) => (i < (percent * count) / 100 ? 1 : 1000));
      expectThat(histogramOf(values).percentile(percent / 100), `p${percent}`).toBe(1);
    }
  });

  it('are exact for the smallest, the largest and a single value', () => {
    const histogram = histogramOf([0.1, 0.2, 0.7]);
    expect([histogram.percentile(0), histogram.percentile(1)]).toEqual([0.1, 0.7]);
    expect(histogramOf([0.3]).percentile(0.5)).toBe(0.3);
  });

  it('are NaN before the first value and for an invalid quantile', () => {
    const empty = histogramOf([]);
    const full = histogramOf([1, 2, 3]);
    for (const q of [0, 0.5, 1]) expect(empty.percentile(q)).toBeNaN();
    for (const q of [-0.1, 1.1, NaN]) expect(full.percentile(q)).toBeNaN();
  });

  it('cover all series of a metric, or one bound series', () => {
    fc.assert(
      fc.property(many(logUniform), many(logUniform), (gets, posts) => {
        const histogram = testRegistry().registry.histogram('h', 'H.', { labelNames: ['method'] });
        expect(histogram.percentile(0.5)).toBeNaN();
        for (const value of gets) histogram.observe({ method: 'GET' }, value);
        const bound = histogram.labels({ method: 'POST' });
        expect(bound.percentile(0.5)).toBeNaN();
        for (const value of posts) bound.observe(value);
        for (const permille of PERMILLES) {
          const both = nearestRank([...gets, ...posts], permille);
          expect(Math.abs(histogram.percentile(permille / 1000) - both)).toBeLessThanOrEqual(0.01 * both);
          const alone = nearestRank(posts, permille);
          expect(Math.abs(bound.percentile(permille / 1000) - alone)).toBeLessThanOrEqual(0.01 * alone);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('use bounded memory for values that lie far apart', () => {
    const histogram = new ExponentialHistogram();
    for (let power = -1074; power < 1024; power++) {
      histogram.record(2 ** power);
      histogram.record(-(2 ** power));
    }
    const { positive, negative } = histogram.snapshot();
    expect(positive.counts.length).toBe(80 * 64);
    expect(negative.counts.length).toBe(80 * 64);
    expect(total(positive.counts)).toBe(1074 + 1024);
  });

  it('count beyond 32 bits', () => {
    const histogram = new ExponentialHistogram();
    histogram.record(3);
    for (let doubling = 0; doubling < 33; doubling++) histogram.merge(histogram);
    histogram.record(7);
    const { positive } = histogram.snapshot();
    expect([positive.counts[0], positive.counts.at(-1)]).toEqual([2 ** 33, 1]);
  });
});

describe('the exponential snapshot', () => {
  const magnitude = fc.oneof(
    logUniform,
    fc.integer({ min: -29, max: 49 }).map((power) => 2 ** power),
    fc.double({ min: 2 ** -30, max: 2 ** 50, noNaN: true, minExcluded: true }),
  );

  it('puts each value into the bucket with the bounds around it', () => {
    fc.assert(
      fc.property(magnitude, sign, (size, direction) => {
        const histogram = new ExponentialHistogram();
        histogram.record(size * direction);
        const { scale, zeroCount, positive, negative } = histogram.snapshot();
        const buckets = direction < 0 ? negative : positive;
        expect(zeroCount).toBe(direction === 0 ? 1 : 0);
        expect((direction < 0 ? positive : negative).counts).toEqual([]);
        expect(buckets.counts).toEqual(direction === 0 ? [] : [1]);
        if (direction === 0) return;
        const base = 2 ** (2 ** -scale);
        // A bound that is no power of two is itself rounded.
        const rounding = Number.isInteger(Math.log2(size)) ? 0 : 1e-13;
        expect(size).toBeGreaterThan(base ** buckets.offset * (1 - rounding));
        expect(size).toBeLessThanOrEqual(2 ** ((buckets.offset + 1) / 2 ** scale) * (1 + rounding));
      }),
      { numRuns: 1_000 },
    );
  });

  it('counts every value once and has no empty bucket at either end', () => {
    const signed = fc.tuple(magnitude, sign).map(([size, direction]) => size * direction);
    fc.assert(
      fc.property(many(signed), (values) => {
        const { registry } = testRegistry();
        const histogram = registry.histogram('h', 'H.');
        for (const value of values) histogram.observe(value);
        const [series] = histograms(registry, 'h');
        const exponential = series?.exponential;
        if (exponential === undefined) throw new Error('no exponential histogram');
        const { zeroCount, positive, negative } = exponential;
        expect(zeroCount).toBe(values.filter((value) => value === 0).length);
        expect(total(positive.counts)).toBe(values.filter((value) => value > 0).length);
        expect(total(negative.counts)).toBe(values.filter((value) => value < 0).length);
        for (const { counts } of [positive, negative]) {
          expect(counts.at(0)).not.toBe(0);
          expect(counts.at(-1)).not.toBe(0);
        }
      }),
    );
  });

  it('is included only on request', () => {
    const { registry } = testRegistry();
    registry.histogram('h', 'H.').observe(1);
    expect(histograms(registry.snapshot(), 'h')[0]).not.toHaveProperty('exponential');
    expect(histograms(registry.snapshot({ exponential: true }), 'h')[0]?.exponential).toEqual({
      scale: 6,
      zeroCount: 0,
      positive: { offset: -1, counts: [1] },
      negative: { offset: 0, counts: [] },
    });
  });
});

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
