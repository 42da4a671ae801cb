import type { MetricType } from '../metrics/naming-rules.js';
import type {
  ArithmeticOperator,
  ComparisonOperator,
  Expression,
  MergeName,
  RangeName,
  Selection,
} from './expression.js';
import { isMatcher, type Matcher } from './label-matchers.js';
import { selectionOf } from './promql-selection.js';
import { PromqlTokenReader } from './promql-token-reader.js';
import { durationMsIn, type PromqlToken, promqlTokens, stringIn } from './promql-tokens.js';

const RANGES: Readonly<Record<string, RangeName>> = {
  rate: 'rate',
  increase: 'increase',
  delta: 'delta',
  avg_over_time: 'avg',
  min_over_time: 'min',
  max_over_time: 'max',
  sum_over_time: 'sum',
};
const MERGES: readonly string[] = ['sum', 'avg', 'min', 'max'];
const COMPARISONS: readonly string[] = ['>', '>=', '<', '<=', '==', '!='];
const SUPPORTED = `supported are ${[...Object.keys(RANGES), ...MERGES].join(', ')} and histogram_quantile`;
/** The deepest nesting of parentheses and functions. */
const MAX_DEPTH = 20;

/**
 * Parses the part of PromQL that this library evaluates: selectors, the functions over a window, `sum`, `avg`, `min` and
 * `max` with `by`, `histogram_quantile`, arithmetic, comparisons with a number, `and` and `or`.
 *
 * @param typeOf type of a metric of ours, by which the parts of a histogram are distinguished from other metrics
 * @throws {PromqlError} for anything else
 */
export function parsePromql(text: string, typeOf: (metric: string) => MetricType | undefined): Expression {
  return new Parser(promqlTokens(text), typeOf).whole();
}

type Operand = Expression | number;

class Parser extends PromqlTokenReader {
  private depth = 0;

  constructor(
    tokens: readonly PromqlToken[],
    private readonly typeOf: (metric: string) => MetricType | undefined,
  ) {
    super(tokens);
  }

  whole(): Expression {
    const start = this.next;
    const found = this.or();
    if (this.next.kind !== 'end') this.fail(`unexpected ${JSON.stringify(this.next.text)}`);
    return this.series(found, start);
  }

  private or(): Operand {
    let left = this.and();
    while (this.isName('or')) left = this.logical('or', left, () => this.and());
    return left;
  }

  private and(): Operand {
    let left = this.comparison();
    while (this.isName('and')) left = this.logical('and', left, () => this.comparison());
    return left;
  }

  private logical(kind: 'and' | 'or', given: Operand, read: () => Operand): Expression {
    const token = this.take();
    const left = this.series(given, token);
    const onAny = kind === 'and' && this.isName('on');
    if (onAny) {
      this.take();
      const labels = this.labelList();
      if (labels.length > 0) this.fail('`and on` is supported with an empty list of labels only', token);
    }
    const right = this.series(read(), token);
    return kind === 'or' ? { kind, left, right } : { kind, left, right, ...(onAny && { onAny }) };
  }

  private comparison(): Operand {
    let left = this.sum();
    while (this.next.kind === 'symbol' && COMPARISONS.includes(this.next.text)) {
      const token = this.take();
      const threshold = this.sum();
      if (typeof threshold !== 'number') this.fail('a comparison must be with a number on its right', token);
      const operator = token.text as ComparisonOperator;
      left = { kind: 'compare', operator, left: this.series(left, token), threshold };
    }
    return left;
  }

  private sum(): Operand {
    return this.arithmetic(['+', '-'], () => this.arithmetic(['*', '/'], () => this.unary()));
  }

  private arithmetic(operators: readonly string[], read: () => Operand): Operand {
    let left = read();
    while (this.next.kind === 'symbol' && operators.includes(this.next.text)) {
      const operator = this.take().text as ArithmeticOperator;
      const right = read();
      left =
        typeof left === 'number' && typeof right === 'number'
          ? { '+': left + right, '-': left - right, '*': left * right, '/': left / right }[operator]
          : { kind: 'arithmetic', operator, left, right };
    }
    return left;
  }

  private unary(): Operand {
    const isNegative = this.isSymbol('-');
    if (isNegative || this.isSymbol('+')) this.take();
    const operand = this.primary();
    if (!isNegative) return operand;
    return typeof operand === 'number'
      ? -operand
      : { kind: 'arithmetic', operator: '*', left: operand, right: -1 };
  }

  private primary(): Operand {
    if (++this.depth > MAX_DEPTH) this.fail(`more than ${MAX_DEPTH} levels of parentheses`);
    const found = this.unnested();
    this.depth--;
    return found;
  }

