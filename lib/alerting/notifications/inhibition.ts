import { type LabelMatchers, labelTest, matchersOf } from '../../query/label-matchers.js';
import type { Alert } from '../alert.js';

/** A rule by which a firing alert suppresses the notifications of other alerts. */
export interface InhibitRule {
  /** Matchers of the alerts that inhibit others while they fire. */
  readonly source: LabelMatchers;
  /** Matchers of the alerts that are inhibited. */
  readonly target: LabelMatchers;
  /** Labels that source and target must have in common. A missing label equals an empty one. @default [] */
  readonly equal?: readonly string[];
}

/** Returns a function that returns the firing alerts by which an alert is inhibited. */
export function inhibition(
  rules: readonly InhibitRule[],
  alerts: readonly Alert[],
): (alert: Pick<Alert, 'labels'>) => Alert[] {
  const compiled = rules.map(({ source, target, equal = [] }) => {
    const isSource = labelTest(matchersOf(source));
    const sources = alerts.filter(({ state, labels }) => state === 'firing' && isSource(labels));
    return { isSource, isTarget: labelTest(matchersOf(target)), sources, equal };
  });
  return ({ labels }) => {
    const inhibitors = compiled.flatMap(({ isSource, isTarget, sources, equal }) => {
      if (!isTarget(labels)) return [];
      // Two alerts that are source and target at once must not inhibit each other, nor one itself.
      const isBoth = isSource(labels);
      return sources.filter(
        (source) =>
          !(isBoth && isTarget(source.labels)) &&
          equal.every((name) => labelOf(source.labels, name) === labelOf(labels, name)),
      );
    });
    return [...new Set(inhibitors)];
  };
}

function labelOf(labels: Readonly<Record<string, string>>, name: string): string {
  return (Object.hasOwn(labels, name) ? labels[name] : undefined) ?? '';
}
