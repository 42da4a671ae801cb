import type { MetricType } from '../../metrics/naming-rules.js';
import type { ConventionalNames } from '../../query/conventional-names.js';
import type { Expression, Selection } from '../../query/expression.js';
import { promqlOf } from '../../query/promql.js';
import type { Query } from './panel.js';

/**
 * Returns the PromQL of a query of a chart.
 *
 * @param names names of the metrics in Prometheus
 */
export function promQlOfQuery(
  query: Query,
  type: MetricType,
  windowMs: number,
  names: ConventionalNames,
): string {
  const expression = names.translate(expressionOf(query, type, windowMs));
  const { scale = 1, per, labels = {} } = query;
  const text = promqlOf(
    scale === 1 ? expression : { kind: 'arithmetic', operator: '*', left: expression, right: scale },
  );
  if (per === undefined) return text;
  const divisor = names.translate(
    expressionOf({ metric: per, compute: 'rate', labels, legend: '' }, 'counter', windowMs),
  );
  // One number for all lines, whose labels differ.
  return `${text} / scalar(${promqlOf(divisor)})`;
}

function expressionOf(
  { metric, compute, labels = {}, groupBy: by = [] }: Query,
  type: MetricType,
  windowMs: number,
): Expression {
  const of = (part: 'count' | 'sum'): Selection => ({
    metric,
    labels,
    ...(type === 'histogram' && { part }),
  });
  const sum = (inner: Expression): Expression => ({ kind: 'merge', name: 'sum', by, of: inner });
  const range = (name: 'rate' | 'increase', part: 'count' | 'sum' = 'count'): Expression =>
    sum({ kind: 'range', name, of: of(part), windowMs });
  switch (compute) {
    case 'value':
      return sum({ kind: 'last', of: of('count') });
    case 'rate':
      return range('rate');
    case 'rate of the sum':
      return range('rate', 'sum');
    case 'increase':
      return range('increase');
    case 'average':
      return type === 'histogram'
        ? { kind: 'arithmetic', operator: '/', left: range('rate', 'sum'), right: range('rate') }
        : { kind: 'merge', name: 'avg', by, of: { kind: 'range', name: 'avg', of: of('count'), windowMs } };
    default:
      return { kind: 'quantile', q: Number(compute.slice(1)) / 100, of: { metric, labels }, windowMs, by };
  }
}
