import { describe, expect, it } from '@jest/globals';
import { promqlOf } from '../../lib/query/promql.js';
import { parsePromql } from '../../lib/query/promql-parser.js';
import { exportedLabel, withLabels } from '../../lib/query/target-labels.js';

const typeOf = (metric: string) => (metric === 'duration_seconds' ? ('histogram' as const) : undefined);
const written = (text: string): string => promqlOf(parsePromql(text, typeOf));

describe('a query in PromQL', () => {
  it.each([
    ['orders_total', 'orders_total'],
    ['orders_total{shop="a \\"b\\"\\n", kind!~"x|y"}', 'orders_total{shop="a \\"b\\"\\n", kind!~"x|y"}'],
    ['sum(rate(orders_total[5m])) by (shop)', 'sum by (shop) (rate(orders_total[5m]))'],
    ['sum(rate(duration_seconds_count[1h30m]))', 'sum by () (rate(duration_seconds_count[90m]))'],
    [
      'histogram_quantile(0.9, sum by (route, le) (rate(duration_seconds_bucket{a=~"b"}[5m])))',
      'histogram_quantile(0.9, sum by (le, route) (rate(duration_seconds_bucket{a=~"b"}[5m])))',
    ],
    ['a + b * 2 - -1', '(a + (b * 2)) - -1'],
    ['(a + b) / c > 1 + 1', '((a + b) / c) > 2'],
    ['a > 1 and b < 2 or c', '((a > 1) and (b < 2)) or c'],
    ['max_over_time(a[1d]) # at most', 'max_over_time(a[1d])'],
    ['{__name__="sum", x="1"}', '{__name__="sum", x="1"}'],
    ['duration_seconds_bucket{le="0.5", a="b"}', 'duration_seconds_bucket{a="b", le="0.5"}'],
    ['orders_count', 'orders_count'],
  ])('%s is evaluated as %s', (text, expected) => {
    expect(written(text)).toBe(expected);
    // What is written is read as the same.
    expect(written(expected)).toBe(expected);
  });

  it.each([
    ['', 'unexpected end'],
    ['sum(', 'unexpected end'],
    ['rate(orders_total)', 'expected "[", got ")"'],
    ['topk(5, orders_total)', 'topk() is not supported; supported are rate, increase'],
    ['sum without (a) (b)', '`without` is not supported'],
    ['duration_seconds', 'duration_seconds is a histogram; select duration_seconds_bucket'],
    ['a > b', 'a comparison must be with a number'],
    ['5', 'a metric is expected'],
    ['a{b=~"(?=c)"}', 'a label matcher such as'],
    ['a b', 'unexpected "b"'],
    ['a ^ 2', 'unexpected "^"'],
    ['a offset 5m', '@ and offset are not supported'],
    ['{shop="a"}', 'a selector must have the name of a metric'],
    ['a{shop="a", shop!="b"}', 'two matchers of the label shop are not supported'],
    ['rate(a[0s])', 'a window must be longer than 0'],
    ['a{b="\\x41"}', 'unsupported escape'],
    [`${'('.repeat(50)}a${')'.repeat(50)}`, 'more than 20 levels'],
    ['ä', 'unexpected "ä"'],
  ])('%s is refused', (text, message) => {
    expect(() => written(text)).toThrow(message);
  });
});

describe('a label of a metric that Prometheus gives to targets', () => {
  it('has another name in selectors and groups', () => {
    const expression = parsePromql(
      'sum by (job, le) (rate(runs_total{job="mails", state="ok"}[5m])) > 1',
      typeOf,
    );
    expect(promqlOf(withLabels(expression, exportedLabel(['job', 'instance'])))).toBe(
      'sum by (exported_job, le) (rate(runs_total{exported_job="mails", state="ok"}[5m])) > 1',
    );
    expect(promqlOf(withLabels(expression, exportedLabel([])))).toContain('by (job, le)');
  });
});
