import { describe, expect, it } from '@jest/globals';
import type { Expression } from '../../lib/query/expression.js';
import { mapExpression } from '../../lib/query/map-expression.js';
import { promqlOf } from '../../lib/query/promql.js';
import { parsePromql } from '../../lib/query/promql-parser.js';

const parsed = (text: string): Expression => parsePromql(text, () => 'counter');
const mapped = (expression: Expression): Expression =>
  mapExpression(expression, {
    selection: (selection) => ({ ...selection, metric: `new_${selection.metric}` }),
    groupLabels: () => (label) => `new_${label}`,
  });

describe('a mapped expression', () => {
  it.each([
    'sum by (job) (rate(a_total[5m])) / sum by (job) (rate(b_total[5m])) > 0.5',
    '2 * sum by (job, route) (increase(a_total{route="/a_total"}[1m]))',
  ])('has other metrics and labels in every part, and is the same otherwise: %s', (text) => {
    const before = parsed(text);
    const form = promqlOf(before);
    expect(promqlOf(mapped(before))).toBe(
      form
        .replaceAll(/(?<![/\w])([ab])_total/g, 'new_$1_total')
        .replaceAll(/by \(([^)]*)\)/g, (_, labels: string) => `by (${labels.replaceAll(/\w+/g, 'new_$&')})`),
    );
    // The given expression is not changed.
    expect(promqlOf(before)).toBe(form);
  });
});
