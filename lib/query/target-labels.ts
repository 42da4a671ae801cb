import { expectList } from '../options/option-checks.js';
import type { Expression } from './expression.js';
import { mapExpression } from './map-expression.js';
import { isLabelName } from '../metrics/labels.js';

/**
 * The labels that Prometheus gives to all series of a target. A label of a metric with such a name is called
 * `exported_…` there, unless the scrape has `honor_labels`.
 */
export const TARGET_LABELS: readonly string[] = ['job', 'instance'];

/** Checks an option of target labels. @throws {MonitoringOptionsError} unless it is a list of label names */
export function expectTargetLabels(option: string, labels: unknown): void {
  expectList(option, labels, 'a list of label names such as ["job", "instance"]', isLabelName);
}

/** Returns a function that returns what a label of a metric is called in Prometheus. */
export function exportedLabel(targetLabels: readonly string[]): (label: string) => string {
  return (label) => (targetLabels.includes(label) ? `exported_${label}` : label);
}

/** Returns an expression with other names of labels. */
export function withLabels(expression: Expression, nameOf: (label: string) => string): Expression {
  return mapExpression(expression, {
    selection: ({ labels, ...rest }) => ({
      ...rest,
      labels: Object.fromEntries(Object.entries(labels).map(([label, matcher]) => [nameOf(label), matcher])),
    }),
    groupLabels: () => nameOf,
  });
}
