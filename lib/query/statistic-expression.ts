import type { MetricType } from '../metrics/naming-rules.js';
import type { Expression, Selection } from './expression.js';
import type { LabelMatchers } from './label-matchers.js';
import type { RangeStatistic } from './range-query.js';

/** A statistic of a metric over a window, by labels. */
export interface MetricStatistic {
  readonly metric: string;
  readonly type: MetricType;
  /** One number, unlike the several quantiles of a range query. */
  readonly statistic: Extract<RangeStatistic, string> | { readonly quantile: number };
  readonly windowMs: number;
  readonly labels: LabelMatchers;
  readonly groupBy: readonly string[];
}

/** The functions that merge series with the same grouping labels. */
export interface SeriesMerging {
  /** Merges current values. @default their sum */
  readonly values: (of: Expression) => Expression;
  /** Merges rates and increases. @default their sum */
  readonly rates: (of: Expression) => Expression;
}

/** Returns the expression of a statistic. Its results are what a range query of the history computes. */
export function statisticExpression(
  { metric, type, statistic, windowMs, labels, groupBy: by }: MetricStatistic,
  merging: Partial<SeriesMerging> = {},
): Expression {
  const of = (part: 'count' | 'sum' = 'count'): Selection => ({
    metric,
    labels,
    ...(type === 'histogram' && { part }),
  });
  const sum = (inner: Expression): Expression => ({ kind: 'merge', name: 'sum', by, of: inner });
  const { values = sum, rates = sum } = merging;
  const range = (name: 'rate' | 'increase' | 'avg', part?: 'count' | 'sum'): Expression => ({
    kind: 'range',
    name,
    of: of(part),
    windowMs,
  });
  if (typeof statistic === 'object') {
    return { kind: 'quantile', q: statistic.quantile, of: { metric, labels }, windowMs, by };
  }
  switch (statistic) {
    case 'value':
      return values({ kind: 'last', of: of() });
    case 'rate':
      return rates(range('rate'));
    case 'rate of the sum':
      return rates(range('rate', 'sum'));
    case 'increase':
      return rates(range('increase'));
    default:
      if (type !== 'histogram') return { kind: 'merge', name: 'avg', by, of: range('avg') };
      // The average of all observations, even where rates are averaged over instances.
      return {
        kind: 'arithmetic',
        operator: '/',
        left: sum(range('rate', 'sum')),
        right: sum(range('rate')),
      };
  }
}
