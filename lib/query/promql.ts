import { type Matcher, matchersOf } from './label-matchers.js';
import type { Expression, RangeName, Selection } from './expression.js';
import { formatBound, formatCanonicalBound } from '../metrics/bound-format.js';

const RANGE_FUNCTIONS: Readonly<Record<RangeName, string>> = {
  rate: 'rate',
  increase: 'increase',
  delta: 'delta',
  avg: 'avg_over_time',
  min: 'min_over_time',
  max: 'max_over_time',
  sum: 'sum_over_time',
};

/** Metric names that PromQL would parse as a keyword. */
const KEYWORD =
  /^(inf|nan|on|ignoring|bool|group_left|group_right|and|or|unless|atan2|by|without|offset|start|end|sum|avg|count|min|max|group|stddev|stdvar|topk|bottomk|count_values|quantile)$/i;

/** Returns an expression in PromQL. @param scope matchers that are added to every selector. @default none */
export function promqlOf(expression: Expression | number, scope: readonly Matcher[] = []): string {
  if (typeof expression === 'number') return String(expression);
  const operandOf = (operand: Expression | number): string => operandText(operand, scope);
  switch (expression.kind) {
    case 'last':
      return selectorOf(expression.of, scope);
    case 'range':
      return `${RANGE_FUNCTIONS[expression.name]}(${selectorOf(expression.of, scope)}[${durationOf(expression.windowMs)}])`;
    case 'quantile': {
      const { q, of, windowMs, by } = expression;
      const rates = `rate(${selectorOf(of, scope, '_bucket')}[${durationOf(windowMs)}])`;
      const buckets = by === undefined ? rates : `sum by (${['le', ...by].join(', ')}) (${rates})`;
      return `histogram_quantile(${q}, ${buckets})`;
    }
    case 'merge':
      return `${expression.name} by (${expression.by.join(', ')}) (${promqlOf(expression.of, scope)})`;
    case 'arithmetic':
      return `${operandOf(expression.left)} ${expression.operator} ${operandOf(expression.right)}`;
    case 'compare':
      return `${operandOf(expression.left)} ${expression.operator} ${expression.threshold}`;
    case 'and':
      return `${operandOf(expression.left)} and ${expression.onAny ? 'on () ' : ''}${operandOf(expression.right)}`;
    case 'or':
      return `${operandOf(expression.left)} or ${operandOf(expression.right)}`;
    default:
      // The sum drops all labels, so that absent() cannot infer labels from the selector.
      return `absent(sum(${promqlOf(expression.of, scope)}))`;
  }
}

/** Returns milliseconds as a PromQL duration, in the largest unit that fits. */
export function durationOf(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const;
  const unit = units.find(([, length]) => ms >= length && ms % length === 0);
  return unit === undefined ? `${Math.round(ms)}ms` : `${ms / unit[1]}${unit[0]}`;
}

/** Returns an operand, in parentheses if it has an operator itself. */
function operandText(operand: Expression | number, scope: readonly Matcher[]): string {
  const text = promqlOf(operand, scope);
  const isSimple =
    typeof operand === 'number' || ['last', 'range', 'quantile', 'merge', 'absent'].includes(operand.kind);
  return isSimple ? text : `(${text})`;
}

function selectorOf({ metric, labels, part }: Selection, scope: readonly Matcher[], nameSuffix = ''): string {
  const matchers = [...matchersOf(labels), ...scope].map(
    ({ name, operator, value }) => `${name}${operator}${JSON.stringify(value)}`,
  );
  let suffix = nameSuffix;
  if (part === 'count' || part === 'sum') suffix = `_${part}`;
  if (typeof part === 'object') {
    suffix = '_bucket';
    matchers.push(boundMatcher(part.upTo));
  }
  const name = metric + suffix;
  if (KEYWORD.test(name)) return `{${[`__name__="${name}"`, ...matchers].join(', ')}}`;
  return name + (matchers.length === 0 ? '' : `{${matchers.join(', ')}}`);
}

/** Returns the matcher of a bucket bound; some are `1` in one exposition format and `1.0` in the other. */
function boundMatcher(bound: number): string {
  const plain = formatBound(bound);
  return plain === formatCanonicalBound(bound) ? `le="${plain}"` : `le=~"${plain}|${plain}\\\\.0"`;
}
