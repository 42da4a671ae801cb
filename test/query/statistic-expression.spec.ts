import { describe, expect, it } from '@jest/globals';
import type { MetricType } from '../../lib/metrics/naming-rules.js';
import { evaluate, type Expression } from '../../lib/query/expression.js';
import { promqlOf } from '../../lib/query/promql.js';
import { parsePromql } from '../../lib/query/promql-parser.js';
import { type MetricStatistic, statisticExpression } from '../../lib/query/statistic-expression.js';
import { MINUTE, past } from '../history/support.js';

function finished<T>(steps: Generator<void, T, void>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

const test = past();
const LABELS = { labelNames: ['shop', 'kind'] } as const;
const orders = test.registry.counter('orders_total', 'Orders.', LABELS);
const stock = test.registry.gauge('stock_items', 'Items in stock.', LABELS);
const sizes = test.registry.histogram('order_items', 'Items of orders.', { ...LABELS, buckets: [1, 5, 10] });
const METRICS: readonly (readonly [string, MetricType])[] = [
  ['orders_total', 'counter'],
  ['stock_items', 'gauge'],
  ['order_items', 'histogram'],
];
for (const [metric] of METRICS) test.history.retain({ metric });
test.run(24, (index) => {
  for (const [s, shop] of ['north', 'south', 'a "b"\\'].entries()) {
    for (const [k, kind] of ['web', 'phone'].entries()) {
      orders.inc({ shop, kind }, s + k + (index % 3));
      stock.set({ shop, kind }, s * 10 - index * k);
      // Values at the bounds, between which an estimate does not leave those that were observed.
      for (let i = 0; i <= s + k; i++) sizes.observe({ shop, kind }, [1, 5, 10][(index + i) % 3] ?? 0);
    }
  }
});
const { history } = test;
const at = history.lastSample ?? 0;

const statisticOf = (
  metric: string,
  type: MetricType,
  statistic: MetricStatistic['statistic'],
  rest: Partial<MetricStatistic> = {},
): MetricStatistic => ({
  metric,
  type,
  statistic,
  windowMs: 2 * MINUTE,
  labels: {},
  groupBy: [],
  ...rest,
});

/** The numbers of an expression, by their labels. */
function evaluated(expression: Expression): Record<string, number> {
  return Object.fromEntries(
    evaluate(expression, history, at).map(({ labels, value }) => [JSON.stringify(labels), value]),
  );
}

/** The numbers that a range query computes at the same time, by their labels. */
function queried({ metric, statistic, windowMs, labels, groupBy }: MetricStatistic): Record<string, number> {
  const asked = typeof statistic === 'object' ? { quantiles: [statistic.quantile] } : statistic;
  const series = finished(history.queryRange(metric, asked, windowMs, [at], { labels, groupBy }));
  return Object.fromEntries(series.map(({ labels: own, values }) => [JSON.stringify(own), values[0] ?? NaN]));
}

const CASES = METRICS.flatMap(([metric, type]) =>
  (['value', 'rate', 'increase', 'average'] as const).map((statistic) => [statistic, metric, type] as const),
);

describe('the expression of a statistic', () => {
  it.each<readonly [MetricStatistic['statistic'], string, MetricType]>([
    ...CASES.filter(([statistic, , type]) => type !== 'gauge' || !['rate', 'increase'].includes(statistic)),
    ['rate of the sum', 'order_items', 'histogram'],
    [{ quantile: 0.5 }, 'order_items', 'histogram'],
    [{ quantile: 0.99 }, 'order_items', 'histogram'],
  ])('has the results of a range query: %j of %s', (statistic, metric, type) => {
    for (const groupBy of [[], ['shop'], ['shop', 'kind']]) {
      for (const labels of [{}, { kind: 'web' }, { shop: 'a "b"\\' }, { shop: { not: /north|south/ } }]) {
        const asked = statisticOf(metric, type, statistic, { groupBy, labels });
        const expected = queried(asked);
        expect(Object.keys(expected).length).toBeGreaterThan(0);
        const found = evaluated(statisticExpression(asked));
        expect(Object.keys(found).toSorted()).toEqual(Object.keys(expected).toSorted());
        for (const [key, value] of Object.entries(expected))
          expect([key, found[key]]).toEqual([key, expect.closeTo(value, 9)]);
      }
    }
  });

  it.each<[MetricStatistic['statistic'], string, MetricType, string]>([
    ['value', 'stock_items', 'gauge', 'sum by (shop) (stock_items{kind="web"})'],
    ['rate', 'orders_total', 'counter', 'sum by (shop) (rate(orders_total{kind="web"}[2m]))'],
    ['increase', 'orders_total', 'counter', 'sum by (shop) (increase(orders_total{kind="web"}[2m]))'],
    ['average', 'stock_items', 'gauge', 'avg by (shop) (avg_over_time(stock_items{kind="web"}[2m]))'],
    [
      'average',
      'order_items',
      'histogram',
      'sum by (shop) (rate(order_items_sum{kind="web"}[2m])) / sum by (shop) (rate(order_items_count{kind="web"}[2m]))',
    ],
    [
      { quantile: 0.9 },
      'order_items',
      'histogram',
      'histogram_quantile(0.9, sum by (le, shop) (rate(order_items_bucket{kind="web"}[2m])))',
    ],
  ])('%j of %s is written for Prometheus', (statistic, metric, type, promql) => {
    const asked = statisticOf(metric, type, statistic, { labels: { kind: 'web' }, groupBy: ['shop'] });
    const expression = statisticExpression(asked);
    const types = new Map(METRICS);
    expect(promqlOf(expression)).toBe(promql);
    // What is written is read as the same.
    expect(promqlOf(parsePromql(promql, (name) => types.get(name)))).toBe(promql);
  });

  it('is merged as the caller asks, but for the average of a histogram, which is that of all observations', () => {
    const most = (of: Expression): Expression => ({ kind: 'merge', name: 'max', by: [], of });
    const text = (asked: MetricStatistic) =>
      promqlOf(statisticExpression(asked, { rates: most, values: most }));
    expect(text(statisticOf('stock_items', 'gauge', 'value'))).toBe('max by () (stock_items)');
    expect(text(statisticOf('orders_total', 'counter', 'rate'))).toBe('max by () (rate(orders_total[2m]))');
    expect(text(statisticOf('order_items', 'histogram', 'rate of the sum'))).toBe(
      'max by () (rate(order_items_sum[2m]))',
    );
    expect(text(statisticOf('order_items', 'histogram', 'average'))).not.toContain('max');
  });

  it('has no result for a metric or a label value that does not exist', () => {
    expect(evaluated(statisticExpression(statisticOf('unknown_total', 'counter', 'rate')))).toEqual({});
    const elsewhere = statisticOf('orders_total', 'counter', 'rate', { labels: { shop: '.*' } });
    expect(evaluated(statisticExpression(elsewhere))).toEqual({});
  });
});
