import { describe, expect, it } from '@jest/globals';
import { chartOf } from '../../../lib/dashboard/panels/chart-content.js';

const chart = (value: unknown): ReturnType<typeof chartOf> => chartOf({ value, place: 'charts[0]' });

describe('a chart of a panel', () => {
  it('has lines of metrics and of queries apart', () => {
    const lines = [
      { metric: 'orders_total', compute: 'rate', groupBy: ['shop'], scale: 60 },
      { promql: 'sum(rate(orders_total[5m]))', name: 'all' },
      { metric: 'stock', labels: { shop: ['a', 'b'], kind: { not: /x/ } } },
    ];
    expect(chart({ title: 'Orders', unit: 'per second', lines })).toEqual({
      title: 'Orders',
      unit: 'per second',
      lines: [
        { metric: 'orders_total', compute: 'rate', groupBy: ['shop'], scale: 60 },
        { metric: 'stock', labels: { shop: ['a', 'b'], kind: { not: /x/ } }, groupBy: [] },
      ],
      queries: [{ promql: 'sum(rate(orders_total[5m]))', name: 'all' }],
      omitted: 0,
    });
  });

  it('shows the last 500 of its values, and a gap where there is no number', () => {
    const times = Array.from({ length: 600 }, (_, i) => i);
    const values = times.map((time) => (time === 599 ? Infinity : time === 598 ? '7' : time));
    const { times: shown, series } = chart({ title: 't', times, series: [{ name: 's', values }] });
    expect([shown?.length, shown?.[0], shown?.at(-1)]).toEqual([500, 100, 599]);
    expect(series?.[0]?.values.slice(-3)).toEqual([597, null, null]);
    expect(series?.[0]?.values[0]).toBe(100);
    const short = chart({ title: 't', times: [1, 2], series: [{ name: 's', values: [5] }] });
    expect(short.series?.[0]?.values).toEqual([5, null]);
  });

  it('says how many lines it leaves out', () => {
    const lines = Array.from({ length: 11 }, () => ({ metric: 'a' }));
    expect(chart({ title: 't', lines })).toMatchObject({ omitted: 3 });
  });

  it.each<[unknown, string]>([
    [
      { title: 't' },
      '`charts[0].lines` must be a list of lines, or `times` and `series` given; got undefined.',
    ],
    [{ title: 't', lines: [], series: [] }, '`charts[0].series` must be absent beside `lines`; got a list.'],
    [{ title: ' ', lines: [] }, '`charts[0].title` must be a non-empty string; got a string.'],
    [{ title: 't', unit: 'miles', lines: [] }, '`charts[0].unit` must be one of number, seconds'],
    [
      { title: 't', lines: [{ metric: 'a', compute: 'p42' }] },
      '`charts[0].lines[0].compute` must be one of value, rate',
    ],
    [
      { title: 't', lines: [{ promql: 'rate(a[5m]) or (' }] },
      '`charts[0].lines[0].promql` must be PromQL that the dashboard evaluates (',
    ],
    [{ title: 't', lines: [{ promql: 'a'.repeat(1_001) }] }, 'of at most 1000 characters; got a string.'],
    [
      { title: 't', lines: [{ metric: 'a', labels: { b: 7 } }] },
      'must be strings, lists of strings or regular expressions by label; got an object.',
    ],
    [{ title: 't', times: [2, 2], series: [] }, '`charts[0].times` must be in ascending order; got a list.'],
    [
      { title: 't', times: [1, new Date(NaN)], series: [] },
      '`charts[0].times[1]` must be a date or milliseconds; got an object.',
    ],
    [
      { title: 't', lines: [{ metric: 'a', __proto__x: 1 }] },
      '`charts[0].lines[0].__proto__x` is not known. Known: metric, compute, labels',
    ],
  ])('is refused with its place: %#', (value, message) => {
    expect(() => chart(value)).toThrow(message);
  });
});