  private unnested(): Operand {
    const token = this.next;
    if (token.kind === 'number') return Number(this.take().text);
    if (this.isSymbol('(')) return this.inParentheses(() => this.or());
    if (this.isSymbol('{')) return { kind: 'last', of: this.selection() };
    if (token.kind !== 'name') {
      this.fail(token.kind === 'end' ? 'unexpected end' : `unexpected ${JSON.stringify(token.text)}`);
    }
    const after = this.afterNext?.text;
    if (MERGES.includes(token.text) && (after === '(' || after === 'by' || after === 'without'))
      return this.merge();
    if (after !== '(') return { kind: 'last', of: this.selection() };
    const range = Object.hasOwn(RANGES, token.text) ? RANGES[token.text] : undefined;
    if (range !== undefined) return this.range(range);
    if (token.text === 'histogram_quantile') return this.quantile();
    return this.fail(`${token.text}() is not supported; ${SUPPORTED}`);
  }

  private merge(): Expression {
    const token = this.take();
    let by = this.grouping();
    const of = this.inParentheses(() => this.series(this.or(), token));
    by ??= this.grouping();
    return { kind: 'merge', name: token.text as MergeName, by: by ?? [], of };
  }

  private grouping(): string[] | undefined {
    if (this.isName('without')) this.fail('`without` is not supported; name the labels to keep with `by`');
    if (!this.isName('by')) return undefined;
    this.take();
    return this.labelList();
  }

  private labelList(): string[] {
    return this.inParentheses(() => {
      const labels: string[] = [];
      while (this.next.kind === 'name') {
        labels.push(this.take().text);
        if (!this.isSymbol(',')) break;
        this.take();
      }
      return labels;
    });
  }

  private range(name: RangeName): Expression {
    this.take();
    return this.inParentheses(() => {
      const of = this.selection();
      return { kind: 'range', name, of, windowMs: this.window() };
    });
  }

  private window(): number {
    this.expect('[');
    const token = this.take();
    if (token.kind !== 'duration') this.fail('a window such as [5m] is expected', token);
    this.expect(']');
    const windowMs = durationMsIn(token.text);
    if (!(windowMs > 0)) this.fail('a window must be longer than 0', token);
    return windowMs;
  }

  /** Parses `histogram_quantile(q, sum by (le, …) (rate(…_bucket[…])))`, or the same without the sum. */
  private quantile(): Expression {
    const start = this.take();
    return this.inParentheses(() => {
      const q = this.sum();
      if (typeof q !== 'number') this.fail('the quantile must be a number', start);
      this.expect(',');
      const inner = this.series(this.sum(), start);
      const range = inner.kind === 'merge' && inner.name === 'sum' ? inner.of : inner;
      const by = inner.kind === 'merge' ? inner.by : undefined;
      const isOfBuckets =
        range.kind === 'range' && range.name === 'rate' && range.of.metric.endsWith('_bucket');
      if (range.kind !== 'range' || !isOfBuckets || (by !== undefined && !by.includes('le'))) {
        this.fail(
          'histogram_quantile() is supported of sum by (le, …) (rate(NAME_bucket[…])), and without the sum',
          start,
        );
      }
      const { metric, labels } = range.of;
      return {
        kind: 'quantile',
        q,
        of: { metric: metric.slice(0, -'_bucket'.length), labels },
        windowMs: range.windowMs,
        by: by?.filter((label) => label !== 'le'),
      };
    });
  }

  private selection(): Selection {
    const start = this.next;
    const name = start.kind === 'name' ? this.take().text : undefined;
    const matchers = this.isSymbol('{') ? this.matchers() : [];
    if (this.isSymbol('@') || this.isName('offset')) this.fail('@ and offset are not supported');
    return selectionOf(name, matchers, start.at, this.typeOf);
  }

  private matchers(): Matcher[] {
    this.expect('{');
    const matchers: Matcher[] = [];
    while (!this.isSymbol('}')) {
      const name = this.take();
      if (name.kind !== 'name') this.fail('a label name is expected', name);
      const operator = this.take();
      const value = this.take();
      if (value.kind !== 'string') this.fail('a label value in quotes is expected', value);
      const matcher = { name: name.text, operator: operator.text, value: stringIn(value) };
      if (!isMatcher(matcher)) this.fail('a label matcher such as status_code=~"5.." is expected', operator);
      matchers.push(matcher);
      if (!this.isSymbol(',')) break;
      this.take();
    }
    this.expect('}');
    return matchers;
  }

  /** Returns an operand as series; a number alone has none. */
  private series(operand: Operand, token: PromqlToken): Expression {
    return typeof operand === 'number'
      ? this.fail('a metric is expected in place of a number', token)
      : operand;
  }
}
