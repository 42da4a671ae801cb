import { describe, expect, it } from '@jest/globals';
import { promQlOfQuery } from '../../../lib/dashboard/views/panel-promql.js';
import { by, type Computation, per, percent, rate } from '../../../lib/dashboard/views/panel.js';
import { conventionOfAll } from '../../../lib/metrics/conventions/conventions.js';
import { ConventionalNames } from '../../../lib/query/conventional-names.js';

const NAMES = new ConventionalNames(conventionOfAll('prometheus'));

describe('the PromQL of a chart', () => {
  it('is the query of each function', () => {
    const promQl = (compute: Computation): string =>
      promQlOfQuery({ metric: 'size', compute, legend: '' }, 'histogram', 60_000, NAMES);
    expect(promQl('p95')).toBe('histogram_quantile(0.95, sum by (le) (rate(size_bucket[1m])))');
    expect(promQl('rate of the sum')).toBe('sum by () (rate(size_sum[1m]))');
    expect(promQl('increase')).toBe('sum by () (increase(size_count[1m]))');
  });

  it('divides the lines of a query by one number, whatever their labels are', () => {
    const time = rate('time_seconds_total', by('part'), { route: '/a' });
    expect(promQlOfQuery(per('recorded_total', time), 'counter', 60_000, NAMES)).toBe(
      'sum by (part) (rate(time_seconds_total{route="/a"}[1m])) / scalar(sum by () (rate(recorded_total{route="/a"}[1m])))',
    );
    expect(promQlOfQuery(percent(per('recorded_total', time)), 'counter', 60_000, NAMES)).toContain(
      '* 100 / scalar(',
    );
  });
});
