import type { Expression, Selection } from './expression.js';

/**
 * The labels that Prometheus gives to all series of a target. A label of a metric with such a name is called
 * `exported_…` there, unless the scrape has `honor_labels`.
 */
export const TARGET_LABELS: readonly string[] = ['job', 'instance'];

/** Returns a function that returns what a label of a metric is called in Prometheus. */
export function exportedLabel(targetLabels: readonly string[]): (label: string) => string {
  return (label) => (targetLabels.includes(label) ? `exported_${label}` : label);
}

/** Returns an expression with other names of labels. */
export function withLabels(expression: Expression, nameOf: (label: string) => string): Expression {
  const of = (inner: Expression): Expression => withLabels(inner, nameOf);
  const operand = (inner: Expression | number): Expression | number =>
    typeof inner === 'number' ? inner : of(inner);
  const selection = (selected: Selection): Selection => ({
    ...selected,
    labels: Object.fromEntries(
      Object.entries(selected.labels).map(([label, matcher]) => [nameOf(label), matcher]),
    ),
  });
  switch (expression.kind) {
    case 'last':
    case 'range':
      return { ...expression, of: selection(expression.of) };
    case 'quantile':
      return { ...expression, of: selection(expression.of), by: expression.by?.map(nameOf) };
    case 'merge':
      return { ...expression, by: expression.by.map(nameOf), of: of(expression.of) };
    case 'absent':
      return { ...expression, of: of(expression.of) };
    case 'compare':
      return { ...expression, left: of(expression.left) };
    case 'arithmetic':
      return { ...expression, left: operand(expression.left), right: operand(expression.right) };
    default:
      return { ...expression, left: of(expression.left), right: of(expression.right) };
  }
}
