import type { Expression, Selection } from './expression.js';

/** The replacements in an expression. */
export interface ExpressionMapping {
  /** Returns what replaces a selection. */
  readonly selection: (selection: Selection) => Selection;
  /** Returns a function that returns what replaces a label by which an expression groups its results. */
  readonly groupLabels: (grouping: Expression) => (label: string) => string;
}

/** Returns an expression of the same form with other selections and other labels to group by. */
export function mapExpression(expression: Expression, mapping: ExpressionMapping): Expression {
  const of = (inner: Expression): Expression => mapExpression(inner, mapping);
  const operand = (inner: Expression | number): Expression | number =>
    typeof inner === 'number' ? inner : of(inner);
  switch (expression.kind) {
    case 'last':
    case 'range':
      return { ...expression, of: mapping.selection(expression.of) };
    case 'quantile': {
      const by = expression.by?.map(mapping.groupLabels(expression));
      return { ...expression, of: mapping.selection(expression.of), by };
    }
    case 'merge': {
      const by = expression.by.map(mapping.groupLabels(expression));
      return { ...expression, by, of: of(expression.of) };
    }
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
