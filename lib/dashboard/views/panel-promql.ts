import type { MetricType } from '../../metrics/naming-rules.js';
import type { ConventionalNames } from '../../query/conventional-names.js';
import type { Expression } from '../../query/expression.js';
import { promqlOf } from '../../query/promql.js';
import { statisticExpression } from '../../query/statistic-expression.js';
import { isPercentile, type Query, quantileOf } from './panel.js';

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
  { metric, compute, labels = {}, groupBy = [] }: Query,
  type: MetricType,
  windowMs: number,
): Expression {
  const statistic = isPercentile(compute) ? { quantile: quantileOf(compute) } : compute;
  return statisticExpression({ metric, type, statistic, windowMs, labels, groupBy });
}
