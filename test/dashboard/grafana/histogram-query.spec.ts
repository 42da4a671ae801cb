import { describe, expect, it } from '@jest/globals';
import { type HistogramKind, histogramQuery } from '../../../lib/dashboard/grafana/histogram-query.js';

const DURATION = 'http_request_duration_seconds';
const queryOf = (expr: string, kind: HistogramKind): string =>
  histogramQuery(expr, kind, (metric) => metric === DURATION);

describe('a query over a histogram', () => {
  it.each([
    [
      `histogram_quantile(0.95, sum by (route, le) (rate(${DURATION}_bucket{a="b"}[$__rate_interval])))`,
      `histogram_quantile(0.95, sum by (route) (rate(${DURATION}{a="b"}[$__rate_interval])))`,
    ],
    [
      `histogram_quantile(0.95, sum by (le) (rate(${DURATION}_bucket{}[$__range] @ end())))`,
      `histogram_quantile(0.95, sum by () (rate(${DURATION}{}[$__range] @ end())))`,
    ],
    [`sum by (le) (increase(${DURATION}_bucket{}[5m]))`, `sum by () (increase(${DURATION}{}[5m]))`],
    [
      `sum by (route) (rate(${DURATION}_sum{}[5m])) / sum by (route) (rate(${DURATION}_count{}[5m]))`,
      `sum by (route) (histogram_sum(rate(${DURATION}{}[5m]))) / sum by (route) (histogram_count(rate(${DURATION}{}[5m])))`,
    ],
  ])('is one over native histograms: %s', (classic, native) => {
    expect(queryOf(classic, 'classic')).toBe(classic);
    expect(queryOf(classic, 'native')).toBe(native);
    expect(queryOf(classic, 'both')).toBe(`(${native}) or (${classic})`);
  });

  it('leaves counters as they are, also those with the name of a part', () => {
    for (const counter of [
      'sum by (le) (rate(visits_total{}[5m]))',
      'rate(visits_count{}[5m])',
      'sum by (le) (rate(visits_bucket{}[5m]))',
      'max(visits_sum{})',
    ]) {
      for (const kind of ['classic', 'native', 'both'] as const) expect(queryOf(counter, kind)).toBe(counter);
    }
  });
});
