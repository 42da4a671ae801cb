import type { MetricType } from '../metrics/naming-rules.js';
import type { Selection } from './expression.js';
import type { LabelMatcher, LabelMatchers, Matcher } from './label-matchers.js';
import { PromqlError } from './promql-tokens.js';

/**
 * Returns the selection of a PromQL selector.
 *
 * @param name the metric in front of the braces; undefined if a matcher of `__name__` has it
 * @param at index of the first character of the selector, for errors
 * @param typeOf type of a metric of ours; undefined for other metrics and for parts of a histogram
 * @throws {PromqlError} for a selector that is not supported
 */
export function selectionOf(
  name: string | undefined,
  matchers: readonly Matcher[],
  at: number,
  typeOf: (metric: string) => MetricType | undefined,
): Selection {
  const named = matchers.find((matcher) => matcher.name === '__name__' && matcher.operator === '=');
  const metric = name ?? named?.value;
  if (metric === undefined) throw new PromqlError('a selector must have the name of a metric', at);
  const labels = labelsOf(
    matchers.filter((matcher) => matcher !== named),
    at,
  );
  const type = typeOf(metric);
  if (type === 'histogram') {
    throw new PromqlError(
      `${metric} is a histogram; select ${metric}_bucket, ${metric}_count or ${metric}_sum`,
      at,
    );
  }
  return type === undefined ? partOf(metric, labels, typeOf) : { metric, labels };
}

/** Returns a selection of a part of a histogram, or of a metric that has no type yet. */
function partOf(
  name: string,
  labels: LabelMatchers,
  typeOf: (metric: string) => MetricType | undefined,
): Selection {
  const [, base = '', ending] = /^(.+)_(count|sum|bucket)$/.exec(name) ?? [];
  if (typeOf(base) !== 'histogram') return { metric: name, labels };
  if (ending !== 'bucket') return { metric: base, labels, part: ending === 'sum' ? 'sum' : 'count' };
  const { le, ...others } = labels;
  if (typeof le !== 'string') return { metric: name, labels };
  return { metric: base, labels: others, part: { upTo: Number(le.replace('+Inf', 'Infinity')) } };
}

/** Returns matchers by label. Several of one label are not supported. */
function labelsOf(matchers: readonly Matcher[], at: number): LabelMatchers {
  const labels: Record<string, LabelMatcher> = {};
  for (const { name, operator, value } of matchers) {
    if (Object.hasOwn(labels, name)) {
      throw new PromqlError(`two matchers of the label ${name} are not supported`, at);
    }
    const pattern = operator.endsWith('~') ? new RegExp(value) : value;
    labels[name] = operator.startsWith('!') ? { not: pattern } : pattern;
  }
  return labels;
}
