import { type LabelMatchers, labelTest, matchersOf } from '../../query/label-matchers.js';
import type { Alert } from '../alert.js';

/** Which alerts are not worth telling of while others fire. */
export interface InhibitRule {
  /** The alerts that say enough. */
  readonly source: LabelMatchers;
  /** Those that nobody needs to be told of besides. */
  readonly target: LabelMatchers;
  /** In these labels both have to be equal; absent is equal to absent. @default [] */
  readonly equal?: readonly string[];
}

/** By which others that fire an alert is inhibited. */
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
      // What is on both sides cannot inhibit what is on both sides, itself least of all.
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
  return Object.hasOwn(labels, name) ? labels[name] : '';
}
