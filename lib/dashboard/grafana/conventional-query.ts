import type { ConventionalName, ConventionalNames } from '../../query/conventional-names.js';
import { matchersOf } from '../../query/label-matchers.js';
import type { GrafanaQuery } from './grafana-dashboard.js';

/** A selector: a metric name with braces. */
export const SELECTOR = /\b([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}/g;
/** A quoted value, or a label name in front of its operator. */
const VALUE_OR_LABEL = /"(?:[^"\\]|\\[^])*"?|\b[a-zA-Z_]\w*(?=[=!])/g;
const GROUPING = /\b(by|on) \(([^()]*)\)/g;
const PART = /_(?:bucket|sum|count)$/;

/** Returns a query over our metrics as one over those that Prometheus has. */
export function conventionalQuery({ expr, legend }: GrafanaQuery, names: ConventionalNames): GrafanaQuery {
  const renamed = conventionalLabel(expr, names);
  const selected = expr
    .replaceAll(SELECTOR, (text, name: string, matchers: string) => {
      const own = ownName(name, names);
      const conventional = own === undefined ? undefined : names.of(own);
      return own === undefined || conventional === undefined
        ? text
        : selectorOf(conventional, name.slice(own.length), matchers);
    })
    .replaceAll(
      GROUPING,
      (_, keyword: string, labels: string) =>
        `${keyword} (${labels
          .split(',')
          .map((label) => renamed(label.trim()))
          .join(', ')})`,
    )
    // The arguments of label_replace().
    .replaceAll(/"([a-z_]+)"/g, (_, text: string) => `"${renamed(text)}"`);
  return {
    expr: selected,
    legend: legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => `{{${renamed(label)}}}`),
  };
}

/** Returns a function that returns what one of our labels becomes in the results of a query. */
export function conventionalLabel(expr: string, names: ConventionalNames): (label: string) => string {
  const used = Array.from(expr.matchAll(SELECTOR), ([, name = '']) => ownName(name, names)).filter(
    (name) => name !== undefined,
  );
  const renames = names.renamesOf(used);
  return (label) => renames.get(label) ?? label;
}

/** Returns the matchers of a selector with other names of their labels, and the same values. */
export function renamedLabels(matchers: string, nameOf: (label: string) => string): string {
  return matchers.replaceAll(VALUE_OR_LABEL, (text) => (text.startsWith('"') ? text : nameOf(text)));
}

/** Returns the metric of ours that a selector names, if it has another name in Prometheus. */
function ownName(selected: string, names: ConventionalNames): string | undefined {
  return [selected, selected.replace(PART, '')].find((name) => names.of(name) !== undefined);
}

function selectorOf(
  { metric, part, labels, matchers }: ConventionalName,
  ending: string,
  own: string,
): string {
  const name = part === undefined ? `${metric}${ending}` : `${metric}_${part}`;
  const renamed = renamedLabels(own, (label) => labels.get(label)?.[0]?.name ?? label);
  const added = matchersOf(matchers).map(
    ({ name: label, operator, value }) => `${label}${operator}"${value}"`,
  );
  return `${name}{${[renamed, ...added].filter((text) => text !== '').join(', ')}}`;
}
