import { describe, expect, it } from '@jest/globals';
import { renderExposition } from '../../lib/exporters/prometheus/exposition.js';
import { promqlOf } from '../../lib/query/promql.js';
import { testRegistry } from '../metrics/support.js';

const BOUNDS = [1e-9, 1e-5, 1e-4, 0.005, 1, 2.5, 100_000, 123_456.5, 1e6, 1_234_567, 1e21];

/** Returns how many series of `/metrics` the `le` of a query matches, in each text format. */
function matchesOf(query: string): number[] {
  const { registry } = testRegistry();
  registry.histogram('size_bytes', 'Sizes.', { buckets: BOUNDS }).observe(1);
  const [, operator, quoted = ''] = /le(=~?)("[^"]*")/.exec(query) ?? [];
  const text = JSON.parse(quoted) as string;
  const matcher = operator === '=' ? { test: (le: string) => le === text } : new RegExp(`^(?:${text})$`);
  return (['prometheus', 'openmetrics'] as const).map((format) => {
    const exposition = Buffer.concat([
      ...renderExposition(registry.snapshot(), { format, created: false }),
    ]).toString();
    return [...exposition.matchAll(/le="([^"]+)"/g)].filter(([, le = '']) => matcher.test(le)).length;
  });
}

describe('a bucket in PromQL', () => {
  it.each([...BOUNDS, Infinity])('up to %d is one series of either text format', (upTo) => {
    const of = { metric: 'size_bytes', labels: {}, part: { upTo } };
    expect(matchesOf(promqlOf({ kind: 'last', of }))).toEqual([1, 1]);
  });

  it.each([
    [1, String.raw`size_bytes_bucket{le=~"1|1\\.0"}`],
    [0.5, 'size_bytes_bucket{le="0.5"}'],
    [1e6, 'size_bytes_bucket{le="1e+06"}'],
    [1e-5, 'size_bytes_bucket{le="1e-05"}'],
  ])('up to %d is written %s', (upTo, query) => {
    expect(promqlOf({ kind: 'last', of: { metric: 'size_bytes', labels: {}, part: { upTo } } })).toBe(query);
  });
});
